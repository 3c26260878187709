"""The doctor's findings: one line for each thing checked, with the fix if it is not well."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tba_secrets.errors import TbaError


class FindingSeverity(StrEnum):
    """The result of a check, best first."""

    OK = "ok"
    WARNING = "warning"
    """It may cause trouble, or could not be checked."""
    WRONG = "wrong"
    """`up` would fail, or would not do what is declared."""


@dataclass(frozen=True)
class DoctorFinding:
    """One thing that was checked."""

    severity: FindingSeverity
    what: str
    remedy: str = ""
    """What to do, in the imperative; empty if all is well."""


Look = Callable[[], Iterable[DoctorFinding]]
Area = tuple[str, Look]
"""A group of checks, with its title."""


def ok(what: str) -> DoctorFinding:
    """Report that all is well."""
    return DoctorFinding(FindingSeverity.OK, what)


def warning(what: str, remedy: str = "") -> DoctorFinding:
    """Report something to know."""
    return DoctorFinding(FindingSeverity.WARNING, what, remedy)


def wrong(what: str, remedy: str = "") -> DoctorFinding:
    """Report something to fix."""
    return DoctorFinding(FindingSeverity.WRONG, what, remedy)


def of_error(error: TbaError) -> DoctorFinding:
    """Report an error of ours, with its remedy."""
    return wrong(error.what, error.remedy)


def examined(look: Look) -> list[DoctorFinding]:
    """Collect an area's findings; an error becomes one, so that the next area is still checked."""
    found: list[DoctorFinding] = []
    try:
        found.extend(look())
    except TbaError as error:
        found.append(of_error(error))
    except Exception as error:
        what = f"this could not be checked: a bug in tba-secrets ({type(error).__name__})"
        found.append(wrong(what, "please report it"))
    return found
