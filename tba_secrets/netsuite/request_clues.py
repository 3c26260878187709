"""What a refused request shows by itself: faults of form, which NetSuite answers like a wrong secret.

For requests that another program made. Rules: Oracle help, "The Authorization Headers" and "TokenPassport Complex
Type"; the faults are those that users report most (GitHub timbal-ai/timbal #80, activepieces/activepieces #12555,
mvantellingen/python-zeep #1374).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from tba_secrets.netsuite import soap
from tba_secrets.netsuite.clock import TOLERANCE_SECONDS
from tba_secrets.netsuite.rules import Clue
from tba_secrets.netsuite.signing import METHOD

_SHORTEST_NONCE: Final = 6
_PAIR: Final = re.compile(r'([A-Za-z_][\w.~-]*)\s*=\s*"([^"]*)"')
_HEX: Final = re.compile(r"[0-9A-Fa-f]{40,}")
_SPECIAL: Final = re.compile(r"[!'()* ]|%(?:21|20|2[789A])", re.IGNORECASE)
_PASSPORT: Final = ("account", "consumerKey", "token", "nonce", "timestamp", "signature")
_HEADER: Final = ("consumer_key", "token", "nonce", "timestamp", "signature_method", "signature")
_FLOW: Final = {"realm", "role"}
"""Parameters of a header that do not begin with `oauth_` and belong there."""


@dataclass(frozen=True, repr=False)
class SeenRequest:
    """A request that somebody else signed. Its `repr` shows nothing: it holds a signature."""

    authorization: str = ""
    """The Authorization header; empty for SOAP."""
    url: str = ""
    envelope: str = ""
    """The body, where it is SOAP."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'SOAP' if self.envelope else 'OAuth header'})"


def clues_of_requests(
    requests: Iterable[SeenRequest], server_seconds: float | None = None
) -> frozenset[Clue]:
    """Return what the requests show.

    The same nonce and timestamp twice is a replay. `server_seconds` is NetSuite's clock when they came, from the
    answer's Date header.
    """
    fields = [(one, _fields(one)) for one in requests]
    found: set[Clue] = set()
    for request, said in fields:
        found |= _form(said, soap_request=bool(request.envelope))
        found |= _time(said.get("timestamp", [""])[0], server_seconds)
        if _SPECIAL.search(urlsplit(request.url).path):
            found.add(Clue.SPECIAL_PATH)
    stamps = Counter(
        (s["nonce"][0], s.get("timestamp", [""])[0]) for _, s in fields if "nonce" in s
    )
    if any(times > 1 for times in stamps.values()):
        found.add(Clue.NONCE_BAD)
    return frozenset(found)


def _fields(request: SeenRequest) -> dict[str, list[str]]:
    """Return all values that the request gives for a name, as `nonce` for `oauth_nonce`; what it lacks is `missing`."""
    pairs = _passport(request.envelope) if request.envelope else _header(request.authorization)
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name.removeprefix("oauth_"), []).append(value)
    required = _PASSPORT if request.envelope else _HEADER
    values["missing"] = [name for name in required if not any(values.get(name, ()))]
    values["foreign"] = (
        [] if request.envelope else [n for n, _ in pairs if n[:6] != "oauth_" and n not in _FLOW]
    )
    return values


def _header(text: str) -> list[tuple[str, str]]:
    pairs = _PAIR.findall(text)
    return [(name, value if name == "realm" else unquote(value)) for name, value in pairs]


def _passport(envelope: str) -> list[tuple[str, str]]:
    root = soap.read(envelope)
    passport = soap.first(root, "tokenPassport") if root is not None else None
    if passport is None:
        return []
    pairs = [(soap.local_name(child), (child.text or "").strip()) for child in passport]
    signature = soap.first(passport, "signature")
    if signature is not None:
        pairs.append(("signature_method", signature.get("algorithm", "").replace("_", "-")))
    return pairs


def _form(said: dict[str, list[str]], *, soap_request: bool) -> set[Clue]:
    doubled = any(len(v) > 1 for k, v in said.items() if k not in ("missing", "foreign"))
    version = said.get("version", ["1.0"])[0]
    algorithm = said.get("signature_method", [""])[0]
    nonce = said.get("nonce", [""])[0]
    realm = said.get("account" if soap_request else "realm", [""])[0]
    broken = bool(said["missing"]) or doubled or version != "1.0"
    facts = {
        Clue.FORM_BROKEN: broken,
        Clue.OTHER_ALGORITHM: bool(algorithm) and algorithm != METHOD,
        Clue.NONCE_BAD: 0 < len(nonce) < _SHORTEST_NONCE,
        Clue.QUERY_IN_HEADER: bool(said["foreign"]),
        # what is no OAuth header at all has no account either: one cause is enough
        Clue.ACCOUNT_FORM: realm != realm.upper().replace("-", "_") or not (realm or broken),
        Clue.HEX_SIGNATURE: _HEX.fullmatch(said.get("signature", [""])[0]) is not None,
    }
    return {clue for clue, holds in facts.items() if holds}


def _time(stamp: str, server_seconds: float | None) -> set[Clue]:
    if not stamp.isdecimal() or server_seconds is None:
        return set()
    return {Clue.CLOCK_OFF} if abs(int(stamp) - server_seconds) > TOLERANCE_SECONDS else set()
