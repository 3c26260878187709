"""The problems of an SDF project's folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tba_secrets.errors import TbaError

Rule: TypeAlias = tuple[str, str]
"""A broken rule of one file: what is wrong, and what to do."""


@dataclass(frozen=True, order=True)
class SdfProblem:
    """One thing that SDF would refuse."""

    file: str
    """Its path under the project's folder."""
    what: str
    hint: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}; {self.hint}"


class InvalidProjectError(TbaError):
    """A project that SDF would refuse.

    Args:
        folder: The project's folder.
        problems: All of them.
    """

    def __init__(self, folder: Path, problems: Iterable[SdfProblem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{folder}: SDF would refuse this project:\n{lines}")
