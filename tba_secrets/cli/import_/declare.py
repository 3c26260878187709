"""Declare the imported credentials in YAML: integrations, tokens and their names.

A field that is not known is a line without a value, marked FILL IN; `tba check` names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.import_.identify import Identified
from tba_secrets.cli.import_.secrets import Importable
from tba_secrets.cli.import_.target import ImportTarget
from tba_secrets.spec import check
from tba_secrets.spec.construct import yaml_text
from tba_secrets.spec.model import Format
from tba_secrets.spec.problem import SpecFinding

FILL_IN: Final = "# FILL IN:"
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SEPARATOR: Final = re.compile(r"([/._-])")
_LONGEST: Final = 100
_QUOTED: Final = ("account", "account_id")
"""Always in quotes: digits alone would be a number."""
_WHY: Final = {
    "account_id": "any other AWS account is refused",
    "prefix": "prepended to every secret's name",
    "address": "VAULT_TOKEN logs in; `auth:` chooses another way",
}


@dataclass(frozen=True)
class NewToken:
    """A token to declare."""

    name: str
    identified: Identified
    email: str | None
    """None if it is not known."""


@dataclass(frozen=True)
class NewIntegration:
    """The tokens of one consumer pair and one role."""

    name: str
    role_name: str | None
    role_id: str | None
    tokens: tuple[NewToken, ...]
    same_consumer: str = ""
    """An earlier integration with the same consumer pair in another role; empty if there is none."""


def grouped(
    identified: Sequence[Identified], emails: Mapping[str, str], taken: Iterable[str]
) -> tuple[NewIntegration, ...]:
    """Group tokens of one consumer pair and role into one integration, under names that are not taken.

    The known e-mail addresses are by the secret's name.
    """
    groups: dict[tuple[object, ...], list[Identified]] = {}
    for item in identified:
        credential = item.secret.recognised.credential
        pair = (credential.consumer_key, credential.consumer_secret)
        groups.setdefault((*pair, item.role_name, item.role_id), []).append(item)
    integrations, tokens = set(taken), set(taken)
    first: dict[tuple[object, ...], str] = {}
    made = []
    for (key, secret, *_), members in groups.items():
        name = _name(_shared(m.secret.name for m in members), integrations)
        before = first.setdefault((key, secret), name)
        new = (
            NewToken(_name(m.secret.name, tokens), m, emails.get(m.secret.name)) for m in members
        )
        role, same = (members[0].role_name, members[0].role_id), before if before != name else ""
        made.append(NewIntegration(name, *role, tuple(new), same))
    return tuple(made)


def users(identified: Iterable[Identified]) -> Iterator[tuple[str | None, list[Identified]]]:
    """Group by user: one entity is one user; without an entity each may be a different user's."""
    by_entity: dict[str, list[Identified]] = {}
    for item in identified:
        by_entity.setdefault(item.entity or f"of {item.secret.name}", []).append(item)
    for members in by_entity.values():
        yield members[0].entity, members


def file_text(target: ImportTarget, integrations: Sequence[NewIntegration]) -> str:
    """Return the whole file of a new environment."""
    return "\n".join([*_head(target), *records_lines(target, integrations)]) + "\n"


def records_lines(target: ImportTarget, integrations: Sequence[NewIntegration]) -> Iterator[str]:
    """Yield `integrations:` with its items, or only the items for a file that already has it."""
    if not target.has_records:
        yield "integrations:"
    for integration in integrations:
        yield from _integration(integration)


def refusal(target: ImportTarget, secret: Importable) -> SpecFinding | None:
    """Return why the spec refuses the secret's name or JSON keys, which the store fixes, if it does."""
    alone = grouped([Identified(secret, role_name="role")], {secret.name: "user@example.com"}, ())
    store = target.environment.store.model_dump(exclude_none=True, exclude_defaults=True)
    text = [
        "version: 1",
        f"account: {json.dumps(target.environment.account)}",
        f"store: {json.dumps(store)}",
        "integrations:",
        *_integration(alone[0]),
    ]
    _, findings = check("\n".join(text))
    return next(iter(findings), None)


def _name(preferred: str, taken: set[str]) -> str:
    """Make a valid name that is not taken, with a number if need be, and take it."""
    name = _NOT_IN_NAMES.sub("-", preferred).strip("._-")[:_LONGEST] or "token"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[: _LONGEST - 5]}-{number}"
    taken.add(free)
    return free


def _shared(names: Iterable[str]) -> str:
    """Return the words that all names begin with, or else the first name."""
    words = [_SEPARATOR.split(name) for name in names]
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*words, strict=False))
    return "".join(parts[0] for parts in shared).strip("/._-") or "".join(words[0])


def _head(target: ImportTarget) -> Iterator[str]:
    yield "# yaml-language-server: $schema=../schema/environment.schema.json"
    yield f"# The NetSuite credentials of the stack {target.name}, as found in the store."
    yield "# No value is in this file, and no source: only the store has the values (`stored`)."
    yield f"# `tba check {target.name}` names every line that is still to be filled in."
    yield "version: 1"
    yield from _mapping(target.given)


def _mapping(given: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for key, value in given.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _mapping(value, indent + "  ")
        else:
            text = json.dumps(value) if key in _QUOTED else yaml_text(value)
            yield f"{indent}{key}: {text}{f'  # {_WHY[key]}' if key in _WHY else ''}"


def _integration(integration: NewIntegration) -> Iterator[str]:
    about = "name it after its integration record in NetSuite"
    if integration.same_consumer:
        role = "another role" if integration.role_name is not None else "a role still unknown"
        about = f"the consumer pair of {integration.same_consumer}, and {role}"
    yield f"  - name: {yaml_text(integration.name)}  # {about}"
    yield "    consumer: stored"
    yield "    role:"
    hint = "the role that its tokens act in, as NetSuite shows it"
    yield f"      name:{_or_fill_in(integration.role_name, hint)}"
    if integration.role_id is not None:
        yield f"      id: {yaml_text(integration.role_id)}"
    yield "    tokens:"
    for token in integration.tokens:
        yield from _token(token)


def _token(token: NewToken) -> Iterator[str]:
    refused = token.identified.exit is Exit.REFUSED
    hint = "  # NetSuite refused its login: correct it, or remove the token" if refused else ""
    yield f"      - name: {yaml_text(token.name)}{hint}"
    entity = token.identified.entity
    if entity is None:
        hint = "the e-mail address of the user that it acts as"
        yield f"        user:{_or_fill_in(token.email, hint)}"
    else:
        hint = f"the e-mail address of the user whose entity id is {entity}"
        yield "        user:"
        yield f"          email:{_or_fill_in(token.email, hint)}"
        yield f"          entity: {yaml_text(entity)}"
    yield f"        secret: {yaml_text(token.identified.secret.name)}"
    yield "        adopt: true  # the secret exists and is taken over"
    yield "        token: stored"
    yield from _format(token.identified.secret.recognised.names)


def _format(names: Format) -> Iterator[str]:
    ours = Format()
    other = {part: key for part, key in names if key != getattr(ours, part)}
    if other:
        yield "        format:  # the keys of its JSON"
        yield from (f"          {part}: {yaml_text(key)}" for part, key in other.items())


def _or_fill_in(text: str | None, hint: str) -> str:
    return f" {yaml_text(text)}" if text is not None else f"  {FILL_IN} {hint}"
