"""What follows from each answer that NetSuite is known to give."""

from __future__ import annotations

import json

import pytest

from tba_secrets.netsuite.answers import Answer, AnswerKind, Protocol, error_code, outcome, said
from tba_secrets.netsuite.transport import http_date
from tests.netsuite.support import answer

REST, RESTLET, SOAP = Protocol.REST, Protocol.RESTLET, Protocol.SOAP
ACCEPTED, REFUSED, BUSY, FAILED = (
    AnswerKind.ACCEPTED,
    AnswerKind.REFUSED,
    AnswerKind.BUSY,
    AnswerKind.FAILED,
)


def rest(status: int, code: str, **more: str) -> Answer:
    return answer(
        status,
        json.dumps(
            {"title": "x", "o:errorDetails": [{"detail": "d", "o:errorCode": code}], **more}
        ),
    )


def restlet(status: int, code: str) -> Answer:
    return answer(status, f'{{"error" : {{"code" : "{code}", "message" : "Said in words."}}}}')


def fault(text: str, code: str = "USER_ERROR", status: int = 500) -> Answer:
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        f"<faultcode>e:Server.userException</faultcode><faultstring>{text}</faultstring>"
        f'<detail><f:x xmlns:f="urn:faults"><f:code>{code}</f:code></f:x></detail></e:Fault></e:Body></e:Envelope>'
    )
    return answer(status, body, "text/xml")


CASES = [
    ("rest ok", answer(200, "{}"), REST, ACCEPTED, None),
    ("rest no content", answer(204), REST, ACCEPTED, None),
    ("rest login", rest(401, "INVALID_LOGIN"), REST, REFUSED, "INVALID_LOGIN"),
    ("401 without a body", answer(401), REST, REFUSED, None),
    ("401 in html", answer(401, "<html>", "text/html"), RESTLET, REFUSED, None),
    (
        "rest concurrency",
        rest(429, "CONCURRENCY_LIMIT_EXCEEDED"),
        REST,
        BUSY,
        "CONCURRENCY_LIMIT_EXCEEDED",
    ),
    ("rest 429 bare", answer(429), REST, BUSY, None),
    ("rest unexpected", rest(500, "UNEXPECTED_ERROR"), REST, BUSY, "UNEXPECTED_ERROR"),
    ("maintenance", answer(503, "<html>", "text/html"), REST, BUSY, None),
    (
        "rest permission",
        rest(403, "INSUFFICIENT_PERMISSION"),
        REST,
        FAILED,
        "INSUFFICIENT_PERMISSION",
    ),
    ("rest absent", rest(404, "NONEXISTENT_ID"), REST, FAILED, "NONEXISTENT_ID"),
    ("rest bad request", rest(400, "INVALID_PARAMETER"), REST, FAILED, "INVALID_PARAMETER"),
    ("login code under 500", rest(500, "INVALID_LOGIN"), REST, REFUSED, "INVALID_LOGIN"),
    (
        "restlet login",
        restlet(401, "INVALID_LOGIN_ATTEMPT"),
        RESTLET,
        REFUSED,
        "INVALID_LOGIN_ATTEMPT",
    ),
    (
        "restlet login as 400",
        restlet(400, "INVALID_LOGIN_ATTEMPT"),
        RESTLET,
        REFUSED,
        "INVALID_LOGIN_ATTEMPT",
    ),
    (
        "restlet busy",
        restlet(400, "SSS_REQUEST_LIMIT_EXCEEDED"),
        RESTLET,
        BUSY,
        "SSS_REQUEST_LIMIT_EXCEEDED",
    ),
    (
        "restlet 400",
        restlet(400, "SSS_MISSING_REQD_ARGUMENT"),
        RESTLET,
        FAILED,
        "SSS_MISSING_REQD_ARGUMENT",
    ),
    (
        "restlet error under 200",
        restlet(200, "SSS_INVALID_SCRIPT_ID"),
        RESTLET,
        FAILED,
        "SSS_INVALID_SCRIPT_ID",
    ),
    (
        "bad algorithm",
        answer(400, "could not be understood by the server due to malformed syntax."),
        RESTLET,
        REFUSED,
        None,
    ),
    ("soap login", fault("Invalid login attempt."), SOAP, REFUSED, "USER_ERROR"),
    (
        "soap login under 200",
        fault("Invalid login attempt.", status=200),
        SOAP,
        REFUSED,
        "USER_ERROR",
    ),
    ("soap ambiguous", fault("Ambiguous authentication"), SOAP, REFUSED, "USER_ERROR"),
    (
        "soap code",
        fault("?", "INVALID_LOGIN_CREDENTIALS"),
        SOAP,
        REFUSED,
        "INVALID_LOGIN_CREDENTIALS",
    ),
    (
        "soap busy",
        fault("Request blocked.", "WS_REQUEST_BLOCKED"),
        SOAP,
        BUSY,
        "WS_REQUEST_BLOCKED",
    ),
    ("soap unknown fault", fault("?", "SOMETHING_NEW"), SOAP, FAILED, "SOMETHING_NEW"),
    ("soap broken fault", answer(500, "<e:Envelope", "text/xml"), SOAP, FAILED, None),
    ("soap server error", answer(500, "{}"), SOAP, BUSY, None),
    ("soap bad gateway", answer(502, "<html/>", "text/xml"), SOAP, BUSY, None),
    (
        "redirect",
        answer(302, location="https://elsewhere.example/"),
        REST,
        AnswerKind.REDIRECTED,
        None,
    ),
]


