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
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.netsuite.rules import Clue
from tba_secrets.sensitive import Sensitive

_LOGIN_PERMISSIONS: Final = frozenset({"Log in using Access Tokens", "User Access Tokens"})
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

    Nothing follows from no declared permissions. `own_hosts`: the account's own are asked, no `endpoint`.
    """
    declared = frozenset(permissions)
    facts = {
        Clue.ACCOUNT_FORM: credential.account != credential.account.upper().replace("-", "_"),
        Clue.NO_SOAP_PERMISSION: bool(declared) and "SOAP Web Services" not in declared,
    }
    return (
        clues_of_declaration(credential, account, declared, _LOGIN_PERMISSIONS, own_hosts=own_hosts)
        | clues_of_values(credential.secrets)
        | {clue for clue, holds in facts.items() if holds}
    )


def clues_of_values(values: Iterable[Sensitive]) -> frozenset[Clue]:
    """Return what lengths and alphabets of consumer keys, token ids and their secrets show."""
    texts = [value.reveal() for value in values]
    facts = {
        Clue.WHITESPACE: any(text != text.strip() for text in texts),
        Clue.UNUSUAL_FORM: any(not _USUAL_VALUE.fullmatch(text) for text in texts),
    }
    return frozenset(clue for clue, holds in facts.items() if holds)


def clues_of_declaration(
    credential: Credential,
    account: str,
    permissions: frozenset[str],
    log_in: frozenset[str],
    *,
    own_hosts: bool,
) -> frozenset[Clue]:
    """Return what the declared record shows, whatever the kind of credential; `log_in` are permissions to log in."""
    facts = {
        Clue.ACCOUNT_DIFFERS: credential.account.upper().replace("-", "_") != account,
        Clue.SANDBOX: "_" in account,
        Clue.THROUGH_ENDPOINT: not own_hosts,
        Clue.NO_LOGIN_PERMISSION: bool(permissions) and not permissions & log_in,
        Clue.NO_REST_PERMISSION: bool(permissions) and "REST Web Services" not in permissions,
        Clue.NO_WORKBOOK: bool(permissions) and "SuiteAnalytics Workbook" not in permissions,
    }
    return frozenset(clue for clue, holds in facts.items() if holds)
