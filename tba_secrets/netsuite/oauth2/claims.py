"""What NetSuite's access token says of itself: role, user, account, client and scopes. Read tolerantly, not verified.

The token comes from the token endpoint over TLS, and is nobody else's word. Two shapes are known (Oracle help, "The
Access Token Structure" and samples): `sub` is `ROLE;ENTITY` or `COMPANY;?;ROLE;ENTITY;?`, `aud` is
`[APPLICATION;COMPANY, CLIENT]` or `[CLIENT, app:APPLICATION]`. In any other shape, what cannot be told is None.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Final

from tba_secrets.errors import AccountIdError
from tba_secrets.netsuite.account import realm
from tba_secrets.sensitive import Sensitive

_ID: Final = re.compile(r"-?[0-9]{1,18}")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SCOPE: Final = re.compile(r"[A-Za-z_]{1,40}")
_LONGEST: Final = 8192


@dataclass(frozen=True)
class Claims:
    """What a token says; None is "could not tell"."""

    account: str | None = None
    """In realm form."""
    role_id: str | None = None
    entity: str | None = None
    client_id: Sensitive | None = None
    scopes: frozenset[str] | None = None


NOTHING_TOLD: Final = Claims()


def read_claims(token: Sensitive) -> Claims:
    """Return what an access token says of itself; it never fails."""
    payload = _payload(token.reveal())
    if payload is None:
        return NOTHING_TOLD
    company, role, entity = _subject(payload.get("sub"))
    of_audience, client = _audience(payload.get("aud"))
    told = [one for one in (company, of_audience) if one is not None]
    return Claims(
        account=told[0] if len(set(told)) == 1 else None,
        role_id=role,
        entity=entity,
        client_id=client,
        scopes=_scopes(payload.get("scope")),
    )


def _payload(text: str) -> dict[str, Any] | None:
    parts = text.split(".")
    if len(parts) != 3 or len(parts[1]) > _LONGEST:
        return None
    try:
        payload = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None


def _subject(subject: Any) -> tuple[str | None, str | None, str | None]:
    """Return company, role and entity."""
    parts = subject.split(";") if isinstance(subject, str) else []
    if len(parts) == 2 and all(map(_ID.fullmatch, parts)):
        return None, parts[0], parts[1]
    if len(parts) == 5 and all(map(_ID.fullmatch, parts[2:4])):
        return _account(parts[0]), parts[2], parts[3]
    return None, None, None


def _audience(audience: Any) -> tuple[str | None, Sensitive | None]:
    """Return company and client id."""
    if not isinstance(audience, list) or not all(isinstance(one, str) for one in audience):
        return None, None
    company, clients = None, []
    for one in audience:
        first, semicolon, rest = one.partition(";")
        if semicolon and _UUID.fullmatch(first):
            company = _account(rest)
        elif not semicolon and not one.startswith("app:"):
            clients.append(one)
    return company, Sensitive(clients[0]) if len(clients) == 1 else None


def _account(text: str) -> str | None:
    try:
        return realm(text)
    except AccountIdError:
        return None


def _scopes(scope: Any) -> frozenset[str] | None:
    words = scope.replace(",", " ").split() if isinstance(scope, str) else scope
    if not isinstance(words, list) or not words:
        return None
    if not all(isinstance(word, str) and _SCOPE.fullmatch(word) for word in words):
        return None
    return frozenset(words)
