"""What the user sees while a command works."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.status import Status


def waiting(what: str) -> Status:
    """Show a moving line on stderr, on a terminal only; use it in a `with` block.

    `update` changes its words.

    Args:
        what: What is done, in the present participle.
    """
    return Console(stderr=True).status(escape(what))
