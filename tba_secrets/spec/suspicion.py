"""Does a piece of text look like a secret value? Then it is refused where a name belongs, and never repeated.

Consumer keys and secrets, token ids and token secrets are 64 hexadecimal digits in every sample of Oracle's help
("The Signature for Web Services and RESTlets"); other random values are told by how often letters and digits alternate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

_TBA_VALUE: Final = re.compile(r"(?<!sha256:)(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
_UNBROKEN_RUN: Final = re.compile(r"[A-Za-z0-9+/=]{20,}")
_HEX: Final = re.compile(r"(?=.*[0-9])(?=.*[A-Fa-f])[0-9A-Fa-f]+")
_RANDOM_ALTERNATION: Final = 0.45
"""Random base64 changes between upper case, lower case and digits at 0.62 of its steps, words in camel case at 0.37."""
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


def pasted_values(text: str) -> Iterator[re.Match[str]]:
    """Every run of exactly 64 hexadecimal digits that is not named as a SHA-256 digest."""
    return _TBA_VALUE.finditer(text)


def looks_secret(text: str) -> bool:
    """Whether a name holds a run of characters that reads like a key rather than like words."""
    return any(_is_random(run) for run in _UNBROKEN_RUN.findall(text))


def is_plain_key(key: str) -> bool:
    """Whether a key that the models may not know can be repeated in a message."""
    return _PLAIN_KEY.fullmatch(key) is not None and not looks_secret(key)


def shown_key(key: str) -> str:
    """`key` in quotes where it is plain and harmless, else words that do not repeat it."""
    return f"`{key}`" if is_plain_key(key) else "(not shown: it may be a secret)"


def _is_random(run: str) -> bool:
    if _HEX.fullmatch(run):
        return True
    steps = sum(_kind(a) != _kind(b) for a, b in pairwise(run))
    return steps / len(run) >= _RANDOM_ALTERNATION


def _kind(character: str) -> str:
    if character.isdigit():
        return "digit"
    return "upper" if character.isupper() else "lower" if character.islower() else "sign"
