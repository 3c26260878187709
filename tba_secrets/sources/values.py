"""Text from a source -> a pair that can be signed with: the rules that all sources share.

What cannot be right is an error, what is only unusual is a warning. Neither ever repeats the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tba_secrets.errors import SourceError
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair

_USUAL: Final = re.compile(r"[0-9a-f]{64}")
"""Every key, id and secret in Oracle's help is 64 lower-case hexadecimal digits; no sentence there promises it."""
_NOT_VISIBLE_ASCII: Final = re.compile(r"[^!-~]")


@dataclass(frozen=True)
class HalfNames:
    """What the two halves of a pair are called in messages."""

    identifier: str
    secret: str


CONSUMER_HALVES: Final = HalfNames("consumer key", "consumer secret")
TOKEN_HALVES: Final = HalfNames("token id", "token secret")


def make_pair(
    names: HalfNames,
    places: tuple[str, str],
    texts: tuple[str | None, str | None],
) -> Pair | None:
    """Check two texts and make a pair of them.

    Args:
        names: What the halves are called.
        places: Where each half was looked for, for example `environment variable A`.
        texts: What was found there; None or only white space for nothing.

    Returns:
        The pair, stripped of surrounding white space; None where both halves are absent.

    Raises:
        SourceError: Half a pair, the same text twice, or text that no header could carry.
    """
    identifier, secret = ((text or "").strip() for text in texts)
    if not identifier and not secret:
        return None
    for name, place, half in zip(_both(names), places, (identifier, secret), strict=True):
        _require_usable(name, place, half)
    if identifier == secret:
        raise SourceError(
            f"the {names.identifier} and the {names.secret} are the same text "
            f"({places[0]}, {places[1]})",
            "copy each of the two values that NetSuite showed to its own place",
        )
    warnings = (
        warning
        for name, place, text in zip(_both(names), places, texts, strict=True)
        for warning in _warnings(name, place, text or "")
    )
    return Pair(Sensitive(identifier), Sensitive(secret), tuple(warnings))


def _both(names: HalfNames) -> tuple[str, str]:
    return names.identifier, names.secret


def _require_usable(name: str, place: str, half: str) -> None:
    if not half:
        raise SourceError(
            f"the {name} is missing: {place} has no value, while the other half of the pair has",
            "set both halves, or neither to keep what is stored",
        )
    if (odd := _NOT_VISIBLE_ASCII.search(half)) is not None:
        raise SourceError(
            f"the {name} ({place}) holds {_kind(odd[0])}, at character {odd.start() + 1} of {len(half)}; white space "
            "and characters that are not printable ASCII are in no value of NetSuite's",
            "copy it again from where it is kept: one value, without line breaks and typographic characters. NetSuite "
            "shows it once; where it is lost, make a new token",
        )


def _kind(character: str) -> str:
    """In words, without the character."""
    if character in "\r\n":
        return "a line break"
    return "white space" if character.isspace() else "a character that is not printable ASCII"


def _warnings(name: str, place: str, text: str) -> list[str]:
    warnings = []
    if text != (stripped := text.strip()):
        warnings.append(f"the {name} ({place}) had white space around it, which was removed")
    if not _USUAL.fullmatch(stripped):
        shape = f"{len(stripped)} characters" if len(stripped) != 64 else "other characters"
        warnings.append(
            f"the {name} ({place}) has {shape}; NetSuite shows 64 lower-case hexadecimal digits"
        )
    return warnings
