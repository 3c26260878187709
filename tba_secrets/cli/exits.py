"""The exit codes of the commands that ask NetSuite; the same number means the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from tba_secrets.errors import AuthenticationRefusedError, CheckFailedError, TbaError


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    """NetSuite accepted the call; everything that was asked for is proven."""
    FAILED = 1
    """It could not be asked, so there is no verdict: YAML, store, network, clock, lockout. Also any other error."""
    USAGE = 2
    """The command line is wrong."""
    REFUSED = 3
    """NetSuite refused the login."""
    OTHERWISE = 4
    """NetSuite took the login, and its answer is another failure, or not what is declared."""
    PERSON = 5
    """Only a person can go on: bring a new token for one that is due, or revoke one that its role may not."""
    INTERRUPTED = 130
    """Ctrl-C, or SIGTERM: it ended in order, and what was done so far is kept. By the shells' rule, 128 + SIGINT."""


_WORST_FIRST = (Exit.REFUSED, Exit.OTHERWISE, Exit.FAILED, Exit.USAGE)


def exit_of(error: TbaError | None) -> Exit:
    """The code of one question to NetSuite: how it failed; `DONE` where it did not."""
    if error is None:
        return Exit.DONE
    if isinstance(error, AuthenticationRefusedError):
        return Exit.REFUSED
    return Exit.OTHERWISE if isinstance(error, CheckFailedError) else Exit.FAILED


def worst(codes: Iterable[Exit]) -> Exit:
    """The code of several outcomes together: what is wrong for certain comes before what is not known."""
    there = set(codes)
    return next((code for code in _WORST_FIRST if code in there), Exit.DONE)
