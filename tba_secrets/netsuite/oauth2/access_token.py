"""An access token: the assertion that gets it, the request, and what comes back. It is kept in memory and nowhere else.

The assertion is a JWT that proves the private key, short-lived and used once; one scope is a string, several are an
array, as in Oracle's printed sample (RFC 7523; Oracle help, "The Request Token Structure", "POST Request to the Token
Endpoint and the Access Token Response"; RFC 6749 section 5.1).

What the token says of itself is read tolerantly and not verified: it comes from the token endpoint over TLS, and is
nobody else's word. Two shapes are known (Oracle help, "The Access Token Structure" and samples): `sub` is `ROLE;ENTITY`
or `COMPANY;?;ROLE;ENTITY;?`, `aud` is `[APPLICATION;COMPANY, CLIENT]` or `[CLIENT, app:APPLICATION]`. In any other
shape, what cannot be told is None.
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Final

import jwt
import requests

from tba_secrets.netsuite.account import read_realm
from tba_secrets.netsuite.answers import Answer
from tba_secrets.netsuite.oauth2.certificates import algorithm_named, load_key, require_fit
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.sensitive import Sensitive

ASSERTION_SECONDS: Final = 300
"""NetSuite takes less than 60 minutes."""
LIFETIME_SECONDS: Final = 3600.0
"""What NetSuite always answers."""
RENEWED_BEFORE_SECONDS: Final = 600.0
"""A token is used for 50 of its 60 minutes: a call that begins with it also ends with it."""
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
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


@dataclass(frozen=True)
class AccessToken:
    """An access token, and what it says of itself."""

    text: Sensitive
    claims: Claims
    answer: Answer
    """NetSuite's answer: when it was there, and how far our clock is ahead."""
    lives_seconds: float

    def is_due(self, age_seconds: float) -> bool:
        """Return whether it is to be replaced before the next call."""
        return age_seconds >= max(self.lives_seconds - RENEWED_BEFORE_SECONDS, 0.0)

    @property
    def header(self) -> str:
        """The Authorization header of a call (RFC 6750 section 2.1)."""
        return f"Bearer {self.text.reveal()}"


def assertion(
    credential: OAuth2Credential, now: float, where: str, skew_seconds: float | None = None
) -> Sensitive:
    """Sign an assertion.

    Args:
        credential: Whose key signs.
        now: Epoch seconds of our clock.
        where: How messages name the credential.
        skew_seconds: How far our clock is ahead of NetSuite's, where it is known: an assertion that is "issued in the
            future" is refused, and no tolerance is documented.

    Raises:
        SourceError: The key is malformed, or does not fit the algorithm.
    """
    algorithm = algorithm_named(credential.algorithm, where)
    key = load_key(credential.private_key, where)
    require_fit(key, algorithm, where)
    issued = int(now - (skew_seconds or 0.0)) - 1
    scopes = list(credential.scopes)
    claims = {
        "iss": credential.client_id.reveal(),
        "scope": scopes[0] if len(scopes) == 1 else scopes,
        "aud": credential.audience,
        "iat": issued,
        "exp": issued + ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    headers = {"typ": "JWT", "kid": credential.certificate_id}
    return Sensitive(jwt.encode(claims, key, algorithm.value, headers=headers))


def token_request(url: str, signed: Sensitive) -> requests.PreparedRequest:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": _ASSERTION_TYPE,
        "client_assertion": signed.reveal(),
    }
    headers = {"Accept": "application/json"}
    return requests.Request("POST", url, headers=headers, data=form).prepare()


def read_token(answer: Answer) -> AccessToken | None:
    """Return the access token in a success; None if it holds none that can be sent."""
    body = answer.json()
    text = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or " " in text:
        return None
    kind = body.get("token_type", "bearer")
    if not text or not isinstance(kind, str) or kind.lower() != "bearer":
        return None
    lives = body.get("expires_in")
    seconds = float(lives) if isinstance(lives, int) and lives > 0 else LIFETIME_SECONDS
    wrapped = Sensitive(text)
    return AccessToken(wrapped, read_claims(wrapped), answer, min(seconds, LIFETIME_SECONDS))


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
        return read_realm(parts[0]), parts[2], parts[3]
    return None, None, None


def _audience(audience: Any) -> tuple[str | None, Sensitive | None]:
    """Return company and client id."""
    if not isinstance(audience, list) or not all(isinstance(one, str) for one in audience):
        return None, None
    company, clients = None, []
    for one in audience:
        first, semicolon, rest = one.partition(";")
        if semicolon and _UUID.fullmatch(first):
            company = read_realm(rest)
        elif not semicolon and not one.startswith("app:"):
            clients.append(one)
    return company, Sensitive(clients[0]) if len(clients) == 1 else None


def _scopes(scope: Any) -> frozenset[str] | None:
    words = scope.replace(",", " ").split() if isinstance(scope, str) else scope
    if not isinstance(words, list) or not words:
        return None
    if not all(isinstance(word, str) and _SCOPE.fullmatch(word) for word in words):
        return None
    return frozenset(words)
