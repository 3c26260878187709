"""Verify a client assertion, or say why it is refused.

Source: Oracle help, "The Request Token Structure". The order of the checks is the simulator's: first what the assertion
alone shows, then the integration, the certificate, the signature, the times, the scope and the mapping.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, TypeGuard
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from tba_secrets.simulator.credentials import AuthenticationRefused, MalformedRequest
from tba_secrets.simulator.models import (
    Account,
    CertificateMapping,
    IntegrationRecord,
    RoleRecord,
    UserRecord,
)
from tba_secrets.simulator.oauth2 import jose
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import (
    LONGEST_ASSERTION_SECONDS,
    Feature,
    IntegrationState,
    OAuth2Reason,
    Scope,
)

ALGORITHMS: Final = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_AUDIENCE: Final = re.compile(
    r"https://([a-z0-9-]+)\.(?:suitetalk|restlets)\.api\.netsuite\.com", re.IGNORECASE
)
"""The help's table names the suitetalk host, its sample has the restlets host."""


@dataclass(frozen=True)
class Assertion:
    """An assertion as it was sent: read, and not yet believed."""

    text: str = field(repr=False)
    header: dict[str, Any] = field(repr=False)
    claims: dict[str, Any] = field(repr=False)

    @property
    def key_id(self) -> str:
        """The certificate id that it names, or an empty text."""
        return _text(self.header.get("kid"))

    @property
    def client_id(self) -> str:
        """The client id that it names, or an empty text."""
        return _text(self.claims.get("iss"))


@dataclass(frozen=True)
class Grant:
    """Who an access token is issued to, and for what."""

    integration: IntegrationRecord
    user: UserRecord
    role: RoleRecord
    scopes: tuple[Scope, ...]


def read(text: str) -> Assertion:
    """Read an assertion.

    Raises:
        MalformedRequest: It is no signed JWT.
    """
    parts = jose.parts(text)
    if parts is None:
        raise MalformedRequest("the assertion is no JWT")
    return Assertion(text, *parts)


def account_of(assertion: Assertion, path: str) -> str | None:
    """Return the account whose token endpoint the assertion is for, None if it names no host of NetSuite's."""
    named = (one.removesuffix(path) for one in _audiences(assertion) if one.endswith(path))
    found = (_AUDIENCE.fullmatch(one) for one in named)
    return next((match[1].upper().replace("-", "_") for match in found if match), None)


def is_for(assertion: Assertion, url: str) -> bool:
    """Return whether the assertion names this address of the token endpoint: how a simulator or a proxy is called."""
    wanted = urlsplit(url)
    named = (urlsplit(one) for one in _audiences(assertion))
    return any((one.netloc, one.path) == (wanted.netloc, wanted.path) for one in named)


def verify(state: State, account: Account, assertion: Assertion) -> Grant:
    """Check in order.

    1 algorithm and `kid`, 2 feature, 3 integration, 4 certificate, 5 signature, 6 times, 7 scope, 8 the mapping's user
    and role.

    Raises:
        AuthenticationRefused: with the reason for the Login Audit Trail.
    """
    _check_header(assertion)  # 1
    if Feature.OAUTH2 not in account.features:  # 2
        raise AuthenticationRefused(OAuth2Reason.FEATURE_DISABLED)
    integration = require_usable(account.client(assertion.client_id))  # 3
    certificate = _certificate(account, assertion.key_id, state.clock.now())  # 4
    if certificate.integration != integration.name:
        raise AuthenticationRefused(OAuth2Reason.INVALID_ISSUER)
    _check_signature(assertion, certificate)  # 5
    _check_times(assertion, state.clock.now())  # 6
    scopes = _scopes(assertion, integration)  # 7
    user, role = account.user(certificate.user), account.role(certificate.role)
    if not account.may_act(user, role):  # 8
        raise AuthenticationRefused(OAuth2Reason.ENTITY_OR_ROLE_DISABLED)
    return Grant(integration, user, role, scopes)


