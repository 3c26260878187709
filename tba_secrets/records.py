"""Environment -> credential records: each token with everything that applies to it, defaults merged.

Input: a validated `Environment`. Output: one frozen `CredentialRecord` a token, in the file's order. No IO.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tba_secrets.spec.model import (
    ConsumerOrigin,
    Environment,
    Format,
    Integration,
    Role,
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

    def anchored(self, project: Path) -> CredentialRecord:
        """Return the same record, its stores' relative paths starting from the project's folder."""
        return replace(self, stores=self.stores.anchored(project))


def credential_records(environment: Environment) -> tuple[CredentialRecord, ...]:
    """Every token of the environment, with what it leaves unsaid taken from `defaults:`."""
    return tuple(
        _record(environment, integration, token)
        for integration in environment.integrations
        for token in integration.tokens
    )


def _record(environment: Environment, integration: Integration, token: Token) -> CredentialRecord:
    def policy(field: str, otherwise: Any) -> Any:
        for level in (token, environment.defaults):
            if (value := getattr(level, field)) is not None:
                return value
        return otherwise

    def duration(field: str) -> timedelta | None:
        text = policy(field, None)
        return None if text is None else parse_duration(text)

    verify = policy("verify", Verify())
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
        format=policy("format", Format()),
        verify=Verify(always=True) if verify == "always" else verify,
        retain=policy("on_delete", "recoverable") == "retain",
        require_values=policy("require_values", False),
        restore=policy("restore", False),
        adopt=token.adopt,
        description=token.description,
        rotate_every=duration("rotate_every"),
        retire_after=duration("retire_after"),
        warn_before=duration("warn_before"),
    )
