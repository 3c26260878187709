"""`tba up`: `pulumi up` for several environments side by side, and one report.

The environments' YAML is checked first, and one mistake stops all. After that each is on its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import chdir
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from tba_secrets.cli.carry_out import end_interrupted, on_interrupt
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.options import (
    AsJson,
    Project,
    TakeOver,
    Verbose,
    named_or_all,
    own_stack_names,
)
from tba_secrets.cli.up_report import coloured, exit_code, plain, show
from tba_secrets.engine import Engine, Shared
from tba_secrets.engine.events import Message, Tell, UpdateListener, UpdateOutcome, UpdateResult
from tba_secrets.errors import SpecError, TbaError
from tba_secrets.spec import InvalidSpecError, load_stack

Up = Callable[[str, Tell], UpdateOutcome]
"""Brings one environment up."""


def command(
    environments: Annotated[
        list[str] | None,
        typer.Argument(metavar="ENV", callback=own_stack_names, help="Stack names."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of stacks/.")] = False,
    parallel: Annotated[int, typer.Option(min=1, max=16, help="How many stacks at once.")] = 2,
    take_over: TakeOver = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Run `pulumi up` for several environments, and report once. One that fails does not stop the others.

    The YAML of all of them is checked before the first one starts. Stacks are made by `pulumi stack init`, not here.
    Exit codes: 0 done, or nothing to do; 1 an environment failed; 2 usage; 5 a certificate waits for a person to
    upload it; 130 interrupted.
    """
    if everything == bool(environments):
        raise typer.BadParameter("name the environments, or take all of stacks/ with --all")
    project = project.resolve()
    names = named_or_all(project, environments or [])
    fleet = Fleet(project, names, take_over=take_over)
    report = _refused(project, names) or _brought_up(project, fleet, parallel, verbose=verbose)
    if as_json:
        typer.echo(json.dumps({"environments": [plain(one) for one in report]}, indent=2))
    else:
        show(report, Exit.INTERRUPTED if fleet.cancelled else exit_code(report))
    if fleet.cancelled:
        end_interrupted(begun=any(one.result is not UpdateResult.NOT_STARTED for one in report))
    raise typer.Exit(exit_code(report))


def _refused(project: Path, names: Sequence[str]) -> list[UpdateOutcome]:
    """Return what is wrong with the YAML, for all of them at once; nothing where all is well."""
    report = [UpdateOutcome(name, UpdateResult.NOT_STARTED) for name in names]
    for number, name in enumerate(names):
        try:
            load_stack(project, name)
        except SpecError as error:
            problems = error.problems if isinstance(error, InvalidSpecError) else [error]
            messages = tuple(Message(str(problem)) for problem in problems)
            report[number] = UpdateOutcome(name, UpdateResult.FAILED, errors=messages)
    return report if any(one.result is UpdateResult.FAILED for one in report) else []


class Fleet:
    """The stacks of one run, side by side.

    `take_over` cancels the updates that hold the locks, unless they are known to be alive.
    """

    def __init__(self, project: Path, names: Sequence[str], *, take_over: bool = False) -> None:
        shared = Shared()
        self.engines = {
            name: Engine(project, name, take_over=take_over, shared=shared) for name in names
        }

    @property
    def cancelled(self) -> bool:
        """Whether the user has asked to stop."""
        return any(engine.cancelled.is_set() for engine in self.engines.values())

    def cancel(self) -> None:
        """Let those that run end in order, and begin no other. For a signal handler."""
        for engine in self.engines.values():
            engine.cancel()

    def up(self, name: str, tell: Tell) -> UpdateOutcome:
        """Bring one environment up. Never raises for what goes wrong; for threads."""
        engine, began = self.engines[name], time.monotonic()
        if engine.cancelled.is_set():
            return UpdateOutcome(name, UpdateResult.NOT_STARTED)
        tell("begins")
        try:
            return engine.up(UpdateListener(tell))
        except TbaError as error:
            tell(error.what.partition("\n")[0])
            errors = (Message(str(error)),)
            seconds = time.monotonic() - began
            return UpdateOutcome(name, UpdateResult.FAILED, errors=errors, seconds=seconds)


def _brought_up(
    project: Path, fleet: Fleet, parallel: int, *, verbose: bool
) -> list[UpdateOutcome]:
    names = tuple(fleet.engines)
    # A source's path is relative to the project.
    with chdir(project), on_interrupt(fleet.cancel), Progress(names, verbose=verbose) as progress:
        return all_up(names, fleet.up, parallel, progress)


def all_up(names: Sequence[str], up: Up, parallel: int, progress: Progress) -> list[UpdateOutcome]:
    """Bring every environment up, so many at once; the outcomes in the order given."""
    with ThreadPoolExecutor(parallel) as pool:
        asked = {name: pool.submit(up, name, progress.teller(name)) for name in names}
        for done in as_completed(asked.values()):
            progress.ended(done.result())
    return [done.result() for done in asked.values()]


# --- while it runs ------------------------------------------------------------------------------------


class Progress:
    """What happens, on stderr: on a terminal a line for each environment that changes in place, else what has ended.

    `verbose` prints each step instead, and keeps it.
    """

    def __init__(self, names: Sequence[str], *, verbose: bool) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._in_place = self._console.is_terminal and not verbose
        self._verbose = verbose
        self._last = dict.fromkeys(names, "[dim]waits[/]")
        self._live = Live(console=self._console, get_renderable=self._table, transient=True)

    def __enter__(self) -> Progress:
        if self._in_place:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def teller(self, name: str) -> Tell:
        """Return what reports the steps of one environment."""
        if not self._in_place and not self._verbose:
            return lambda _words: None
        return lambda words: self._say(name, escape(words))

    def ended(self, outcome: UpdateOutcome) -> None:
        """Show how one environment ended."""
        self._say(outcome.environment, coloured(outcome.result))

    def _say(self, name: str, markup: str) -> None:
        self._last[name] = markup
        if not self._in_place:
            self._console.print(f"{escape(name)}: {markup}", soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for name, markup in tuple(self._last.items()):
            table.add_row(escape(name), markup)
        return table
