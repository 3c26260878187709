"""What NetSuite's answer shows, and what a declared record shows before any answer: the clues of a diagnosis."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tba_secrets.netsuite.answers import (
    SERVER_ERROR,
    Answer,
    AnswerKind,
    Protocol,
    error_code,
    error_phrase,
    outcome,
)
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.rules import Clue

_LOGIN_PERMISSIONS: Final = {"Log in using Access Tokens", "User Access Tokens"}
_USUAL_VALUE: Final = re.compile(r"[0-9a-f]{64}")
_SUSPECT_SKEW_SECONDS: Final = 120.0


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
