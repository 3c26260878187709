"""Say a few lines of prose, and count in them; what wraps them on a terminal is loaded there alone."""

from __future__ import annotations

import os
import sys

import typer


def say(text: str, *, err: bool = False) -> None:
    """Print lines without markup as they are; on a terminal wrapped between words."""
    if not ((sys.stderr if err else sys.stdout).isatty() or "FORCE_COLOR" in os.environ):
        typer.echo(text, err=err)
        return
    from rich.markup import escape

    from tba_secrets.cli.printing import report_console, tell

    tell(report_console(stderr=err), escape(text))


def counted(number: int, noun: str) -> str:
    """Count things: `1 token`, `2 tokens`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
