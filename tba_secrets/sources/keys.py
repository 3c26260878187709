"""Turn the texts of a source into a private key and its certificate, both PEM.

`cryptography` is loaded where a source has a key, and not otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.sources.values import HalfNames, Places, Texts, both_halves

_HALVES: Final = HalfNames("private key", "certificate")


def make_key(places: Places, texts: Texts) -> Pair | None:
    """Check a private key and its certificate and combine them into a pair.

    The algorithm is declared elsewhere: here the key has to fit any that NetSuite takes.

    Returns:
        The certificate id with both PEMs, or None if both are absent.

    Raises:
        SourceError: One is missing, or NetSuite would not take them.
    """
    halves = both_halves(_HALVES, places, texts)
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
        for name, place, half in zip(_HALVES, places, halves, strict=True)
        if _unescaped(half) != half
    )
    return replace(as_pair(certified), warnings=tuple(warnings))


def _unescaped(pem: str) -> str:
    r"""Put line breaks where CI systems store `\n`: no PEM has a backslash of its own."""
    return pem.replace(r"\r", "").replace(r"\n", "\n")
