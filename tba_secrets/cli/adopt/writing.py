"""Integrations and tokens -> the YAML for them; what nobody knows is a line without a value, `tba check` names it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from tba_secrets.cli.adopt.asking import Asked
from tba_secrets.cli.adopt.found import Found
from tba_secrets.cli.adopt.records import NewIntegration, NewToken, grouped
from tba_secrets.cli.adopt.target import Target
from tba_secrets.cli.exits import Exit
from tba_secrets.spec.construct import construct
from tba_secrets.spec.model import Format
from tba_secrets.spec.problem import Finding
from tba_secrets.spec.rules import broken_rules
from tba_secrets.spec.shape import validate

FILL_IN: Final = "# FILL IN:"
_QUOTED: Final = ("account", "account_id")
"""In quotes whatever they are: one of digits alone would be a number."""
_WHY: Final = {
    "account_id": "any other AWS account is refused",
    "prefix": "before every secret's name",
    "address": "VAULT_TOKEN logs in; `auth:` chooses another way",
}


def file_text(target: Target, integrations: Sequence[NewIntegration]) -> str:
    """The whole file of a new environment."""
    return "\n".join([*_head(target), *records_lines(target, integrations)]) + "\n"


def records_lines(target: Target, integrations: Sequence[NewIntegration]) -> Iterator[str]:
    """`integrations:` alone; the items alone for a file that has it already."""
    if not target.has_records:
        yield "integrations:"
    for one in integrations:
        yield from _integration(one)


def refusal(target: Target, found: Found) -> Finding | None:
    """What the spec has against the secret's name or JSON keys, which are the store's; None where nothing."""
    alone = grouped([Asked(found, role_name="role")], {found.name: "somebody@example.com"}, ())
    store = target.stores.model_dump(exclude_none=True, exclude_defaults=True)
    text = [
        "version: 1",
        f"account: {json.dumps(target.environment.account)}",
        f"store: {json.dumps(store)}",
        "integrations:",
        *_integration(alone[0]),
    ]
    document = construct("\n".join(text))
    return next(iter([*validate(document)[1], *broken_rules(document)]), None)


def _head(target: Target) -> Iterator[str]:
    yield "# yaml-language-server: $schema=../schema/environment.schema.json"
    yield f"# The NetSuite credentials of the stack {target.name}, as they were found in the store."
    yield "# No value stands here, and none has a source: only the store has them (`stored`)."
    yield f"# `tba check {target.name}` names every line that is still to be filled in."
    yield "version: 1"
    yield from _mapping(target.given)


def _mapping(given: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for key, value in given.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _mapping(value, indent + "  ")
        else:
            text = json.dumps(value) if key in _QUOTED else scalar(value)
            yield f"{indent}{key}: {text}{_because(key)}"


def _because(key: str) -> str:
    return f"  # {_WHY[key]}" if key in _WHY else ""


def _integration(one: NewIntegration) -> Iterator[str]:
    about = "call it as its integration record in NetSuite"
    if one.same_consumer:
        role = "another role" if one.role_name is not None else "a role that is not known yet"
        about = f"the consumer pair of {one.same_consumer}, and {role}"
    yield f"  - name: {scalar(one.name)}  # {about}"
    yield "    consumer: stored"
    yield "    role:"
    yield f"      name:{_or_fill_in(one.role_name, 'the role that its tokens act in, as NetSuite shows it')}"
    if one.role_id is not None:
        yield f"      id: {scalar(one.role_id)}"
    yield "    tokens:"
    for token in one.tokens:
        yield from _token(token)


def _token(token: NewToken) -> Iterator[str]:
    refused = token.asked.exit is Exit.REFUSED
    hint = "  # NetSuite refused its login: mend it, or take the token out" if refused else ""
    yield f"      - name: {scalar(token.name)}{hint}"
    whose = f"the e-mail address of the user whose entity id is {token.asked.entity}"
    if token.asked.entity is None:
        yield f"        user:{_or_fill_in(token.email, 'the e-mail address of the user that it acts as')}"
    else:
        yield "        user:"
        yield f"          email:{_or_fill_in(token.email, whose)}"
        yield f"          entity: {scalar(token.asked.entity)}"
    yield f"        secret: {scalar(token.asked.found.name)}"
    yield "        adopt: true  # it was there before, and is taken over"
    yield "        token: stored"
    yield from _format(token.asked.found.recognised.names)


def _format(names: Format) -> Iterator[str]:
    ours = Format()
    other = {part: key for part, key in names if key != getattr(ours, part)}
    if other:
        yield "        format:  # the keys of its JSON"
        yield from (f"          {part}: {scalar(key)}" for part, key in other.items())


def _or_fill_in(text: str | None, what: str) -> str:
    return f" {scalar(text)}" if text is not None else f"  {FILL_IN} {what}"


def scalar(text: str) -> str:
    """`text` in YAML: as it is where the spec's reader takes that for this very text, else in quotes."""
    try:
        plain = construct(f"key: {text}").data == {"key": text}
    except yaml.YAMLError:
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())
