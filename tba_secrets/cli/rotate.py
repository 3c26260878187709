"""`tba rotate`: a new token in, proven, current; the old one stays valid through its overlap."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.consumer import run as rotate_consumer
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.new_tokens import bring_in
from tba_secrets.cli.options import EnvironmentName, Project, TakeOver, Tokens, Verbose
from tba_secrets.cli.retire import retire_due
from tba_secrets.cli.rotate_due import run as rotate_due
from tba_secrets.engine import Engine
from tba_secrets.stores.versions import Origin


def command(
    environment: EnvironmentName,
    tokens: Tokens = None,
    prompt: Annotated[bool, typer.Option("--prompt", help="Type the new token, unseen.")] = False,
    authorize: Annotated[
        bool, typer.Option("--authorize", help="Have NetSuite issue one: its consent page opens.")
    ] = False,
    browser: Annotated[
        bool, typer.Option(help="Open the consent page; else its address is printed.")
    ] = True,
    consumer: Annotated[
        str | None, typer.Option(help="An integration whose consumer pair was reset.")
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="Rotate what is due by its policy, unattended.")
    ] = False,
    accept_cut: Annotated[
        bool,
        typer.Option(
            "--accept-cut", help="Do not ask to confirm the outage: a consumer pair has no overlap."
        ),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Take a token that was superseded before.")
    ] = False,
    new: Annotated[
        bool,
        typer.Option(
            "--new", help="Make another key, even where a certificate waits for its upload."
        ),
    ] = False,
    take_over: TakeOver = False,
    verbose: Verbose = False,
    project: Project = Path(),
) -> None:
    """Rotate to a new token: stage it, prove it, make it current. By default it comes from its source.

    It runs `pulumi up` on the same stack, for these tokens alone; a plain `pulumi up` afterwards has nothing to do.
    Tokens that an earlier rotation superseded are revoked where their overlap is over.

    Exit codes: 0 done; 1 not every record succeeded; 2 usage; 5 a certificate waits for
    its upload, or with --due a token for a person; 130 interrupted.
    """
    if prompt and authorize:
        raise typer.BadParameter("take one of --prompt and --authorize")
    if [bool(tokens), consumer is not None, due].count(True) != 1:
        raise typer.BadParameter(
            "name the tokens to rotate; or an integration with --consumer; or --due"
        )
    engine = Engine(project.resolve(), environment, take_over=take_over)
    if due:
        rotate_due(engine, verbose=verbose)
        return
    if consumer is not None:
        rotate_consumer(engine, consumer, accept_cut=accept_cut, verbose=verbose)
        return
    records = credentials.find(engine.project, engine.stack, tokens or [])
    asked = Origin.TYPED if prompt else Origin.ISSUED if authorize else None
    waits = bring_in(engine, records, asked, browser=browser, again=again, new=new, verbose=verbose)
    retire_due(engine, records, verbose=verbose)
    if waits:
        raise typer.Exit(Exit.PERSON)
