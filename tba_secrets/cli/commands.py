"""Every command of `tba`, registered; what each does is in its own module and imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.cli import app

Project = Annotated[Path, typer.Option(help="The folder that holds Pulumi.yaml and stacks/.")]


@app.command()
def check(
    environments: Annotated[
        list[str] | None, typer.Argument(help="Stack names; all of stacks/ where absent.")
    ] = None,
    project: Project = Path(),
) -> None:
    """Find every mistake in the environments' YAML, offline."""
    from tba_secrets.cli.check import run

    run(project, environments or [])


@app.command()
def schema() -> None:
    """Print the JSON Schema of an environment's YAML, for editors."""
    from tba_secrets.cli.schema import run

    run()


@app.command()
def simulator(
    config: Annotated[Path, typer.Option(help="The accounts to simulate: YAML or JSON.")],
    port: Annotated[int, typer.Option(help="0 takes a free one, and prints it.")] = 0,
    now: Annotated[
        int | None, typer.Option(help="Epoch seconds at which its clock stands still.")
    ] = None,
) -> None:
    """Serve a NetSuite simulator; the first line it prints is its address."""
    from tba_secrets.simulator import serve

    serve(config, port, now)


@app.command()
def demo(
    project: Project = Path(),
    store: Annotated[str, typer.Option(help="aws or vault.")] = "aws",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the servers up at the end.")] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="End the servers that --keep left up.")
    ] = False,
) -> None:
    """Run the main job on this machine: provision, prove, rotate, refuse."""
    from tba_secrets.cli.demo import run

    run(project.resolve(), store=store, keep=keep, stop=stop)
