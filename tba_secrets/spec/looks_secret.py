"""Detect text that looks like a secret value, so that it can be refused and never repeated.

Consumer keys and secrets, token ids and token secrets are 64 hexadecimal digits in every sample in
Oracle's help ("The Signature for Web Services and RESTlets"). Other random values are recognised by
how often letters and digits alternate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

_TBA_VALUE: Final = re.compile(r"(?<!sha256:)(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
_ARGUMENT: Final = re.compile(
    r"""(--?[\w-]+=)?[\s"'`]*[0-9A-Fa-f]{64}[\s"'`]*|.*-----BEGIN .*""", re.DOTALL
)
_UNBROKEN_RUN: Final = re.compile(r"[A-Za-z0-9+/=]{20,}")
_HEX: Final = re.compile(r"(?=.*[0-9])(?=.*[A-Fa-f])[0-9A-Fa-f]+")
_RANDOM_ALTERNATION: Final = 0.45
"""Random base64 changes between upper case, lower case and digits at 0.62 of its steps, words in camel case at 0.37."""
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")


def pasted_values(text: str) -> Iterator[re.Match[str]]:
    """Find every run of exactly 64 hexadecimal digits that is not labelled as a SHA-256 digest."""
    return _TBA_VALUE.finditer(text)


def is_pasted_argument(argument: str) -> bool:
    """Return whether an argument of a command line is nothing but a TBA value, or holds a private key."""
    return _ARGUMENT.fullmatch(argument) is not None


def looks_secret(text: str) -> bool:
    """Return whether a name contains a run of characters that reads like a key rather than like words."""
    return any(_is_random(run) for run in _UNBROKEN_RUN.findall(text))


def is_plain_key(key: str) -> bool:
    """Return whether a key, known to the models or not, is safe to repeat in a message."""
    return _PLAIN_KEY.fullmatch(key) is not None and not looks_secret(key)


def shown_key(key: str) -> str:
    """Quote `key` if it is harmless; otherwise say that it is not shown."""
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
