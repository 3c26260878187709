"""`tba schema`: the JSON Schema that editors check an environment's YAML with."""

from __future__ import annotations

import json

import typer

from tba_secrets.spec.schema import json_schema


def command() -> None:
    """Print the JSON Schema of an environment's YAML, for editors."""
    typer.echo(json.dumps(json_schema(), indent=2))
