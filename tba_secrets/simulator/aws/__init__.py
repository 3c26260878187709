"""A strict fake of AWS Secrets Manager and STS, served on loopback.

Every rule cites the text of the API reference that it follows, or says that the text is silent. The
core (`state`, `labels`, `limits`, `operations`) does no IO; `service` adds callers, faults and
observers; `server` speaks HTTP.
"""

from __future__ import annotations

from tba_secrets.simulator.aws.errors import AwsError
from tba_secrets.simulator.aws.faults import AwsFaults, Body, FaultRule, Kind
from tba_secrets.simulator.aws.identities import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tba_secrets.simulator.aws.server import ACCOUNT_ID, SecretsManagerServer
from tba_secrets.simulator.aws.service import Observer, Received
from tba_secrets.simulator.aws.state import AccountState, Secret, Value, Version

__all__ = [
    "ACCESS_KEY_ID",
    "ACCOUNT_ID",
    "SECRET_ACCESS_KEY",
    "AccountState",
    "AwsError",
    "AwsFaults",
    "Body",
    "FaultRule",
    "Kind",
    "Observer",
    "Received",
    "Secret",
    "SecretsManagerServer",
    "Value",
    "Version",
]
