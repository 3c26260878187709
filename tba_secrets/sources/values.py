"""Turn the texts of a source into a pair: the rules that all sources share.

Impossible text is an error; unusual text is a warning. Neither ever repeats the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tba_secrets.errors import SourceError
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair

_USUAL: Final = re.compile(r"[0-9a-f]{64}")
"""Every key, id and secret in Oracle's help is 64 lower-case hexadecimal digits, but nothing promises it."""
_QUOTES: Final = ('"', "'", "`")
_NOT_VISIBLE_ASCII: Final = re.compile(r"[^!-~]")

Places = tuple[str, ...]
"""Where each text was looked for, for example `environment variable A`."""
Texts = tuple[str | None, ...]
"""What was found there; None or white space means absent."""
PairMaker = Callable[[Places, Texts], Pair | None]
"""Makes the pair of one kind of what a source found, or None if it found nothing."""


class HalfNames(NamedTuple):
    """What the two halves of a pair are called in messages."""

    identifier: str
    secret: str


CONSUMER_HALVES: Final = HalfNames("consumer key", "consumer secret")
TOKEN_HALVES: Final = HalfNames("token id", "token secret")
_KEY_HALVES: Final = HalfNames("private key", "certificate")
_CLIENT_ID: Final = "client id"


def make_pair(names: HalfNames, places: Places, texts: Texts) -> Pair | None:
    """Check two texts and combine them, stripped, into a pair that can sign; return None if both are absent.

    Raises:
        SourceError: The pair is incomplete, has the same text twice, or holds text that no header can carry.
    """
    halves = _both_halves(names, places, texts)
    if halves is None:
        return None
    for name, place, half in zip(names, places, halves, strict=True):
        _require_usable(name, place, half)
    identifier, secret = halves
    if identifier == secret:
        raise SourceError(
            f"the {names.identifier} and the {names.secret} are the same text "
            f"({places[0]}, {places[1]})",
            "copy each of the two values that NetSuite showed to its own place",
        )
    warnings = (
        warning
        for name, place, text in zip(names, places, texts, strict=True)
        for warning in _warnings(name, place, text or "")
    )
    return Pair(Sensitive(identifier), Sensitive(secret), tuple(warnings))


def make_client(places: Places, texts: Texts) -> Pair | None:
    """Return a client id as a pair whose secret is empty, or None if it is absent.

    Raises:
        SourceError: It holds text that no assertion can carry.
    """
    (place,), (text,) = places, texts
    client_id = (text or "").strip()
    if not client_id:
        return None
    _require_usable(_CLIENT_ID, place, client_id)
    warnings = _warnings(_CLIENT_ID, place, text or "")
    return Pair(Sensitive(client_id), Sensitive(""), tuple(warnings))


def make_key(places: Places, texts: Texts) -> Pair | None:
    """Check a private key and its certificate; return the certificate id with both PEMs, or None if both are absent.

    The algorithm is declared elsewhere: here the key has to fit any that NetSuite takes. `cryptography` is loaded where
    there is a key, and not otherwise.

    Raises:
        SourceError: One is missing, or NetSuite would not take them.
    """
    halves = _both_halves(_KEY_HALVES, places, texts)
    if halves is None:
        return None
    from tba_secrets.netsuite.oauth2.algorithms import Algorithm
    from tba_secrets.netsuite.oauth2.certificates import check, load_key
    from tba_secrets.netsuite.oauth2.parts import as_pair

    private_key, certificate = Sensitive(_unescaped(halves[0])), _unescaped(halves[1])
    key_place, certificate_place = places
    key = load_key(private_key, key_place)
    fitting = next(one for one in Algorithm if one.fits(key))
    certified = check(private_key, certificate, fitting, datetime.now(UTC), certificate_place)
    warnings = (
        f"the {name} ({place}) had \\n in the place of line breaks, and was read as if it had them"
        for name, place, half in zip(_KEY_HALVES, places, halves, strict=True)
        if _unescaped(half) != half
    )
    return replace(as_pair(certified), warnings=tuple(warnings))


def _both_halves(names: HalfNames, places: Places, texts: Texts) -> tuple[str, str] | None:
    """Return two texts without the white space around them, or None if both are absent; only one is an error."""
    first, second = ((text or "").strip() for text in texts)
    if not first and not second:
        return None
    for name, place, half in zip(names, places, (first, second), strict=True):
        if not half:
            raise SourceError(
                f"the {name} is missing: {place} has no value, but the other half of the pair does",
                "set both halves, or neither to keep what is stored",
            )
    return first, second


def _require_usable(name: str, place: str, half: str) -> None:
    if (odd := _NOT_VISIBLE_ASCII.search(half)) is not None:
        raise SourceError(
            f"the {name} ({place}) holds {_kind(odd[0])}, at character {odd.start() + 1} of {len(half)}; NetSuite's "
            "values contain only printable ASCII without white space",
            "copy it again: one value, without line breaks or typographic characters. NetSuite shows it only once; "
            "if it is lost, have it issue a new one",
        )
    # NetSuite would refuse the login, and a user has three of those in 30 minutes.
    if half.startswith(_QUOTES) or half.endswith(_QUOTES):
        raise SourceError(
            f"the {name} ({place}) has a quotation mark around it",
            "give the value alone: what reads it does not take quotation marks away",
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


def _unescaped(pem: str) -> str:
    r"""Put line breaks where CI systems store `\n`: no PEM has a backslash of its own."""
    return pem.replace(r"\r", "").replace(r"\n", "\n")
