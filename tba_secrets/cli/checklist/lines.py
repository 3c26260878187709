"""What a checklist is made of, and when a line of it is ticked: where a signed check has shown what it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tba_secrets.cli.checklist.facts import Kind
from tba_secrets.cli.checklist.proofs import Proofs
from tba_secrets.spec.model import Role

TOKENINFO: Final = frozenset({Kind.TOKENINFO})
NO_CHECK: Final = "no check can tell"


@dataclass(frozen=True)
class Line:
    """One thing to set."""

    text: str
    done: bool = False
    why: str = ""
    """The call that has shown it, and when; or why none can."""
    lacking: bool = False
    """A declared check needs it, and the YAML does not declare it."""


@dataclass(frozen=True)
class Group:
    """The lines of one record: an integration, a role, a token."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Step:
    """One page of NetSuite."""

    title: str
    where: str
    groups: tuple[Group, ...]
    note: str = ""


@dataclass(frozen=True)
class Checklist:
    """All of it, for one environment."""

    environment: str
    account: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    """What keeps lines from being ticked."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line, in order."""
        return tuple(line for step in self.steps for group in step.groups for line in group.lines)

    @property
    def count(self) -> str:
        """How far it is."""
        done = sum(line.done for line in self.lines)
        return f"Ticked by signed checks: {done} of {len(self.lines)} lines"


def shown_line(text: str, proofs: Iterable[Proofs], kinds: frozenset[Kind], *aspects: str) -> Line:
    """Ticked where a check of these kinds has shown every one of the aspects."""
    asked = tuple(proofs)
    for one in asked:
        shown = [one.by(kinds, aspect) for aspect in aspects or (None,)]
        if all(shown):
            return Line(text, done=True, why=shown[0] or "")
    if any(one.kinds & kinds for one in asked):
        return Line(text)
    would = " or ".join(kind.value for kind in Kind if kind in kinds)
    return Line(text, why=f"no declared check shows it; {would} would")


def role_title(role: Role) -> str:
    """How a role is told from another of its name."""
    return role.name if role.id is None else f"{role.name} (internal id {role.id})"


def of_user(found: Line, proofs: Sequence[Proofs]) -> Line:
    """NetSuite answers an entity id: whose it is, only the YAML can say."""
    entity = next((one.entity for one in proofs if one.entity), "")
    if found.done or not entity or not any(one.by(TOKENINFO) for one in proofs):
        return found
    why = f'NetSuite named the entity {entity}, not an e-mail: where that is right, declare entity: "{entity}"'
    return Line(found.text, why=why)
