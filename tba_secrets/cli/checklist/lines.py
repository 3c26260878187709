"""The parts of a checklist."""

from __future__ import annotations

from dataclasses import dataclass


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
