"""Environment -> records: each token, and each certificate, with everything that applies to it, defaults merged.

Input: a validated `Environment`. Output: one frozen record each, in the file's order. No IO.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

from tba_secrets.spec.model import (
    AfterPromote,
    AnyIntegration,
    BearerVerify,
    Certificate,
    CertificateFormat,
    CertificateSettings,
    ClientOrigin,
    ConsumerOrigin,
    Environment,
    Format,
    Integration,
    KeyOrigin,
    OAuth2Integration,
    Role,
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
    """One token or certificate of one integration: what to push, where to, and what has to be proven of it."""

    integration: str
    token: str
    """The name of the token, or of the certificate."""
    account: str
    endpoint: str | None
    stores: Stores
    secret: str
    """The secret's name in each store, under the store's prefix."""
    consumer_source: ConsumerOrigin | ClientOrigin
    """Where the consumer pair comes from, or the client id."""
    token_source: TokenOrigin | KeyOrigin
    """Where the token pair comes from, or the private key with its certificate."""
    role: Role
    user: User
    format: Format | CertificateFormat
    verify: Verify | BearerVerify
    retain: bool
    """`destroy` leaves the secret in the store."""
    require_values: bool
    restore: bool
    adopt: bool
    description: str | None
    rotate_every: timedelta | None = None
    """How old the token may become; None if no policy is declared."""
    retire_after: timedelta | None = None
    """How long a superseded token stays valid beside its successor."""
    warn_before: timedelta | None = None
    """How long before `rotate_every` is over a warning is given."""
    most_users: int | None = None
    """How many users of the account may be asked side by side; None if it is left to the tool."""
    certificate: CertificateSettings | None = None
    """What is declared of a certificate; None for a token."""
    after_promote: AfterPromote | None = None
    """What tells readers that a new version is current; None for nobody."""
    withheld: tuple[str, ...] = ()
    """The variables that a command of `after_promote` does not get: those of the environment's sources."""

    @property
    def path(self) -> str:
        """`integration/token`: how the record is named in messages, marks and state."""
        return f"{self.integration}/{self.token}"

    def anchored(self, project: Path) -> CredentialRecord:
        """Return the same record, its stores' relative paths starting from the project's folder."""
        return replace(self, stores=self.stores.anchored(project))


def credential_records(environment: Environment) -> tuple[CredentialRecord, ...]:
    """Return every token and certificate of an environment; `defaults:` gives what they leave unsaid."""
    records = tuple(
        record
        for integration in environment.integrations
        for record in _records(environment, integration)
    )
    withheld = tuple(dict.fromkeys(name for record in records for name in _variables(record)))
    return tuple(
        replace(record, withheld=withheld) if _runs_command(record) else record
        for record in records
    )


def _runs_command(record: CredentialRecord) -> bool:
    return record.after_promote is not None and record.after_promote.command is not None


def _variables(record: CredentialRecord) -> Iterator[str]:
    """Yield the variables that hold the values of a record's sources."""
    for source in (record.consumer_source, record.token_source):
        if not isinstance(source, str) and source.env is not None:
            yield from source.env.model_dump().values()


def _records(environment: Environment, integration: AnyIntegration) -> Iterator[CredentialRecord]:
    if isinstance(integration, OAuth2Integration):
        for certificate in integration.certificates:
            yield _certificate(environment, integration, certificate)
    else:
        for token in integration.tokens:
            yield _token(environment, integration, token)


def using_tba(records: Iterable[CredentialRecord]) -> tuple[str, ...]:
    """Return the integrations that use TBA, in order."""
    return tuple(dict.fromkeys(one.integration for one in records if one.certificate is None))


def _said(environment: Environment, record: SecretPolicy, field: str, otherwise: Any = None) -> Any:
    """Return what a record says, or else the environment's defaults."""
    levels = (getattr(record, field), getattr(environment.defaults, field))
    return next((value for value in levels if value is not None), otherwise)


def _token(environment: Environment, integration: Integration, token: Token) -> CredentialRecord:
    verify = _said(environment, token, "verify", Verify())
    return CredentialRecord(
        **_common(environment, integration, token),
        consumer_source=integration.consumer,
        token_source=token.token,
        user=User(email=token.user) if isinstance(token.user, str) else token.user,
        format=_said(environment, token, "format", Format()),
        verify=Verify(always=True) if verify == "always" else verify,
    )


def _certificate(
    environment: Environment, integration: OAuth2Integration, certificate: Certificate
) -> CredentialRecord:
    return CredentialRecord(
        **_common(environment, integration, certificate),
        consumer_source=integration.client,
        token_source=certificate.key,
        user=certificate.user,
        format=certificate.format or CertificateFormat(),
        verify=_bearer_verify(certificate, environment.defaults.verify),
        certificate=certificate.settings,
    )


def _common(
    environment: Environment, integration: AnyIntegration, record: Token | Certificate
) -> dict[str, Any]:
    said = partial(_said, environment, record)
    durations = {field: said(field) for field in ("rotate_every", "retire_after", "warn_before")}
    return {
        "integration": integration.name,
        "token": record.name,
        "account": environment.account,
        "endpoint": environment.endpoint_url,
        "most_users": environment.most_users,
        "stores": environment.store,
        "secret": record.secret or record.name,
        "role": integration.role,
        "retain": said("on_delete") == "retain",
        "require_values": said("require_values", False),
        "restore": said("restore", False),
        "adopt": record.adopt,
        "after_promote": record.after_promote,
        "description": record.description,
        **{field: parse_duration(text) for field, text in durations.items() if text is not None},
    }


def _bearer_verify(
    certificate: Certificate, default: Literal["always"] | Verify | None
) -> BearerVerify:
    """Return how a certificate is proven. The default's checks are TBA's: only how often they run is taken over."""
    if isinstance(certificate.verify, BearerVerify):
        return certificate.verify
    always = isinstance(default, Verify) and default.always
    return BearerVerify(always=always or "always" in (certificate.verify, default))
