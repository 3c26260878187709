"""`tba rollback`: what was current before is current again, tested before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.carry_out import carry_out
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.options import EnvironmentName, Project, TakeOver, Verbose
from tba_secrets.engine import Engine
from tba_secrets.provider.intents import Rollback


def command(
    environment: EnvironmentName,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="INTEGRATION/TOKEN or TOKEN.")],
    take_over: TakeOver = False,
    verbose: Verbose = False,
    project: Project = Path(),
) -> None:
    """Make what was current before current again, tested before and after."""
    engine = Engine(project.resolve(), environment, take_over=take_over)
    record = credentials.find_one(engine.project, engine.stack, token)
    if carry_out(engine, {record.path: Rollback()}, "rolled back", verbose=verbose):
        raise typer.Exit(Exit.PERSON)
