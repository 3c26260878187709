"""`tba up`: `pulumi up` for several environments side by side, and one report.

The environments' YAML is checked first: a mistake in one of them lets none begin. From then on each stands alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import chdir
from pathlib import Path

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from tba_secrets.cli.up_report import coloured, exit_code, plain, show
from tba_secrets.engine_events import Message, Outcome, Result, Tell
from tba_secrets.errors import SpecError
from tba_secrets.spec import InvalidSpecError, load_stack, stack_names

Up = Callable[[str, Tell], Outcome]
"""Brings one environment up."""


def run(project: Path, environments: Sequence[str], *, parallel: int, as_json: bool) -> None:
    """Bring environments up, report, and end with `Exit.FAILED` where one has failed.

    Args:
        project: The folder that holds Pulumi.yaml and stacks/.
        environments: Their names; all of stacks/ where there are none.
        parallel: How many at once.
        as_json: Report for programs.

    Raises:
        SpecError: The project has no environment.
    """
    names = tuple(dict.fromkeys(environments)) or stack_names(project)
    if not names:
        raise SpecError(
            f"{project / 'stacks'}: there is no environment", "create stacks/STACK.yaml"
        )
    report = refused(project, names) or _brought_up(project, names, parallel)
    if as_json:
        typer.echo(json.dumps({"environments": [plain(one) for one in report]}, indent=2))
    else:
        show(report)
    raise typer.Exit(exit_code(report))


def refused(project: Path, names: Sequence[str]) -> list[Outcome]:
    """What is wrong with the YAML, for all of them at once; nothing where all is well."""
    wrong: dict[str, tuple[Message, ...]] = {}
    for name in names:
        try:
            load_stack(project, name)
        except InvalidSpecError as error:
            wrong[name] = tuple(Message(str(problem)) for problem in error.problems)
        except SpecError as error:
            wrong[name] = (Message(str(error)),)
    if not wrong:
        return []
    return [
        Outcome(name, Result.FAILED, errors=wrong[name])
        if name in wrong
        else Outcome(name, Result.NOT_STARTED)
        for name in names
    ]


def _brought_up(project: Path, names: Sequence[str], parallel: int) -> list[Outcome]:
    from tba_secrets.deployment import Deployer

    deployer = Deployer(project)
    with chdir(project), Progress(names) as progress:  # a source's path is relative to the project
        return all_up(names, deployer.up, parallel, progress, deployer.stop)


def all_up(
    names: Sequence[str], up: Up, parallel: int, progress: Progress, stop: Callable[[], None]
) -> list[Outcome]:
    """Every environment, in the order given; what an interrupt left out is `NOT_STARTED`.

    Args:
        names: The environments.
        up: Brings one up.
        parallel: How many at once.
        progress: Is told of each.
        stop: Lets those that run end early.
    """
    found: dict[str, Outcome] = {}
    asked: dict[Future[Outcome], str] = {}
    with ThreadPoolExecutor(parallel) as pool:
        try:
            asked = {pool.submit(up, name, progress.teller(name)): name for name in names}
            for done in as_completed(asked):
                found[asked[done]] = outcome = done.result()
                progress.ended(outcome)
        except KeyboardInterrupt:
            stop()
            pool.shutdown(cancel_futures=True)
            found |= {
                asked[f]: f.result() for f in asked if not f.cancelled() and not f.exception()
            }
    return [found.get(name, Outcome(name, Result.NOT_STARTED)) for name in names]


# --- while it runs ------------------------------------------------------------------------------------


class Progress:
    """What happens, on stderr: on a terminal a line for each environment that changes in place, else line by line."""

    def __init__(self, names: Sequence[str]) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._last = dict.fromkeys(names, "[dim]waits[/]")
        self._live = Live(console=self._console, get_renderable=self._table, transient=True)

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def teller(self, name: str) -> Tell:
        """For one environment."""
        return lambda words: self._say(name, escape(words))

    def ended(self, outcome: Outcome) -> None:
        """One environment is through."""
        self._say(outcome.environment, coloured(outcome.result))

    def _say(self, name: str, markup: str) -> None:
        self._last[name] = markup
        if not self._console.is_terminal:
            self._console.print(f"{escape(name)}: {markup}", soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for name, markup in tuple(self._last.items()):
            table.add_row(escape(name), markup)
        return table
