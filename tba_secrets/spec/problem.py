"""What is wrong with an environment's YAML, and where: the words of `SpecError`.

A problem is made of our own words, known keys and positions. It never holds what stands at the position, since that
may be a secret that was pasted into the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from tba_secrets.errors import SpecError

_SHOWN: Final = 100
"""Problems that are printed; a file that is no environment at all can have one on every line."""


class Position(NamedTuple):
    """A place in a text file, as editors count: both begin at 1."""

    line: int
    column: int


START: Final = Position(1, 1)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend."""

    file: Path
    line: int
    column: int
    what: str
    """What is there and what was expected, without the value."""
    hint: str
    """What to write instead, in the imperative."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; {self.hint}"


@dataclass(frozen=True)
class Finding:
    """A problem whose file is not named yet: what the steps of the loader report."""

    position: Position
    what: str
    hint: str

    def within(self, file: Path) -> Problem:
        """The same problem, in `file`."""
        return Problem(file, *self.position, self.what, self.hint)


class InvalidSpecError(SpecError):
    """The environment's YAML has problems.

    Args:
        problems: All of them, at least one; they are put in the file's order.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        lines = [str(problem) for problem in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            lines.append(f"... and {len(self.problems) - _SHOWN} problems more")
        super().__init__("\n".join(lines))
