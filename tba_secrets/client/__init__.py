"""Readers: a `requests` session that signs with the store's current credential, across rotations.

    from tba_secrets import client

    with client.aws_session("us-east-1", "netsuite/sandbox/warehouse-bot") as netsuite:
        answer = netsuite.get(netsuite.base_url() + "/services/rest/system/v1/serverTime")

The rule for every reader (docs/readers.md): read the current version, keep it for some minutes, and
read it again once after an HTTP 401. No part of Pulumi is needed or loaded.
"""

from __future__ import annotations

from tba_secrets.client.current import NoCredentialError
from tba_secrets.client.hosts import ForeignHostError
from tba_secrets.client.opening import (
    aws_session,
    environment_session,
    session,
    session_for,
    vault_session,
)
from tba_secrets.client.pace import Options
from tba_secrets.client.signed_calls import UnsignableRequestError
from tba_secrets.client.signed_session import SignedSession
from tba_secrets.netsuite.account import Service

__all__ = [
    "ForeignHostError",
    "NoCredentialError",
    "Options",
    "Service",
    "SignedSession",
    "UnsignableRequestError",
    "aws_session",
    "environment_session",
    "session",
    "session_for",
    "vault_session",
]
