"""Where an import goes: a new environment from flags, or one that is there; account and store, judged by the spec."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tba_secrets.errors import TbaError
from tba_secrets.records import credential_records
from tba_secrets.spec import Environment, load_stack
from tba_secrets.spec.addresses import resolve_addresses
from tba_secrets.spec.construct import Document, construct
from tba_secrets.spec.events import scan
from tba_secrets.spec.model import Stores
from tba_secrets.spec.rules import broken_rules
from tba_secrets.spec.shape import validate
from tba_secrets.spec.text import UnreadableTextError, read_text

_STAND_IN: Final = [
    {
        "name": "stand-in",
        "consumer": "stored",
        "role": {"name": "stand-in"},
        "tokens": [{"name": "stand-in", "user": "stand-in@example.com", "token": "stored"}],
    }
]
"""An environment declares an integration at least: the place of those that are to be found."""


class RefusedError(ValueError):
    """The command line is wrong: a line for each mistake."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class Target:
    """The environment that secrets are imported into."""

    name: str
    """The stack's."""
    environment: Environment
    given: Mapping[str, Any]
    """What the new file is to say of account, endpoint and store; empty where there is a file already."""
    has_records: bool = False
    """The file has `integrations:` already."""

    @property
    def new(self) -> bool:
        """There is no such environment yet."""
        return bool(self.given)

    @property
    def stores(self) -> Stores:
        """The one store."""
        return self.environment.store

    @property
    def prefix(self) -> str:
        """What stands before the names of its secrets."""
        (settings,) = self.stores.listed.values()
        return settings.prefix

    @property
    def declared(self) -> frozenset[str]:
        """The secrets that are declared already."""
        if not self.has_records:
            return frozenset()
        return frozenset(record.secret for record in credential_records(self.environment))

    @property
    def taken(self) -> set[str]:
        """The names that integrations and tokens have already."""
        if not self.has_records:
            return set()
        integrations = self.environment.integrations
        return {one.name for one in integrations} | {t.name for i in integrations for t in i.tokens}


def existing(project: Path, name: str) -> Target:
    """The environment in stacks/NAME.yaml; `integrations:` may still be missing in it.

    Raises:
        SpecError: The file has problems.
        TbaError: It declares several stores.
    """
    begun = _begun(project / "stacks" / f"{name}.yaml")
    environment = begun or load_stack(project, name)
    if len(environment.store.listed) > 1:
        raise TbaError(
            f"{name} declares {' and '.join(environment.store.listed)}, and secrets are imported from one store",
            "declare the one that has them, import, and run `pulumi up`; then declare the other one too, and run it "
            "again: it copies them",
        )
    return Target(name, environment, {}, has_records=begun is None)


def new(name: str, given: Mapping[str, Any]) -> Target:
    """A new environment.

    Args:
        name: The stack's.
        given: `account`, `store` and perhaps `endpoint`, as the file is to have them.

    Raises:
        RefusedError: The spec refuses them: every reason.
    """
    document = Document({"version": 1, **deepcopy(dict(given)), "integrations": _STAND_IN})
    environment, findings = validate(document)
    findings += broken_rules(document)
    if environment is None or findings:
        raise RefusedError(*(f"{finding.what}; {finding.hint}" for finding in findings))
    return Target(name, environment, given)


def _begun(path: Path) -> Environment | None:
    """The environment in a file that is right but for `integrations:`; None for any other file."""
    try:
        text = read_text(path)
    except UnreadableTextError:
        return None
    if scan(text):
        return None
    document = construct(text)
    if not isinstance(document.data, dict) or "integrations" in document.data or document.findings:
        return None
    document.data["integrations"] = _STAND_IN
    if resolve_addresses(document, os.environ):
        return None
    environment, _ = validate(document)
    return None if broken_rules(document) else environment
