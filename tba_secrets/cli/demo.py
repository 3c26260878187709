"""`tba demo`: the whole job told step by step, each a real run that can be repeated by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tba_secrets.cli.options import NewProject
from tba_secrets.demo.oauth2_story import OAuth2Story
from tba_secrets.demo.stores import STORES
from tba_secrets.demo.tba_story import TbaStory
from tba_secrets.demo.world import open_world, stop_servers
from tba_secrets.errors import TbaError
from tba_secrets.loopback import bypass
from tba_secrets.suggestions import did_you_mean, or_else

_STORIES = {"tba": TbaStory, "oauth2": OAuth2Story}


def command(
    project: NewProject = Path(),
    store: Annotated[str, typer.Option(help="aws or vault.")] = "aws",
    auth: Annotated[
        str, typer.Option(help="tba; or oauth2: certificates, and the way there from TBA.")
    ] = "tba",
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the servers running at the end.")
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop the servers that --keep left running.")
    ] = False,
) -> None:
    """Run the whole job on this machine: provision, prove, rotate, refuse, roll back, retire; or migrate."""
    console = Console(highlight=False)
    if stop:
        ended = stop_servers(project.resolve())
        console.print("stopped the demo's servers" if ended else "no demo servers are running")
        return
    os.environ |= bypass(os.environ)
    for what, given, known in (("store", store, STORES), ("kind", auth, _STORIES)):
        if given not in known:
            remedy = or_else(did_you_mean(given, known), f"take one of {', '.join(known)}")
            raise TbaError(f"there is no demo for that {what}", remedy)
    world = open_world(project.resolve(), store, auth)
    try:
        _STORIES[auth](world, console).tell(keep=keep)
    except BaseException:
        world.close()
        raise
    if not keep:
        world.close()
