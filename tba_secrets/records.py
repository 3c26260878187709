"""Environment -> records: each token, and each certificate, with everything that applies to it, defaults merged.

Input: a validated `Environment`. Output: one frozen record each, in the file's order. No IO.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from tba_secrets.spec.model import (
    LONGEST_VALIDITY,
    AlgorithmName,
    BearerVerify,
    Certificate,
    CertificateFormat,
    ClientOrigin,
    ConsumerOrigin,
    Environment,
    Format,
    Integration,
    KeyOrigin,
    MappedRole,
    MappedUser,
    OAuth2Integration,
    Role,
    Scope,
    SecretPolicy,
    Stores,
    Token,
    TokenOrigin,
    User,
    Verify,
    parse_duration,
)


@dataclass(frozen=True)
class CredentialRecord:
    """One token of one integration: what to push, where to, and what has to be proven of it."""

    integration: str
    token: str
    account: str
    endpoint: str | None
    stores: Stores
    secret: str
    """The secret's name in each store, under the store's prefix."""
    consumer_source: ConsumerOrigin
    token_source: TokenOrigin
    role: Role
    user: User
    format: Format
    verify: Verify
    retain: bool
    """`destroy` leaves the secret in the store."""
    require_values: bool
    restore: bool
    adopt: bool
    description: str | None
    rotate_every: timedelta | None = None
    """How old the token may become; None where no policy is declared."""
    retire_after: timedelta | None = None
    """How long a superseded token stays valid beside its successor."""
    warn_before: timedelta | None = None
    """How long before `rotate_every` is over a warning is given."""

    @property
    def path(self) -> str:
        """`integration/token`: how the record is named in messages, marks and state."""
        return f"{self.integration}/{self.token}"


@dataclass(frozen=True)
class CertificateRecord:
    """One certificate of one integration: what to make or push, where to, and what has to be proven of it."""

    integration: str
    certificate: str
    account: str
    endpoint: str | None
    stores: Stores
    secret: str
    """The secret's name in each store, under the store's prefix."""
    client_source: ClientOrigin
    key_source: KeyOrigin
    role: MappedRole
    user: MappedUser
    algorithm: AlgorithmName
    valid_for: timedelta
    """How long a generated certificate is valid."""
    scopes: tuple[Scope, ...]
    by_person: bool
    """A person brings each new certificate to NetSuite, not the current credential."""
    format: CertificateFormat
    verify: BearerVerify
    retain: bool
    require_values: bool
    restore: bool
    adopt: bool
    description: str | None
    rotate_every: timedelta | None = None
    retire_after: timedelta | None = None
    warn_before: timedelta | None = None

    @property
    def path(self) -> str:
        """`integration/certificate`: how the record is named in messages, marks and state."""
        return f"{self.integration}/{self.certificate}"


def credential_records(environment: Environment) -> tuple[CredentialRecord, ...]:
    """Every token of the environment, with what it leaves unsaid taken from `defaults:`."""
    return tuple(
        _record(environment, integration, token)
        for integration in environment.integrations
        if isinstance(integration, Integration)
        for token in integration.tokens
    )


def certificate_records(environment: Environment) -> tuple[CertificateRecord, ...]:
    """Every certificate of the environment, with what it leaves unsaid taken from `defaults:`."""
    return tuple(
        _certificate(environment, integration, certificate)
        for integration in environment.integrations
        if isinstance(integration, OAuth2Integration)
        for certificate in integration.certificates
    )


class _Policy:
    """What a record says, or else the environment's defaults."""

    def __init__(self, environment: Environment, record: SecretPolicy) -> None:
        self._levels = (record, environment.defaults)

    def of(self, field: str, otherwise: Any) -> Any:
        for level in self._levels:
            if (value := getattr(level, field)) is not None:
                return value
        return otherwise

    def duration(self, field: str) -> timedelta | None:
        text = self.of(field, None)
        return None if text is None else parse_duration(text)


def _record(environment: Environment, integration: Integration, token: Token) -> CredentialRecord:
    policy = _Policy(environment, token)
    verify = policy.of("verify", Verify())
    return CredentialRecord(
        integration=integration.name,
        token=token.name,
        account=environment.account,
        endpoint=environment.endpoint_url,
        stores=environment.store,
        secret=token.secret or token.name,
        consumer_source=integration.consumer,
        token_source=token.token,
        role=integration.role,
        user=User(email=token.user) if isinstance(token.user, str) else token.user,
        format=policy.of("format", Format()),
        verify=Verify(always=True) if verify == "always" else verify,
        retain=policy.of("on_delete", "recoverable") == "retain",
        require_values=policy.of("require_values", False),
        restore=policy.of("restore", False),
        adopt=token.adopt,
        description=token.description,
        rotate_every=policy.duration("rotate_every"),
        retire_after=policy.duration("retire_after"),
        warn_before=policy.duration("warn_before"),
    )


def _certificate(
    environment: Environment, integration: OAuth2Integration, certificate: Certificate
) -> CertificateRecord:
    policy = _Policy(environment, certificate)
    return CertificateRecord(
        integration=integration.name,
        certificate=certificate.name,
        account=environment.account,
        endpoint=environment.endpoint_url,
        stores=environment.store,
        secret=certificate.secret or certificate.name,
        client_source=integration.client,
        key_source=certificate.key,
        role=integration.role,
        user=certificate.user,
        algorithm=certificate.algorithm,
        valid_for=parse_duration(certificate.valid_for) or LONGEST_VALIDITY,
        scopes=certificate.scopes,
        by_person=certificate.by == "person",
        format=certificate.format or CertificateFormat(),
        verify=_bearer_verify(certificate, environment.defaults.verify),
        retain=policy.of("on_delete", "recoverable") == "retain",
        require_values=policy.of("require_values", False),
        restore=policy.of("restore", False),
        adopt=certificate.adopt,
        description=certificate.description,
        rotate_every=policy.duration("rotate_every"),
        retire_after=policy.duration("retire_after"),
        warn_before=policy.duration("warn_before"),
    )


def _bearer_verify(
    certificate: Certificate, default: Literal["always"] | Verify | None
) -> BearerVerify:
    """Return how a certificate is proven. The default's checks are TBA's: only how often they run is taken over."""
    if isinstance(certificate.verify, BearerVerify):
        return certificate.verify
    always = isinstance(default, Verify) and default.always
    return BearerVerify(always=always or "always" in (certificate.verify, default))
