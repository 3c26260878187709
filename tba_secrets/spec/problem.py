"""The problems of an environment's YAML, with their positions.

A problem is made of our own words, known keys and positions. It never quotes the file: the text
there may be a secret that was pasted into the wrong place.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from tba_secrets.errors import SpecError
from tba_secrets.spec.looks_secret import is_plain_key

Path = tuple[str | int, ...]
"""Keys and list indices from the top of the file."""
_SHOWN: Final = 100
"""How many problems are printed; a file that is not an environment can have one on every line."""


class Position(NamedTuple):
    """A place in a text file, counted as editors do: both numbers begin at 1."""

    line: int
    column: int


START: Final = Position(1, 1)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to fix."""

    file: pathlib.Path
    line: int
    column: int
    what: str
    """What is there and what was expected, without the value."""
    hint: str
    """What to write instead, in the imperative."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}; {self.hint}"


@dataclass(frozen=True)
class SpecFinding:
    """A problem before its file is named: what each step of the loader reports."""

    position: Position
    what: str
    hint: str

    def within(self, file: pathlib.Path) -> Problem:
        """Return the same problem with its file."""
        return Problem(file, *self.position, self.what, self.hint)


class InvalidSpecError(SpecError):
    """The environment's YAML has problems: at least one, sorted by position."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        lines = [str(problem) for problem in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            lines.append(f"... and {len(self.problems) - _SHOWN} more problems")
        super().__init__("\n".join(lines))


def noun(path: Path) -> str:
    """Return what the record at `path` is, by the list that it stands in."""
    return str(path[-2]).removesuffix("s")


def path_text(path: Path) -> str:
    """Format a path as `integrations[0].tokens[1].user`, hiding keys that could be secrets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if is_plain_key(part) else "[...]"
    return text.removeprefix(".") or "the file"
