"""What the doctor finds: one line for each thing looked at, with the mend where it is not well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass
from enum import Enum

from tba_secrets.errors import TbaError


class Level(Enum):
    """How something is, best first."""

    OK = "ok"
    WARNING = "warning"
    """It may stop something, or could not be looked at."""
    WRONG = "wrong"
    """`up` would fail, or not do what is declared."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    remedy: str = ""
    """What to do, in the imperative; empty where all is well."""


@dataclass(frozen=True)
class Area:
    """What belongs together, and what `look` asks for it."""

    title: str
    look: Callable[[], Iterable[Finding]]


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, what)


def warning(what: str, remedy: str = "") -> Finding:
    """Something to know."""
    return Finding(Level.WARNING, what, remedy)


def wrong(what: str, remedy: str = "") -> Finding:
    """Something to mend."""
    return Finding(Level.WRONG, what, remedy)


def of_error(error: TbaError) -> Finding:
    """An error of ours, which has its own remedy."""
    return wrong(error.what, error.remedy)


def counted(things: Sized, word: str) -> str:
    """`1 token`, `2 tokens`."""
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def examined(area: Area) -> list[Finding]:
    """All of an area's findings; what stops it is one of them, so that the next area is looked at all the same."""
    found: list[Finding] = []
    try:
        found.extend(area.look())
    except TbaError as error:
        found.append(of_error(error))
    except Exception as error:
        what = f"this could not be looked at: a bug in tba-secrets ({type(error).__name__})"
        found.append(wrong(what, "please report it"))
    return found
