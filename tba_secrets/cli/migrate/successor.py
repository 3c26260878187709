"""TBA integration -> the lines of the OAuth 2.0 integration beside it. No IO.

On a record that carries TBA the client id is the consumer key: it comes from the same source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from tba_secrets.cli.init.questions import variable_after
from tba_secrets.netsuite.oauth2.permissions import LOG_IN, MANAGES_APPLICATIONS, OWN_CERTIFICATES
from tba_secrets.records import CredentialRecord
from tba_secrets.spec.construct import yaml_text
from tba_secrets.spec.model import (
    BEARER_CHECKS,
    LONGEST_VALIDITY,
    Certificate,
    Integration,
    RestletCheck,
    Token,
    parse_duration,
)

NEEDED: Final = ("REST Web Services", LOG_IN, OWN_CERTIFICATES)
"""What the role needs, so that each certificate can bring its successor."""
_ENDING: Final = "-certificate"
"""Not `-oauth2`: AWS takes a hyphen and six characters for the end of an ARN."""
_COPIED: Final = ("on_delete", "restore", "rotate_every", "retire_after", "warn_before")
_SHORT: Final = re.compile(r"[A-Za-z][\w .]*")


@dataclass(frozen=True)
class Successor:
    """An integration on its way to OAuth 2.0."""

    integration: Integration
    records: Sequence[CredentialRecord]
    """Its tokens, with the environment's defaults."""
    role_id: str = ""
    entities: Mapping[str, str] = field(default_factory=dict)
    """The users' internal ids, by the token's name."""

    @property
    def name(self) -> str:
        """The name of the second integration."""
        return f"{self.integration.name}-oauth2"

    @property
    def variable(self) -> str | None:
        """The variable that gives the client id the first time, where no source of the consumer pair does."""
        return client_variable(self.integration) if self.integration.consumer == "stored" else None

    @property
    def certificates(self) -> tuple[str, ...]:
        """The names of the certificates, one for each token."""
        return tuple(token.name + _ENDING for token in self.integration.tokens)

    @property
    def secrets(self) -> Mapping[str, str]:
        """By a token's secret, under the prefix: the secret that takes its place."""
        return {record.secret: record.secret + _ENDING for record in self.records}

    @property
    def scopes(self) -> tuple[str, ...]:
        """What has to be ticked on the integration record: the scopes of all certificates."""
        return tuple(dict.fromkeys(scope for record in self.records for scope in _scopes(record)))

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions to declare; none where the TBA integration declares none."""
        declared = self.integration.role.permissions
        kept = tuple(one for one in declared if one != MANAGES_APPLICATIONS)
        return (*kept, *(one for one in NEEDED if one not in kept)) if declared else ()

    @property
    def without_soap(self) -> tuple[str, ...]:
        """The tokens that SOAP is called with: OAuth 2.0 does not know it."""
        return tuple(one.path for one in self.records if "soap" in one.verify.checks)

    def lines(self) -> Iterator[str]:
        """Yield the item of `integrations:`, its hyphen at the left edge."""
        integration = self.integration
        yield f"- name: {yaml_text(self.name)}  # the integration record of {integration.name}, by OAuth 2.0"
        yield "  auth: oauth2"
        yield from _block("client", _client(integration), "  ")
        role = {"name": integration.role.name, "id": self.role_id}
        yield from _block("role", {**role, "permissions": list(self.permissions)}, "  ")
        yield "  certificates:"
        for token, record in zip(integration.tokens, self.records, strict=True):
            yield from self._certificate(token, record)

    def _certificate(self, token: Token, record: CredentialRecord) -> Iterator[str]:
        yield f"    - name: {yaml_text(token.name + _ENDING)}  # takes the place of {token.name}"
        user = {"email": record.user.email, "entity": self.entities[token.name]}
        yield from _block("user", user, "      ")
        if token.secret is not None:
            yield f"      secret: {yaml_text(token.secret + _ENDING)}"
        yield from _block("scopes", list(_scopes(record)), "      ")
        yield from _block("verify", _verify(record), "      ")
        own = {name: getattr(token, name) for name in _COPIED}
        hook = token.after_promote and token.after_promote.model_dump(exclude_defaults=True)
        more = {"valid_for": _valid_for(record), "after_promote": hook}
        for name, value in {**own, **more}.items():
            yield from _block(name, value, "      ")


def client_variable(integration: Integration) -> str:
    """Name a variable after the integration: `warehouse-sync` becomes WAREHOUSE_SYNC_CLIENT_ID."""
    return variable_after(integration.name, "CLIENT_ID")


def _client(integration: Integration) -> dict[str, Any]:
    """Return the source of the consumer key, as that of a client id."""
    consumer = integration.consumer
    if consumer == "stored":
        return {"env": {"id": client_variable(integration)}}
    if consumer.env is not None:
        return {"env": {"id": consumer.env.key}}
    kind, place = ("file", consumer.file) if consumer.file else ("command", consumer.command)
    assert place is not None  # noqa: S101 - the models take exactly one of the three
    given = place.model_dump(exclude_defaults=True, exclude={"key", "secret"})
    return {kind: {**given, "id": place.key}}


def _scopes(record: CredentialRecord) -> tuple[str, ...]:
    """Return what its checks need, and what it needs to bring its successor."""
    restlets = any(isinstance(check, RestletCheck) for check in record.verify.checks)
    return ("rest_webservices", "restlets") if restlets else ("rest_webservices",)


def _verify(record: CredentialRecord) -> dict[str, Any]:
    """Return the checks that OAuth 2.0 knows too; nothing where they are those of a certificate anyway."""
    checks = [
        check.model_dump() if isinstance(check, RestletCheck) else check
        for check in record.verify.checks
        if isinstance(check, RestletCheck) or check in BEARER_CHECKS
    ] or ["rest"]
    always = {"always": True} if record.verify.always else {}
    return {} if checks == ["rest"] and not always else {"checks": checks, **always}


def _valid_for(record: CredentialRecord) -> str | None:
    """Return a validity that is long enough for age and overlap; None if the usual one is."""
    usual = parse_duration(Certificate.model_fields["valid_for"].default)
    if record.rotate_every is None or usual is None:
        return None
    if record.rotate_every + (record.retire_after or timedelta(0)) <= usual:
        return None
    return f"{LONGEST_VALIDITY.days}d"


def _block(key: str, value: Any, indent: str) -> Iterator[str]:
    """Yield `key: value`; nothing for what is empty."""
    if value is None or value in ({}, []):
        return
    if isinstance(value, Mapping):
        yield f"{indent}{key}:"
        for inner, one in value.items():
            yield from _block(inner, one, indent + "  ")
    elif isinstance(value, list | tuple):
        yield f"{indent}{key}: [{', '.join(map(_in_list, value))}]"
    else:
        yield f"{indent}{key}: {yaml_text(value) if isinstance(value, str) else json.dumps(value)}"


def _in_list(value: object) -> str:
    """Write an item of a list in brackets: JSON is YAML there, and short words need no quotes."""
    if isinstance(value, str) and _SHORT.fullmatch(value) and yaml_text(value) == value:
        return value
    return json.dumps(value)
