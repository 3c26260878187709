"""In what shapes a value can leak: each shape as the byte strings that betray it.

A leak may be cut short, so that every run of 12 characters of a value is looked for by itself, in every encoding.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote

WINDOW: Final = 12
"""Characters of a value that must not be seen together: 48 bits of a hexadecimal value."""
_BASE64_WINDOW: Final = 15
"""The fewest base64 characters that 12 whole bytes determine, whatever their place in a group of three (RFC 4648)."""
_GO_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What Go's encoding/json escapes beside JSON's own; the engine writes its files with it."""


def _json(character: str) -> str:
    return json.dumps(character)[1:-1]


def _go_json(character: str) -> str:
    return _GO_ESCAPES.get(character, _json(character))


def _twice(encode: Callable[[str], str]) -> Callable[[str], str]:
    return lambda character: "".join(encode(one) for one in encode(character))


def _lower_percent(character: str) -> str:
    quoted = quote(character, safe="")
    return quoted.lower() if len(quoted) > 1 else quoted


_PERCENT_ALL: Final = "%{:02X}"
_CHARACTERS: Final[dict[str, Callable[[str], str]]] = {
    "raw": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "hex": lambda character: f"{ord(character):02x}",
    "hex, upper case": lambda character: f"{ord(character):02X}",
    "JSON": _json,
    "JSON of Go": _go_json,
    "JSON twice": _twice(_json),
    "JSON of Go twice": _twice(_go_json),
    "percent": lambda character: quote(character, safe=""),
    "percent, lower case": _lower_percent,
    "percent twice": _twice(lambda character: quote(character, safe="")),
    "percent, slashes kept": quote,
    "percent, as browsers do": lambda character: quote(character, safe="!*'()"),
    "percent, every character": lambda character: _PERCENT_ALL.format(ord(character)),
    "percent, every character, lower case": lambda c: _PERCENT_ALL.format(ord(c)).lower(),
    "HTML": html.escape,
    "Python literal": lambda character: "\\\\" if character == "\\" else character,
    "Python literal, both quotes": lambda c: f"\\{c}" if c in "\\'" else c,
    "shell": lambda character: "'\"'\"'" if character == "'" else character,
}
"""Encodings that take one character after the other, as text."""
_ALPHABETS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "base64": base64.b64encode,
    "base64, URL-safe": base64.urlsafe_b64encode,
}

ENCODINGS: Final = (*_CHARACTERS, "UTF-16LE", "UTF-16BE", "reversed", *_ALPHABETS)
"""Every encoding that is looked for."""


def needles(value: str) -> Iterator[tuple[str, bytes]]:
    """(encoding, bytes) for every window of `value` in every encoding, the plainest encoding first."""
    for name, encode in _CHARACTERS.items():
        coded = [encode(character).encode() for character in value]
        yield from ((name, b"".join(window)) for window in _windows(coded))
    for name in ("UTF-16LE", "UTF-16BE"):
        coded = [character.encode(name) for character in value]
        yield from ((name, b"".join(window)) for window in _windows(coded))
    backwards = value[::-1].encode()
    yield from (("reversed", backwards[at : at + WINDOW]) for at in range(len(value) - WINDOW + 1))
    for name, alphabet in _ALPHABETS.items():
        yield from ((name, needle) for needle in _base64(value.encode(), alphabet))


def _windows(coded: list[bytes]) -> Iterator[list[bytes]]:
    return (coded[at : at + WINDOW] for at in range(len(coded) - WINDOW + 1))


def _base64(value: bytes, alphabet: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Windows of the characters that the value alone determines, for each place of its first byte in a group."""
    for before in range(3):
        text = alphabet(b"\0" * before + value)
        first = (before * 8 + 5) // 6
        last = (before + len(value)) * 8 // 6
        for at in range(first, last - _BASE64_WINDOW + 1):
            yield text[at : at + _BASE64_WINDOW]
