"""What a person sees while a command is at work."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.status import Status


def waiting(what: str) -> Status:
    """A line that moves, on stderr, and only on a terminal; for a `with` block. `update` changes its words.

    Args:
        what: What is done, in the present participle.
    """
    return Console(stderr=True).status(escape(what))
