"""One update that a command asked for: told as it happens, reported at its end, and ended in order by Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from typing import Any, Final, NoReturn

import typer

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.up_report import show_one
from tba_secrets.engine import Engine, EngineError
from tba_secrets.engine.events import UpdateListener, UpdateResult
from tba_secrets.errors import TbaError
from tba_secrets.provider.intents import Intents

_ENDING: Final = b"\nending in order; Ctrl-C again ends at once, and may leave the stack locked\n"


def carry_out(engine: Engine, intents: Intents) -> bool:
    """Carry intents out with one update that touches no other record.

    Args:
        engine: Of the stack.
        intents: By `integration/token`.

    Returns:
        Whether a person has to go on: what waits for that is told, and all else is done.

    Raises:
        LockedError: Another update holds the stack's lock: whose.
        EngineError: The update did not begin, or not every record succeeded: why.
    """
    listener = UpdateListener(lambda words: typer.echo(words, err=True))
    listener.tell(f"{engine.stack}: updating {', '.join(intents)}")
    with chdir(engine.project), on_interrupt(engine.cancel):  # paths in the YAML start from there
        try:
            outcome = engine.up(listener, intents)
        except TbaError as error:
            if not engine.cancelled.is_set():
                raise
            end_interrupted(error)
    show_one(outcome)
    if engine.cancelled.is_set():
        end_interrupted()
    if outcome.result is UpdateResult.FAILED:
        raise EngineError(f"{engine.stack}: not every record succeeded", "the reason stands above")
    return outcome.result is UpdateResult.WAITS


def end_interrupted(error: TbaError | None = None) -> NoReturn:
    """End this process after Ctrl-C, with `Exit.INTERRUPTED`.

    At once: a call of the provider that a second Ctrl-C has left behind may still wait for a store or for NetSuite.
    """
    if error is not None:
        typer.echo(f"error: {error}", err=True)
    typer.echo("interrupted: what was done so far is kept; run it again to go on", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(Exit.INTERRUPTED)


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM call a function, within the block, instead of raising wherever this thread happens to be.

    Args:
        act: Asks whatever runs to end. It is called again for each further signal.
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
