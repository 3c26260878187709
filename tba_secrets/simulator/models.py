"""The records of the simulated accounts: integrations, roles, users, tokens and their data.

The same models are the configuration and, copied, the live state: to block an integration, a test
sets the record's `state`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tba_secrets.simulator.oauth1 import same
from tba_secrets.simulator.oauth2 import x509_facts
from tba_secrets.simulator.vocabulary import (
    ADMINISTRATOR_ROLE_ID,
    Feature,
    IntegrationState,
    Scope,
)

_R = TypeVar("_R", bound="Record")


class Record(BaseModel):
    """The base of all records: no unknown keys, and no values in errors."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, validate_assignment=True)


class IntegrationRecord(Record):
    """An integration record (Setup > Integration > Manage Integrations)."""

    name: str = Field(min_length=1)
    consumer_key: str = Field(min_length=1, repr=False)
    consumer_secret: str = Field(min_length=1, repr=False)
    state: IntegrationState = IntegrationState.ENABLED
    tba: bool = True
    """The box "Token-based Authentication"."""
    authorization_flow: bool = False
    """The box "TBA: Authorization Flow"."""
    callback_url: str | None = None
    client_credentials: bool = False
    """The box "Client Credentials (Machine to Machine) Grant"."""
    scopes: list[Scope] = []
    """The Scope boxes of OAuth 2.0."""
    application_id: str = Field(default_factory=lambda: str(uuid.uuid4()).upper())

    @property
    def client_id(self) -> str:
        """The client id of OAuth 2.0: on one record it is the consumer key."""
        return self.consumer_key


class RoleRecord(Record):
    """A role; `permissions` holds NetSuite's names, for example ``REST Web Services``."""

    id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    permissions: list[str] = []
    web_services_only: bool = False
    active: bool = True

    def allows(self, *permissions: str) -> bool:
        """Return whether the role has one of the permissions; the Administrator role has all."""
        return self.id == ADMINISTRATOR_ROLE_ID or any(p in self.permissions for p in permissions)


class UserRecord(Record):
    """An entity with access; `id` is the entity id of tokeninfo, `roles` are role ids or names."""

    id: str = Field(min_length=1)
    email: str = Field(min_length=3)
    name: str | None = None
    roles: list[str] = []
    active: bool = True


class TokenRecord(Record):
    """An access token: one integration (name), one user (email or id) and one role (name or id)."""

    name: str = Field(min_length=1)
    integration: str
    user: str
    role: str
    token_id: str = Field(min_length=1, repr=False)
    token_secret: str = Field(min_length=1, repr=False)
    active: bool = True
    """The Inactive box, reversed: it can be turned back on."""
    revoked: bool = False
    """Revoking is for ever (Oracle help, "Manage TBA Tokens")."""

    @property
    def usable(self) -> bool:
        """Whether it is neither inactive nor revoked."""
        return self.active and not self.revoked


class CertificateMapping(Record):
    """A mapping of OAuth 2.0 Client Credentials (M2M) Setup: what the holder of the key acts as."""

    integration: str
    user: str
    role: str
    certificate: str
    """In PEM: the public part."""
    created: date | None = None
    revoked: bool = False

    @field_validator("certificate")
    @classmethod
    def _is_one(cls, value: str) -> str:
        x509_facts.read(value)
        return value

    @property
    def facts(self) -> x509_facts.CertificateFacts:
        """What stands in the certificate."""
        return x509_facts.read(self.certificate)

    def usable_at(self, now: float) -> bool:
        """Return whether an assertion may be signed with its key at that time."""
        return not self.revoked and self.facts.valid_at(now)


class RestletRecord(Record):
    """A deployed RESTlet; `response` is its answer, or None to echo the request."""

    script: str
    deploy: str = "1"
    response: dict[str, Any] | None = None


class Customer(Record):
    """One customer record of the REST record service."""

    id: str
    entityid: str
    companyname: str = ""
    email: str = ""


class Account(Record):
    """One NetSuite account with all its records."""

    company_name: str = "Simulated Company"
    features: list[Feature] = Field(default_factory=lambda: list(Feature))
    integrations: list[IntegrationRecord] = []
    roles: list[RoleRecord] = []
    users: list[UserRecord] = []
    tokens: list[TokenRecord] = []
    certificates: list[CertificateMapping] = []
    restlets: list[RestletRecord] = []
    customers: list[Customer] = []
    concurrency_limit: int | None = Field(default=None, ge=1)
    """Requests at the same time; None for no limit."""

    def integration(self, name: str) -> IntegrationRecord:
        """Return the integration record of that name, or raise KeyError."""
        return _one(self.integrations, f"integration {name!r}", lambda i: i.name == name)

    def role(self, key: str) -> RoleRecord:
        """Return the role of that id or name, or raise KeyError."""
        return _one(self.roles, f"role {key!r}", lambda r: key in (r.id, r.name))

    def user(self, key: str) -> UserRecord:
        """Return the user of that entity id or e-mail address, or raise KeyError."""
        return _one(self.users, f"user {key!r}", lambda u: key in (u.id, u.email))

    def token(self, name: str) -> TokenRecord:
        """Return the token of that name, or raise KeyError."""
        return _one(self.tokens, f"token {name!r}", lambda t: t.name == name)

    def certificate(self, certificate_id: str) -> CertificateMapping:
        """Return the mapping of that certificate, or raise KeyError."""
        return _one(
            self.certificates,
            f"certificate {certificate_id!r}",
            lambda c: c.facts.certificate_id == certificate_id,
        )

    def client(self, consumer_key: str) -> IntegrationRecord | None:
        """Return the integration record of a consumer key, which is its client id too, or None."""
        return next((i for i in self.integrations if same(i.consumer_key, consumer_key)), None)

    def may_act(self, user: UserRecord, role: RoleRecord) -> bool:
        """Return whether both are active, and the user still has the role."""
        held = role.id in user.roles or role.name in user.roles
        return user.active and role.active and held

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        problems = list(_dangling(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _one(records: list[_R], what: str, matches: Callable[[_R], bool]) -> _R:
    for record in records:
        if matches(record):
            return record
    raise KeyError(f"the simulated account has no {what}")


def _dangling(account: Account) -> Iterator[str]:
    roles = {key for role in account.roles for key in (role.id, role.name)}
    users = {key for user in account.users for key in (user.id, user.email)}
    integrations = {integration.name for integration in account.integrations}
    for number, user in enumerate(account.users):
        if not roles.issuperset(user.roles):
            yield f"users.{number}.roles names a role that is not under roles"
    mapped = (("tokens", account.tokens), ("certificates", account.certificates))
    for kind, records in mapped:
        for number, record in enumerate(records):
            for field, known in (("integration", integrations), ("user", users), ("role", roles)):
                if getattr(record, field) not in known:
                    yield f"{kind}.{number}.{field} names a record that is not in this account"
