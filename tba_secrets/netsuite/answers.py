"""What NetSuite answered, and what kind of answer it is: each protocol fails in its own way.

Sources: Oracle help, "REST Web Services Error Handling", "RESTlet Status Codes and Error Message Formats", "SOAP Web
Services Fault Status Codes", "Concurrency Governance". Bodies are matched against words that are known here; nothing of
a body ever gets into a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from tba_secrets.netsuite import soap

_CODE: Final = re.compile(r"[A-Z_]{3,60}")

_LOGIN_CODES: Final = {
    "INVALID_LOGIN",
    "INVALID_LOGIN_ATTEMPT",
    "INVALID_LOGIN_CREDENTIALS",
    "INVALID_ACCT",
    "INVALID_ROLE",
    "LOGIN_DISABLED",
    "WS_LOG_IN_REQD",
}
_BUSY_CODES: Final = {
    "CONCURRENCY_LIMIT_EXCEEDED",
    "SSS_REQUEST_LIMIT_EXCEEDED",
    "WS_REQUEST_BLOCKED",
    "WS_CONCUR_SESSION_DISALLWD",
    "ACCT_TEMP_UNAVAILABLE",
}
SERVER_ERROR: Final = "server_error"
_OAUTH2_ERRORS: Final = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    SERVER_ERROR,
}
"""RFC 6749 section 5.2, and what was seen of the token endpoint."""
LOGIN_PHRASES: Final = ("Invalid login attempt", "Ambiguous authentication", "malformed syntax")
_OTHER_PHRASES: Final = ("request limit exceeded", "Incorrect data center requested")


class Protocol(Enum):
    """How a call is signed and how it fails."""

    REST = "REST web services"
    RESTLET = "RESTlets and the token services"
    SOAP = "SOAP web services"
    OAUTH2 = "the OAuth 2.0 token endpoint"


class AnswerKind(Enum):
    """The kind of an answer, by what follows from it."""

    ACCEPTED = "accepted"
    """2xx, and no error inside."""
    REFUSED = "refused"
    """An authentication failure: never retried, five lock the user out."""
    BUSY = "busy"
    """Worth another try, with a new signature."""
    REDIRECTED = "redirected"
    """Not followed: the signature is for the host that was asked."""
    FAILED = "failed"
    """Anything else: permission, absence, a bad request."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; its `repr` shows no header and no body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body_text: str = field(repr=False)
    latency_seconds: float
    server_date: float | None
    """The Date header in epoch seconds; None if it is absent or unreadable."""
    at: float = 0.0
    """When it was there, in epoch seconds of our clock."""

    @property
    def skew_seconds(self) -> float | None:
        """How far our clock is ahead of the server's (negative: behind), to about a second."""
        if self.server_date is None:
            return None
        # A Date header is cut off to whole seconds, and was written about halfway through the call.
        return (self.at - self.latency_seconds / 2) - (self.server_date + 0.5)

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the body as JSON, None if it is not JSON."""
        try:
            return json.loads(self.body_text)
        except (ValueError, RecursionError):
            return None


def outcome(answer: Answer, protocol: Protocol) -> AnswerKind:
    """Return what follows from `answer`. An authentication failure wins over every other reading."""
    if protocol is Protocol.OAUTH2 and answer.status >= 400:
        return _outcome_of_a_token_request(answer)
    code, phrase = error_code(answer, protocol), error_phrase(answer)
    if answer.status == 401 or code in _LOGIN_CODES or phrase in LOGIN_PHRASES:
        return AnswerKind.REFUSED
    if answer.status == 429 or code in _BUSY_CODES or _server_failed(answer, protocol):
        return AnswerKind.BUSY
    if 300 <= answer.status < 400:
        return AnswerKind.REDIRECTED
    return AnswerKind.ACCEPTED if 200 <= answer.status < 300 and code is None else AnswerKind.FAILED


def is_absent(answer: Answer, protocol: Protocol) -> bool:
    """Return whether nothing is served at the path: a 404 that is no refused login, after which nothing is asked."""
    return answer.status == 404 and outcome(answer, protocol) is not AnswerKind.REFUSED


def _outcome_of_a_token_request(answer: Answer) -> AnswerKind:
    """Judge a token request; every refused assertion counts like a refused login, for nothing says that it does not."""
    code = error_code(answer, Protocol.OAUTH2)
    if answer.status == 401 or (answer.status < 500 and code is not None):
        return AnswerKind.REFUSED
    # Seen as the answer to an assertion without kid: no reason to send it again.
    if code == SERVER_ERROR:
        return AnswerKind.FAILED
    return AnswerKind.BUSY if answer.status == 429 or answer.status >= 500 else AnswerKind.FAILED


def _server_failed(answer: Answer, protocol: Protocol) -> bool:
    """5xx, unless it is XML from SOAP: a fault comes with 500 (SOAP 1.1 section 6.2) and may be a refused login."""
    if answer.status == 500 and protocol is Protocol.SOAP:
        return "xml" not in answer.content_type
    return answer.status >= 500


def error_code(answer: Answer, protocol: Protocol) -> str | None:
    """NetSuite's error code, None if it has none in a known form."""
    if protocol is Protocol.OAUTH2:
        body = answer.json()
        word = body.get("error") if isinstance(body, dict) else None
        return word if isinstance(word, str) and word in _OAUTH2_ERRORS else None
    found = _soap_code(answer) if protocol is Protocol.SOAP else _json_code(answer.json())
    if isinstance(found, str) and _CODE.fullmatch(found) is not None:
        return found
    return None


def error_phrase(answer: Answer) -> str | None:
    """Return the known phrase in an error's body; the body of a success is not searched."""
    if answer.status < 400 and "Fault>" not in answer.body_text:
        return None
    return next((p for p in (*LOGIN_PHRASES, *_OTHER_PHRASES) if p in answer.body_text), None)


def said(answer: Answer, protocol: Protocol) -> str:
    """Status and error code, which is all that a message may hold of an answer."""
    code = error_code(answer, protocol)
    return f"HTTP {answer.status} {code}" if code else f"HTTP {answer.status}"


def _json_code(body: Any) -> Any:
    """REST: `o:errorDetails[0].o:errorCode`, or `o:errorCode`; RESTlets: `error.code`, or `error` itself."""
    if not isinstance(body, dict):
        return None
    details = body.get("o:errorDetails")
    if isinstance(details, list) and details and isinstance(details[0], dict):
        return details[0].get("o:errorCode")
    error = body.get("error")
    if isinstance(error, dict):
        return error.get("code")
    return error if error is not None else body.get("o:errorCode")


def _soap_code(answer: Answer) -> str | None:
    root = soap.read(answer.body_text)
    if root is None:
        return None
    failed = soap.first(root, "Fault")
    if failed is None:
        failed = soap.first(root, "statusDetail")
    return (soap.text_of(failed, "code") or None) if failed is not None else None
