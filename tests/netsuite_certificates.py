"""The NetSuite side of tests of certificates: who may have them, a person's upload, and who has logged in with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest

from tba_secrets.simulator import Simulator
from tba_secrets.simulator.oauth2 import assertion
from tba_secrets.simulator.vocabulary import Scope

PERMISSIONS: Final = (
    "Log in using OAuth 2.0 Access Tokens",
    "Manage own OAuth 2.0 Client Credentials Certificates",
)


def allow_certificates(
    netsuite: Simulator,
    account: str,
    *,
    permissions: Sequence[str] = PERMISSIONS,
    scopes: Sequence[Scope] = (Scope.REST_WEB_SERVICES,),
) -> None:
    """Tick Client Credentials and the scopes on the record `warehouse`, and give its role the permissions."""
    known = netsuite.state.account(account)
    integration = known.integration("warehouse")
    integration.client_credentials = True
    integration.scopes = list(scopes)
    known.role("1001").permissions.extend(permissions)


def upload(netsuite: Simulator, account: str, certificate: str) -> None:
    """Map a certificate to the record, user and role of `orders`, as a person does on the page of the M2M setup."""
    mapping = {"integration": "warehouse", "user": "38", "role": "1001"}
    netsuite.state.add_certificate(account, {**mapping, "certificate": certificate})


def watch_logins(patch: pytest.MonkeyPatch, tell: Callable[[str], None]) -> None:
    """Tell the id of each certificate that NetSuite accepts at a login."""
    verify = assertion.verify

    def watched(state: Any, account: Any, sent: Any) -> Any:
        grant = verify(state, account, sent)
        tell(sent.key_id)
        return grant

    patch.setattr(assertion, "verify", watched)
