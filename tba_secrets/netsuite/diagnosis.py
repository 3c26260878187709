"""From clues to the likely causes, most likely first.

A refused login is answered alike whatever the cause; only the Login Audit Trail tells (Oracle help, "Track TBA Users in
the Login Audit Trail"). A table (rules.py) orders the causes by what answer, record and clock show.
Nothing of a value or a body gets into a diagnosis: only statuses, known error codes, and our own words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tba_secrets.netsuite import causes
from tba_secrets.netsuite.causes import Cause
from tba_secrets.netsuite.oauth2 import causes as oauth2_causes
from tba_secrets.netsuite.oauth2.rules import RULES as OAUTH2_RULES
from tba_secrets.netsuite.rules import RULES, Clue

AUDIT_TRAIL: Final = "Setup > Users/Roles > User Management > View Login Audit Trail"
READ_THE_TRAIL: Final = (
    f"open {AUDIT_TRAIL} > Use Advanced Search, and add Detail, Token-based Access Token Name and Token-based "
    "Application Name under Results; Detail names the true cause"
)
MOST_SHOWN: Final = 3
_LISTED: Final = "; likely causes, in order:"


@dataclass(frozen=True)
class Diagnosis:
    """What NetSuite said, and what may be behind it."""

    said: str
    """Status, error code, protocol: nothing of the body."""
    causes: tuple[Cause, ...]
    """Most likely first."""
    clues: frozenset[Clue] = frozenset()
    """What spoke for the causes."""

    def __str__(self) -> str:
        shown = self.causes[:MOST_SHOWN]
        lines = [f"  {n}. {c.what}\n     {c.where}: {c.mend}" for n, c in enumerate(shown, 1)]
        return "\n".join([f"{self.said}{_LISTED}", *lines]) if shown else self.said

    def knowing(self, more: Iterable[Clue]) -> Diagnosis:
        """Return the diagnosis again, with what became known since."""
        return diagnose(self.said, self.clues.union(more))


def diagnose(said: str, clues: Iterable[Clue]) -> Diagnosis:
    """Return the causes that the clues speak for; `said` is what NetSuite said, in our words."""
    there = frozenset(clues)
    scores: dict[Cause, int] = {}
    for rule in RULES if there.isdisjoint(_OAUTH2) else OAUTH2_RULES:
        if there.issuperset(rule.when) and there.isdisjoint(rule.never):
            score = rule.weight + sum(extra for clue, extra in rule.more.items() if clue in there)
            scores[rule.cause] = max(score, scores.get(rule.cause, 0))
    ordered = sorted(scores, key=lambda cause: -scores[cause])
    return Diagnosis(said, tuple(ordered), there)


_OAUTH2: Final = {Clue.ASSERTION, Clue.BEARER}
"""What tells OAuth 2.0 from TBA: the causes are others."""


def in_short(told: str) -> tuple[str, str]:
    """Shorten a message that may end with a diagnosis to one line.

    Returns:
        Its first two lines with the likeliest cause, and how to mend that; the latter is empty without a diagnosis.
    """
    lines = [line.strip() for line in told.strip().splitlines()]
    first = " ".join(lines[:2])
    cause, mend = lines[2:4] if len(lines) > 3 else ("", "")
    if not first.endswith(_LISTED) or not cause.startswith("1. "):
        return first, ""
    return f"{first.removesuffix(_LISTED)}; most likely: {cause.removeprefix('1. ')}", mend


def explain(detail: str) -> tuple[Cause, ...]:
    """Return the causes that a Detail of the Login Audit Trail stands for; empty for a word that is not known."""
    word = detail.strip().partition(" ")[0]
    return tuple(dict.fromkeys(c for c in _ALL_CAUSES if word in c.trail))


_ALL_CAUSES: Final = tuple(
    value
    for module in (causes, oauth2_causes)
    for value in vars(module).values()
    if isinstance(value, Cause)
)
