"""Say a few lines of prose; what wraps them on a terminal is loaded there alone."""

from __future__ import annotations

import os
import sys

import typer


def say(text: str, *, err: bool = False) -> None:
    """Print lines as they are; on a terminal wrapped between words.

    Args:
        text: The lines, without markup.
        err: To standard error.
    """
    if not ((sys.stderr if err else sys.stdout).isatty() or "FORCE_COLOR" in os.environ):
        typer.echo(text, err=err)
        return
    from rich.markup import escape

    from tba_secrets.cli.printing import report_console, tell

    tell(report_console(stderr=err), escape(text))
