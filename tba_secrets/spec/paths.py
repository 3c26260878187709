"""The place of a value in an environment, as code and as people write it."""

from __future__ import annotations

from tba_secrets.spec.suspicion import is_plain_key

Path = tuple[str | int, ...]
"""Keys and list indices from the top of the file."""


def path_text(path: Path) -> str:
    """Format a path as `integrations[0].tokens[1].user`, hiding keys that could be secrets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if is_plain_key(part) else "[...]"
    return text.removeprefix(".") or "the file"
