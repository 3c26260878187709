"""Turn text from a source into a pair that can sign: the rules that all sources share.

Impossible text is an error; unusual text is a warning. Neither ever repeats the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tba_secrets.errors import SourceError
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair

_USUAL: Final = re.compile(r"[0-9a-f]{64}")
"""Every key, id and secret in Oracle's help is 64 lower-case hexadecimal digits, but nothing promises it."""
_NOT_VISIBLE_ASCII: Final = re.compile(r"[^!-~]")


@dataclass(frozen=True)
class HalfNames:
    """What the two halves of a pair are called in messages."""

    identifier: str
    secret: str | None
    """None where there is no second half: the pair's secret is then empty."""
    is_text: bool = False
    """Both are texts of several lines, in PEM."""

    @property
    def all(self) -> tuple[str, ...]:
        """The names, one or two."""
        return (self.identifier,) if self.secret is None else (self.identifier, self.secret)


CONSUMER_HALVES: Final = HalfNames("consumer key", "consumer secret")
TOKEN_HALVES: Final = HalfNames("token id", "token secret")
CLIENT_HALVES: Final = HalfNames("client id", None)
KEY_HALVES: Final = HalfNames("certificate", "private key", is_text=True)


def make_pair(
    names: HalfNames,
    places: Sequence[str],
    texts: Sequence[str | None],
) -> Pair | None:
    """Check the texts and combine them into a pair.

    Args:
        names: What the halves are called.
        places: Where each half was looked for, for example `environment variable A`.
        texts: The text of each half, one or two; None or white space means absent.

    Returns:
        The pair, stripped of surrounding white space, or None if both halves are absent.

    Raises:
        SourceError: The pair is incomplete, has the same text twice, or holds text that no header can carry.
    """
    halves = [(text or "").strip() for text in texts]
    if not any(halves):
        return None
    for name, place, half in zip(names.all, places, halves, strict=True):
        _require_there(name, place, half)
        if not names.is_text:
            _require_usable(name, place, half)
    if len(halves) > len(set(halves)):
        raise SourceError(
            f"the {names.identifier} and the {names.secret} are the same text "
            f"({places[0]}, {places[1]})",
            "copy each of the two values that NetSuite showed to its own place",
        )
    warnings = (
        warning
        for name, place, text in zip(names.all, places, texts, strict=True)
        if not names.is_text
        for warning in _warnings(name, place, text or "")
    )
    identifier, secret = (*halves, "")[:2]
    return Pair(Sensitive(identifier), Sensitive(secret), tuple(warnings))


def _require_there(name: str, place: str, half: str) -> None:
    if not half:
        raise SourceError(
            f"the {name} is missing: {place} has no value, but the other half of the pair does",
            "set both halves, or neither to keep what is stored",
        )


def _require_usable(name: str, place: str, half: str) -> None:
    if (odd := _NOT_VISIBLE_ASCII.search(half)) is not None:
        raise SourceError(
            f"the {name} ({place}) holds {_kind(odd[0])}, at character {odd.start() + 1} of {len(half)}; NetSuite's "
            "values contain only printable ASCII without white space",
            "copy it again: one value, without line breaks or typographic characters. NetSuite shows it only once; "
            "if it is lost, create a new token",
        )


def _kind(character: str) -> str:
    """Describe a character without repeating it."""
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