def _check_header(assertion: Assertion) -> None:
    if assertion.header.get("alg") not in ALGORITHMS:
        raise AuthenticationRefused(OAuth2Reason.UNSUPPORTED_ALGO)
    if not assertion.key_id:
        raise AuthenticationRefused(OAuth2Reason.MISSING_KEY_ID)


def require_usable(integration: IntegrationRecord | None) -> IntegrationRecord:
    """Return the integration record if it is there, enabled, and ticked for this grant."""
    if integration is None:
        raise AuthenticationRefused(OAuth2Reason.INVALID_INTEGRATION)
    if integration.state is IntegrationState.BLOCKED:
        raise AuthenticationRefused(OAuth2Reason.INTEGRATION_BLOCKED)
    if not integration.client_credentials:
        raise AuthenticationRefused(OAuth2Reason.AUTHORIZATION_CODE_GRANT_REQUIRED)
    return integration


def _certificate(account: Account, certificate_id: str, now: float) -> CertificateMapping:
    certificate = find_certificate(account, certificate_id)
    if certificate is None or not certificate.usable_at(now):
        raise AuthenticationRefused(OAuth2Reason.MISSING_KEY)
    return certificate


def find_certificate(account: Account, certificate_id: str) -> CertificateMapping | None:
    """Return the mapping of a certificate, whatever its state, or None."""
    known = (c for c in account.certificates if c.facts.certificate_id == certificate_id)
    return next(known, None)


def _check_signature(assertion: Assertion, certificate: CertificateMapping) -> None:
    """Require a signature of the certificate's key; the algorithm has to fit the key, and the curve."""
    facts = certificate.facts
    kind = RSAKey if facts.algorithm == "RSA" else ECKey
    try:
        jws.deserialize_compact(
            assertion.text, kind.import_key(facts.public_key), algorithms=list(ALGORITHMS)
        )
    except (JoseError, ValueError):
        raise AuthenticationRefused(OAuth2Reason.SIGNATURE_VALIDATION) from None


def _check_times(assertion: Assertion, now: float) -> None:
    """Require `iat` and `exp` in seconds, at most an hour apart; no tolerance is documented, so there is none."""
    issued, expires = assertion.claims.get("iat"), assertion.claims.get("exp")
    if not _is_number(issued) or not _is_number(expires) or issued > now:
        raise AuthenticationRefused(OAuth2Reason.TOKEN_NOT_ACCEPTABLE)
    if expires <= now:
        raise AuthenticationRefused(OAuth2Reason.TOKEN_EXPIRED)
    if expires - issued > LONGEST_ASSERTION_SECONDS:
        raise AuthenticationRefused(OAuth2Reason.TOKEN_VALIDITY_TOO_BROAD)


def _scopes(assertion: Assertion, integration: IntegrationRecord) -> tuple[Scope, ...]:
    """Read the scope, an array or a text with commas or spaces; each must be ticked on the record."""
    claim = assertion.claims.get("scope")
    named = [_text(one) for one in claim] if isinstance(claim, list) else [_text(claim)]
    wanted = [part for one in named for part in re.split(r"[,\s]+", one) if part]
    if not wanted:
        raise AuthenticationRefused(OAuth2Reason.INVALID_SCOPE)
    if not set(wanted) <= {str(scope) for scope in integration.scopes}:
        raise AuthenticationRefused(OAuth2Reason.SCOPE_MISMATCHED)
    return tuple(Scope(one) for one in dict.fromkeys(wanted))


def _audiences(assertion: Assertion) -> list[str]:
    claim = assertion.claims.get("aud")
    return [_text(one) for one in claim] if isinstance(claim, list) else [_text(claim)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_number(value: object) -> TypeGuard[float]:
    """Return whether a claim is a number; JSON as Python reads it also has NaN and Infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