@pytest.mark.parametrize(
    ("got", "protocol", "follows", "code"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_outcome_and_code(
    got: Answer, protocol: Protocol, follows: AnswerKind, code: str | None
) -> None:
    assert outcome(got, protocol) is follows
    assert error_code(got, protocol) == code


def test_every_outcome_is_seen() -> None:
    assert {case[3] for case in CASES} == set(AnswerKind)


HOSTILE = ["lower_case", "A" * 61, "WITH SPACE", "WITH\nLINE", "0123456789ABCDEF", "", "É"]


@pytest.mark.parametrize("code", HOSTILE)
def test_a_code_of_another_form_is_not_repeated(code: str) -> None:
    got = rest(400, code)
    assert error_code(got, REST) is None
    assert said(got, REST) == "HTTP 400"


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "null",
        "1",
        '{"o:errorDetails": []}',
        '{"o:errorDetails": [1]}',
        '{"error": [1]}',
        "[" * 99999,
    ],
)
def test_odd_json_has_no_code(body: str) -> None:
    assert error_code(answer(400, body), REST) is None


def test_the_repr_of_an_answer_shows_neither_headers_nor_body() -> None:
    shown = repr(answer(200, "body-text", set_cookie="cookie-text"))
    assert "body-text" not in shown
    assert "cookie-text" not in shown
    assert "200" in shown


@pytest.mark.parametrize(
    ("ours", "latency", "server", "skew"),
    [
        (1000.5, 0.0, 1000.0, 0.0),
        (1002.5, 4.0, 1000.0, 0.0),
        (1400.5, 0.0, 1000.0, 400.0),
        (600.5, 0.0, 1000.0, -400.0),
    ],
)
def test_the_skew_is_measured_at_the_middle_of_the_call(
    ours: float, latency: float, server: float, skew: float
) -> None:
    assert Answer(200, {}, "", latency, server, ours).skew_seconds == skew


def test_without_a_date_the_skew_is_not_known() -> None:
    assert answer().skew_seconds is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Thu, 01 Jan 2026 00:00:00 GMT", 1767225600.0),
        ("", None),
        ("yesterday", None),
        ("Thu, 99 Jan 2026 00:00:00 GMT", None),
    ],
)
def test_dates(text: str, seconds: float | None) -> None:
    assert http_date(text) == seconds
