"""From NetSuite's answer and what is declared to the likely causes, most likely first.

A refused login is answered alike whatever the cause; only the Login Audit Trail tells (Oracle help, "Track TBA Users in
the Login Audit Trail"). A table (rules.py) orders the causes by what answer, record and clock show.
Nothing of a value or a body gets into a diagnosis: only statuses, known error codes, and our own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tba_secrets.netsuite import causes
from tba_secrets.netsuite.answers import (
    SERVER_ERROR,
    Answer,
    AnswerKind,
    Protocol,
    error_code,
    error_phrase,
    outcome,
)
from tba_secrets.netsuite.causes import Cause
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.oauth2 import causes as oauth2_causes
from tba_secrets.netsuite.oauth2.rules import RULES as OAUTH2_RULES
from tba_secrets.netsuite.rules import RULES, Clue

AUDIT_TRAIL: Final = "Setup > Users/Roles > User Management > View Login Audit Trail"
READ_THE_TRAIL: Final = (
    f"{AUDIT_TRAIL} > Use Advanced Search, and under Results add Detail, Token-based Access Token Name and "
    "Token-based Application Name: Detail names the true cause"
)
MOST_SHOWN: Final = 3

_LOGIN_PERMISSIONS: Final = {"Log in using Access Tokens", "User Access Tokens"}
_USUAL_VALUE: Final = re.compile(r"[0-9a-f]{64}")
_SUSPECT_SKEW_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Diagnosis:
    """What NetSuite said, and what may be behind it."""

    said: str
    """Status, error code, protocol: nothing of the body."""
    causes: tuple[Cause, ...]
    """Most likely first."""
    certain: bool = False
    """Whether the answer alone tells; a refused login never does."""
    clues: frozenset[Clue] = frozenset()
    """What spoke for the causes."""

    def __str__(self) -> str:
        shown = self.causes[:MOST_SHOWN]
        lines = [f"  {n}. {c.what}\n     {c.where}: {c.mend}" for n, c in enumerate(shown, 1)]
        return "\n".join([f"{self.said}; likely causes, in order:", *lines]) if shown else self.said

    def knowing(self, more: Iterable[Clue]) -> Diagnosis:
        """Return the diagnosis again, with what became known since."""
        return diagnose(self.said, self.clues.union(more))


def diagnose(said: str, clues: Iterable[Clue]) -> Diagnosis:
    """Return the causes that the clues speak for.

    Args:
        said: What NetSuite said, in our words.
        clues: See `clues_of_answer`, `clues_of_record`.
    """
    there = frozenset(clues)
    scores: dict[Cause, int] = {}
    for rule in RULES if there.isdisjoint(_OAUTH2) else OAUTH2_RULES:
        if there.issuperset(rule.when) and there.isdisjoint(rule.never):
            score = rule.weight + sum(extra for clue, extra in rule.more if clue in there)
            scores[rule.cause] = max(score, scores.get(rule.cause, 0))
    ordered = sorted(scores, key=lambda cause: -scores[cause])
    return Diagnosis(said, tuple(ordered), Clue.REFUSED not in there, there)


_OAUTH2: Final = {Clue.ASSERTION, Clue.BEARER}
"""What tells OAuth 2.0 from TBA: the causes are others."""


def clues_of_answer(answer: Answer, protocol: Protocol) -> frozenset[Clue]:
    """Return what an answer that failed shows."""
    phrase = error_phrase(answer)
    code = error_code(answer, protocol)
    found = {_BY_PROTOCOL[protocol], _by_kind(answer, outcome(answer, protocol), code)}
    found |= {clue for words, clue in _BY_PHRASE if phrase == words}
    if protocol is Protocol.OAUTH2 and code in _BY_ERROR:
        found.add(_BY_ERROR[code])
    if protocol is Protocol.RESTLET and code == "INVALID_LOGIN_CREDENTIALS":
        found.add(Clue.WEB_SERVICES_ONLY)
    if (skew := answer.skew_seconds) is not None and abs(skew) > _SUSPECT_SKEW_SECONDS:
        found.add(Clue.CLOCK_OFF)
    return frozenset(found)


_BY_PROTOCOL: Final = {
    Protocol.REST: Clue.REST,
    Protocol.RESTLET: Clue.RESTLET,
    Protocol.SOAP: Clue.SOAP,
    Protocol.OAUTH2: Clue.ASSERTION,
}
_BY_ERROR: Final = {
    "invalid_client": Clue.BAD_CLIENT,
    "unauthorized_client": Clue.BAD_GRANT,
    "unsupported_grant_type": Clue.BAD_GRANT,
    "invalid_scope": Clue.BAD_SCOPE,
    "invalid_request": Clue.BAD_FORM,
    SERVER_ERROR: Clue.SERVER_ERROR,
}
_BY_PHRASE: Final = (
    ("Ambiguous authentication", Clue.AMBIGUOUS),
    ("malformed syntax", Clue.MALFORMED),
)


def _by_kind(answer: Answer, kind: AnswerKind, code: str | None) -> Clue:
    if kind is AnswerKind.REFUSED:
        return Clue.REFUSED
    if kind is AnswerKind.REDIRECTED:
        return Clue.REDIRECTED
    if kind is AnswerKind.ACCEPTED:
        return Clue.UNREADABLE
    if answer.status == 403 or code in (
        "INSUFFICIENT_PERMISSION",
        "WS_PERMISSION_REQD",
        "WS_FEATURE_REQD",
    ):
        return Clue.FORBIDDEN
    return Clue.NOT_FOUND if answer.status == 404 else Clue.OTHER_FAILURE


def clues_of_record(
    credential: TbaCredential, account: str, permissions: Iterable[str], *, own_hosts: bool
) -> frozenset[Clue]:
    """Return what the declared record and the credential's form show, before any answer.

    Args:
        credential: Only lengths and alphabets of its values are looked at.
        account: The declared account id.
        permissions: The role's declared permissions; nothing follows from none.
        own_hosts: The account's own hosts are asked, no `endpoint`.
    """
    values = [secret.reveal() for secret in credential.secrets]
    declared = set(permissions)
    facts = {
        Clue.WHITESPACE: any(value != value.strip() for value in values),
        Clue.UNUSUAL_FORM: any(not _USUAL_VALUE.fullmatch(value) for value in values),
        Clue.ACCOUNT_FORM: credential.account != credential.account.upper().replace("-", "_"),
        Clue.ACCOUNT_DIFFERS: credential.account.upper().replace("-", "_") != account,
        Clue.SANDBOX: "_" in account,
        Clue.THROUGH_ENDPOINT: not own_hosts,
        Clue.NO_LOGIN_PERMISSION: bool(declared) and not declared & _LOGIN_PERMISSIONS,
        Clue.NO_REST_PERMISSION: bool(declared) and "REST Web Services" not in declared,
        Clue.NO_SOAP_PERMISSION: bool(declared) and "SOAP Web Services" not in declared,
        Clue.NO_WORKBOOK: bool(declared) and "SuiteAnalytics Workbook" not in declared,
    }
    return frozenset(clue for clue, holds in facts.items() if holds)


def explain(detail: str) -> tuple[Cause, ...]:
    """Return the causes that a Detail of the Login Audit Trail stands for; empty for a word that is not known."""
    word = detail.strip().partition(" ")[0]
    return tuple(dict.fromkeys(c for c in _ALL_CAUSES if word in c.trail))


_ALL_CAUSES: Final = tuple(
    value
    for module in (causes, oauth2_causes)
    for value in vars(module).values()
    if isinstance(value, Cause)
)
