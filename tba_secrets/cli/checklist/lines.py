"""The parts of a checklist, and when a line is ticked: when a signed check has shown it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tba_secrets.cli.checklist.facts import ACCESS_TOKEN, IDENTITY, CheckKind
from tba_secrets.cli.checklist.proofs import Proofs
from tba_secrets.spec.model import Role

NO_CHECK: Final = "no check can tell"


@dataclass(frozen=True)
class Line:
    """One thing to set in NetSuite."""

    text: str
    done: bool = False
    why: str = ""
    """The call that has shown it, and when; or why no call can."""
    lacking: bool = False
    """Whether a declared check needs it but the YAML does not declare it."""


@dataclass(frozen=True)
class Group:
    """The lines of one record: an integration, a role, a token."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class ChecklistStep:
    """One page of NetSuite."""

    title: str
    where: str
    groups: tuple[Group, ...]
    note: str = ""


@dataclass(frozen=True)
class Checklist:
    """The whole checklist of one environment."""

    environment: str
    account: str
    steps: tuple[ChecklistStep, ...]
    notes: tuple[str, ...]
    """Reasons why lines are not ticked."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, in order."""
        return tuple(line for step in self.steps for group in step.groups for line in group.lines)

    @property
    def count(self) -> str:
        """The progress, in words."""
        done = sum(line.done for line in self.lines)
        return f"Ticked by signed checks: {done} of {len(self.lines)} lines"


def shown_line(
    text: str, proofs: Iterable[Proofs], kinds: frozenset[CheckKind], *aspects: str
) -> Line:
    """Build a line, ticked if a check of these kinds has shown all of the aspects."""
    records = tuple(proofs)
    for record in records:
        shown = [record.by(kinds, aspect) for aspect in aspects or (None,)]
        if all(shown):
            return Line(text, done=True, why=shown[0] or "")
    if any(record.kinds & kinds for record in records):
        return Line(text)
    would = " or ".join(kind.value for kind in CheckKind if kind in kinds - ACCESS_TOKEN)
    return Line(text, why=f"no declared check shows it; {would} would")


def role_title(role: Role) -> str:
    """Name a role, with its id to tell it from another of the same name."""
    return role.name if role.id is None else f"{role.name} (internal id {role.id})"


def of_user(found: Line, proofs: Sequence[Proofs]) -> Line:
    """Explain an unticked user line: NetSuite answers an entity id, not an e-mail address.

    The YAML or an earlier pass has to say whose entity it is.
    """
    entity = next((proof.entity for proof in proofs if proof.entity), "")
    if found.done or not entity or not any(proof.by(IDENTITY) for proof in proofs):
        return found
    why = f'NetSuite named the entity {entity}, not an e-mail address: if that is right, declare entity: "{entity}"'
    return Line(found.text, why=why)
