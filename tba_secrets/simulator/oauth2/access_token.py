"""NetSuite's own access tokens and the key that signs them.

Source: Oracle help, "OAuth 2.0 Access and Refresh Token Structure".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tba_secrets.simulator.models import IntegrationRecord, RoleRecord, UserRecord
from tba_secrets.simulator.vocabulary import ACCESS_TOKEN_SECONDS, Scope

_ALGORITHM: Final = "PS256"
"""The help's text says PS256; its samples have RS256."""
_ISSUER: Final = "https://system.netsuite.com"
_KEY_SINCE: Final = "2026-01-01_00-00-00"


@dataclass(frozen=True)
class BearerToken:
    """An access token that is NetSuite's own, as read."""

    account_id: str
    client_id: str
    role: str
    entity: str
    scopes: frozenset[str]
    expires: float


@cache
def _key() -> RSAKey:
    """Make the signing key when it is first needed; every account of this process has the same."""
    return RSAKey.generate_key(2048)


def key_id(account_id: str) -> str:
    """Return the `kid` of an account's tokens."""
    return f"c.{account_id}.{_KEY_SINCE}"


def key_set(account_ids: Iterable[str]) -> dict[str, Any]:
    """Return the public keys of the accounts (JWKS)."""
    public = _key().as_dict(private=False)
    more = {"use": "sig", "alg": _ALGORITHM}
    return {"keys": [{**public, **more, "kid": key_id(account)} for account in account_ids]}


def issue(
    account_id: str,
    integration: IntegrationRecord,
    user: UserRecord,
    role: RoleRecord,
    scopes: Iterable[Scope],
    now: float,
) -> str:
    """Sign an access token for an hour."""
    issued, milliseconds = int(now), int(now * 1000)
    claims = {
        "sub": f"{role.id};{user.id}",
        "aud": [f"{integration.application_id};{account_id}", integration.client_id],
        "scope": list(scopes),
        "iss": _ISSUER,
        "oit": issued,
        "exp": issued + ACCESS_TOKEN_SECONDS,
        "iat": issued,
        "jti": f"{account_id}.a-a.{uuid.uuid4()}_{milliseconds}.{milliseconds}",
    }
    header = {"kid": key_id(account_id), "typ": "JWT", "alg": _ALGORITHM}
    return jwt.encode(header, claims, _key(), algorithms=[_ALGORITHM])


def read(text: str) -> BearerToken | None:
    """Return a token whose signature is right, expired or not, and None for any other text."""
    try:
        claims = json.loads(
            jws.deserialize_compact(text, _key(), algorithms=[_ALGORITHM]).payload or b""
        )
    except (JoseError, ValueError):
        return None
    role, _, entity = claims["sub"].partition(";")
    return BearerToken(
        account_id=claims["aud"][0].partition(";")[2],
        client_id=claims["aud"][1],
        role=role,
        entity=entity,
        scopes=frozenset(claims["scope"]),
        expires=claims["exp"],
    )
