"""Where something stands in an environment, as code and as people write it."""

from __future__ import annotations

from tba_secrets.spec.suspicion import is_plain_key

Path = tuple[str | int, ...]
"""Keys and list indices from the top of the file."""


def path_text(path: Path) -> str:
    """`integrations[0].tokens[1].user`; a key that could be a secret is not repeated."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if is_plain_key(part) else "[...]"
    return text.removeprefix(".") or "the file"
