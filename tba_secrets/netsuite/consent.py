"""What the browser brings back from the consent page, and whether it may be used: pure, no IO.

1. `state` and the request token must be this flow's; else the request is a stray one, and nothing follows from it.
2. An empty `oauth_verifier` is a denial.
3. Company, role and entity must be the declared ones before anything is exchanged; one that is missing is a mismatch.

Source: Oracle help, "Step Two Authorize the Request Token".
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from urllib.parse import parse_qsl

from tba_secrets.netsuite import account as accounts
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.sensitive import Sensitive

_ID: Final = re.compile(r"-?[0-9]{1,10}|[A-Z]{0,8}[0-9]{1,10}(_[A-Z]{2,3}[0-9]{0,2})?")
"""Internal ids, and account ids in realm form. A verifier does not fit, whichever field it stands in."""
_MOST_FIELDS: Final = 50


@dataclass(frozen=True)
class PendingConsent:
    """What this flow has asked for, to know its answer by."""

    state: Sensitive
    request_token: Sensitive
    expected: Expected


class Answered(Enum):
    """What follows from a request to the callback."""

    STRAY = auto()
    """Not this flow's answer: go on waiting."""
    DENIED = auto()
    MISMATCH = auto()
    ALLOWED = auto()


@dataclass(frozen=True)
class Mismatch:
    """What differs; names and ids are not secret."""

    aspect: str
    got: str
    expected: str


@dataclass(frozen=True)
class Consent:
    """One request to the callback, judged."""

    answered: Answered
    verifier: Sensitive | None = None
    """Where it is ALLOWED."""
    mismatch: Mismatch | None = None


_STRAY: Final = Consent(Answered.STRAY)


def judge(query: str, pending: PendingConsent) -> Consent:
    """Return whether the query of a callback, as it came, is the answer, and which."""
    said = _fields(query)
    if said is None or not _same(said.get("state", ""), pending.state):
        return _STRAY
    verifier, token = said.get("oauth_verifier", "").strip(), said.get("oauth_token", "")
    # A denial is not documented to name the token; whatever it names must be ours.
    if (token or verifier) and not _same(token, pending.request_token):
        return _STRAY
    if not verifier:
        return Consent(Answered.DENIED)
    mismatch = _mismatch(said, pending.expected)
    if mismatch is not None:
        return Consent(Answered.MISMATCH, mismatch=mismatch)
    return Consent(Answered.ALLOWED, Sensitive(verifier))


def _fields(query: str) -> dict[str, str] | None:
    """Return the query's fields; None if a field is repeated, or the query cannot be read."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def _same(got: str, expected: Sensitive) -> bool:
    return hmac.compare_digest(got.encode(errors="replace"), expected.reveal().encode())


def _mismatch(said: Mapping[str, str], expected: Expected) -> Mismatch | None:
    """Return the first aspect that is not the declared one; what is not declared is not compared."""
    company = said.get("company", "")
    declared = (
        ("account", accounts.read_realm(company) or company, accounts.realm(expected.account)),
        ("role id", said.get("role", ""), expected.role_id),
        ("user", said.get("entity", ""), expected.entity),
    )
    for aspect, got, wanted in declared:
        if wanted is not None and got.strip() != wanted:
            return Mismatch(aspect, _shown(got), wanted)
    return None


def _shown(got: str) -> str:
    """Return an id as it came, or that it was none: nothing else of a query gets into a message."""
    spelled = got.strip()
    if not spelled:
        return "not told"
    return spelled if _ID.fullmatch(spelled) is not None else "no id"
