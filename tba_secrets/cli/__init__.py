"""The command line `tba`: one file per command, one boundary where an error becomes an exit code.

Exit codes: 0 done; 1 it failed, and the message says where, what and what to do; 2 the command line itself was wrong.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from tba_secrets import __version__
from tba_secrets.errors import TbaError

app = typer.Typer(
    name="tba",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tba-secrets {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """NetSuite TBA credentials as infrastructure: staged, proven by a signed call, then promoted."""


def main() -> None:
    """Run the console script `tba`."""
    from tba_secrets.cli import commands  # noqa: F401 - importing it registers the commands

    # Engine, program and provider talk over gRPC on this machine; Python's gRPC would ask a proxy for that.
    os.environ.setdefault("no_grpc_proxy", "127.0.0.1,localhost")
    try:
        app()
    except TbaError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
