"""`tba simulator`: serve the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.simulator import serve


def command(
    config: Annotated[Path, typer.Option(help="The accounts to simulate: YAML or JSON.")],
    port: Annotated[int, typer.Option(help="0 takes a free port and prints it.")] = 0,
    now: Annotated[
        int | None, typer.Option(help="Epoch seconds at which its clock starts.")
    ] = None,
) -> None:
    """Serve a NetSuite simulator; the first line it prints is its address."""
    serve(config, port, now)
