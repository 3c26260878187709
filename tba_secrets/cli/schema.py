"""`tba schema`: the JSON Schema that editors check an environment's YAML with."""

from __future__ import annotations

import json

import typer

from tba_secrets.spec.schema import json_schema


def run() -> None:
    """Print it."""
    typer.echo(json.dumps(json_schema(), indent=2))
