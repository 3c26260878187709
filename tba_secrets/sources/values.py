"""Turn text from a source into a pair that can sign: the rules that all sources share.

Impossible text is an error; unusual text is a warning. Neither ever repeats the text.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from tba_secrets.errors import SourceError
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair

_USUAL: Final = re.compile(r"[0-9a-f]{64}")
"""Every key, id and secret in Oracle's help is 64 lower-case hexadecimal digits, but nothing promises it."""
_NOT_VISIBLE_ASCII: Final = re.compile(r"[^!-~]")


Texts = tuple[str | None, ...]
"""What a source found, one text for each value; None or white space means absent."""


class Shape(ABC):
    """What a source is to give: how many values, what they are called, and how they become a pair."""

    names: tuple[str, ...]
    """What each value is called in messages."""

    def pair(self, places: tuple[str, ...], texts: Texts) -> Pair | None:
        """Check the texts and combine them into a pair.

        Args:
            places: Where each value was looked for, for example `environment variable A`.
            texts: One for each value.

        Returns:
            The pair, or None if every value is absent.

        Raises:
            SourceError: A value is missing beside another one, or cannot be used.
        """
        stripped = tuple((text or "").strip() for text in texts)
        if not any(stripped):
            return None
        for name, place, text in zip(self.names, places, stripped, strict=True):
            if not text:
                raise SourceError(
                    f"the {name} is missing: {place} has no value, but the other half of the pair does",
                    "set both halves, or neither to keep what is stored",
                )
        return self._made(places, texts, stripped)

    @abstractmethod
    def _made(self, places: tuple[str, ...], texts: Texts, stripped: tuple[str, ...]) -> Pair:
        """Combine texts that are all there."""


@dataclass(frozen=True)
class Halves(Shape):
    """The two halves of a TBA pair, which go into a header as they are."""

    names: tuple[str, str]

    def _made(self, places: tuple[str, ...], texts: Texts, stripped: tuple[str, ...]) -> Pair:
        identifier, secret = stripped
        for name, place, half in zip(self.names, places, stripped, strict=True):
            _require_usable(name, place, half)
        if identifier == secret:
            raise SourceError(
                f"the {self.names[0]} and the {self.names[1]} are the same text "
                f"({places[0]}, {places[1]})",
                "copy each of the two values that NetSuite showed to its own place",
            )
        warnings = (
            warning
            for name, place, text in zip(self.names, places, texts, strict=True)
            for warning in _warnings(name, place, text or "")
        )
        return Pair(Sensitive(identifier), Sensitive(secret), tuple(warnings))


class ClientId(Shape):
    """The client id of an integration record: the same value as its consumer key, and no secret beside it."""

    names = ("client id",)

    def _made(self, places: tuple[str, ...], texts: Texts, stripped: tuple[str, ...]) -> Pair:
        ((client_id,), (place,), (text,)) = stripped, places, texts
        _require_usable("client id", place, client_id)
        return Pair(
            Sensitive(client_id),
            Sensitive(""),
            tuple(_warnings("client id", place, text or "")),
        )


class KeyAndCertificate(Shape):
    """A private key and its certificate, both in PEM; they become the certificate's id, and both PEMs in one."""

    names = ("private key", "certificate")

    def _made(self, places: tuple[str, ...], texts: Texts, stripped: tuple[str, ...]) -> Pair:
        from tba_secrets.netsuite.oauth2.algorithms import Algorithm
        from tba_secrets.netsuite.oauth2.certificates import check, load_key
        from tba_secrets.netsuite.oauth2.parts import as_pair

        warnings = tuple(
            f"the {name} ({place}) has its line breaks written as \\n, which was put right"
            for name, place, text in zip(self.names, places, stripped, strict=True)
            if "\\n" in text
        )
        private_key, certificate = (text.replace("\\n", "\n") for text in stripped)
        where = f"the private key ({places[0]})"
        key = load_key(Sensitive(private_key), where)
        fitting = next(one for one in Algorithm if one.fits(key))  # `load_key` takes no other key
        now = datetime.now(UTC)
        certified = check(Sensitive(private_key), certificate, fitting, now, where)
        return replace(as_pair(certified), warnings=warnings)


CONSUMER_PAIR: Final = Halves(("consumer key", "consumer secret"))
TOKEN_PAIR: Final = Halves(("token id", "token secret"))
CLIENT_ID: Final = ClientId()
KEY_AND_CERTIFICATE: Final = KeyAndCertificate()


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
