"""The exit codes of the commands that ask NetSuite; the same number means the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import typer

from tba_secrets.errors import AuthenticationRefusedError, CheckFailedError, TbaError


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    """NetSuite accepted the call, and everything requested is proven."""
    FAILED = 1
    """There is no verdict (YAML, store, network, clock, lockout), or any other error occurred."""
    USAGE = 2
    """The command line is wrong."""
    REFUSED = 3
    """NetSuite refused the login."""
    OTHERWISE = 4
    """NetSuite accepted the login, but its answer is another failure, or not what is declared."""
    PERSON = 5
    """A person has to act: bring a new token for a due one, upload a certificate, or revoke what a role may not."""
    INTERRUPTED = 130
    """Ctrl-C or SIGTERM: the run ended in order and keeps what it did. 128 + SIGINT, as shells have it."""


class UsageError(ValueError):
    """The command line is wrong: a line for each mistake, `--flag: what is wrong; what to write`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))

    def shown(self) -> typer.Exit:
        """Print the lines; return the exit to raise."""
        for line in self.lines:
            typer.echo(f"error: {line}", err=True)
        return typer.Exit(Exit.USAGE)


_WORST_FIRST = (Exit.REFUSED, Exit.OTHERWISE, Exit.FAILED, Exit.USAGE)


def exit_of(error: TbaError | None) -> Exit:
    """Return the exit code for one question to NetSuite; `DONE` without an error."""
    if error is None:
        return Exit.DONE
    if isinstance(error, AuthenticationRefusedError):
        return Exit.REFUSED
    return Exit.OTHERWISE if isinstance(error, CheckFailedError) else Exit.FAILED


def worst(codes: Iterable[Exit]) -> Exit:
    """Return the code of several outcomes together: certain failures outweigh unknown ones."""
    there = set(codes)
    return next((code for code in _WORST_FIRST if code in there), Exit.DONE)
