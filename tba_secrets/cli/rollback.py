"""`tba rollback`: what was current before is current again, tested before and after."""

from __future__ import annotations

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.carry_out import carry_out
from tba_secrets.cli.exits import Exit
from tba_secrets.engine import Engine
from tba_secrets.provider.intents import Rollback


def run(engine: Engine, token: str, *, verbose: bool) -> None:
    """Roll one token back.

    Raises:
        TbaError: It is not declared, has no previous credential, or the previous one is revoked or has failed.
        typer.Exit: With `Exit.PERSON` where it waits for a person.
    """
    record = credentials.find_one(engine.project, engine.stack, token)
    if carry_out(engine, {record.path: Rollback()}, "rolled back", verbose=verbose):
        raise typer.Exit(Exit.PERSON)
