"""One update that a command asked for: told as it happens, reported at its end, and ended in order by Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from typing import Any, Final, NoReturn

import typer
from rich.markup import escape

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.printing import waiting
from tba_secrets.cli.up_report import show_each, show_one
from tba_secrets.engine import Engine, EngineError
from tba_secrets.engine.events import Tell, UpdateListener, UpdateResult
from tba_secrets.errors import TbaError, ToldError
from tba_secrets.provider.intents import Intents

_ENDING: Final = b"\nending in order; Ctrl-C again ends at once, and may leave the stack locked\n"


def carry_out(engine: Engine, intents: Intents, verb: str, *, verbose: bool) -> bool:
    """Carry out intents in one update of these records alone, and print a line for each.

    The verb is what is done to each of them: `rotated`; empty if the provider says it. `verbose` shows each step on
    stderr, and keeps it there.

    Returns:
        Whether something waits for a person; it was printed, and the rest is done.

    Raises:
        LockedError: Another update holds the stack's lock: whose.
        EngineError: The update did not begin, or not every record succeeded: why.
        ToldError: The only record did not succeed; why was printed.
    """
    try:
        # Paths in the YAML start from the project.
        with chdir(engine.project), on_interrupt(engine.cancel), _steps(verbose) as tell:
            tell(f"{engine.stack}: updating {', '.join(intents)}")
            outcome = engine.up(UpdateListener(tell), intents)
    except TbaError as error:
        if not engine.cancelled.is_set():
            raise
        end_interrupted(error)
    if outcome.result in (UpdateResult.DONE, UpdateResult.NOTHING):
        show_each(outcome, intents, verb)
    else:
        show_one(outcome)
    if engine.cancelled.is_set():
        end_interrupted(begun=outcome.result is not UpdateResult.NOT_STARTED)
    if outcome.result is UpdateResult.FAILED and outcome.errors and len(intents) == 1:
        raise ToldError(f"{engine.stack}: the only record did not succeed", "see the errors above")
    if outcome.result is UpdateResult.FAILED:
        raise EngineError(f"{engine.stack}: not every record succeeded", "see the errors above")
    return outcome.result is UpdateResult.WAITS


@contextmanager
def _steps(verbose: bool) -> Iterator[Tell]:
    """Give a callback that shows the steps: a line each, or one line that changes (terminals only)."""
    if verbose:
        yield lambda words: typer.echo(words, err=True)
        return
    with waiting("") as line:
        yield lambda words: line.update(escape(words))


def end_interrupted(error: TbaError | None = None, *, begun: bool = True) -> NoReturn:
    """End this process after Ctrl-C, with `Exit.INTERRUPTED`.

    At once: after a second Ctrl-C a call of the provider may still wait for a store or for NetSuite.
    """
    if error is not None:
        typer.echo(f"error: {error}", err=True)
    kept = "what was done so far is kept; run it again to go on"
    words = kept if begun else "nothing was written; run it again"
    typer.echo(f"interrupted: {words}", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(Exit.INTERRUPTED)


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM call a function, within the block, instead of raising wherever this thread happens to be.

    It asks whatever runs to end, and is called again for each further signal.
    """
    busy = False

    def handle(*_: Any) -> None:
        nonlocal busy
        if not busy:  # a signal may interrupt this very function
            busy = True
            act()
            os.write(2, _ENDING)  # not `print`: the signal may have come in the middle of one
            busy = False

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
