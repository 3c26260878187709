"""`tba check`: all problems of all environments at once."""

from __future__ import annotations

from pathlib import Path

import typer

from tba_secrets.errors import SpecError
from tba_secrets.records import credential_records
from tba_secrets.spec import load_stack, stack_names


def run(project: Path, environments: list[str]) -> None:
    """Print a line for each environment that is right; end with exit code 1 where one is not."""
    failed = False
    for name in environments or stack_names(project):
        try:
            records = credential_records(load_stack(project, name))
        except SpecError as error:
            typer.echo(str(error), err=True)
            failed = True
        else:
            count = f"{len(records)} token" + ("s" if len(records) != 1 else "")
            typer.echo(f"{name}: {count}, no problem found")
    raise typer.Exit(1 if failed else 0)
