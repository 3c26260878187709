"""What an access token and calls with it prove, and whose certificate is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    IdentityMismatchError,
    NotProvenError,
)
from tba_secrets.netsuite import causes as tba
from tba_secrets.netsuite.oauth2 import causes
from tba_secrets.netsuite.oauth2.checks import run_bearer_checks
from tba_secrets.spec.model import BearerCheck, Restlet, RestletCheck
from tests.netsuite.oauth2.bench import (
    EXPECTED,
    RESTLET,
    SUITEQL,
    TIME,
    TOKEN,
    UUID,
    NetSuite,
    Reply,
    client,
)
from tests.netsuite.oauth2.support import ACCOUNT, CLIENT_ID, credential

PING = RestletCheck(restlet=Restlet(script="6", deploy="1"))
ALL: tuple[BearerCheck, ...] = ("rest", "suiteql", PING)
BOTH = ("rest_webservices", "restlets")


def test_all_that_is_proven(netsuite: NetSuite) -> None:
    found = run_bearer_checks(client(netsuite, credential(scopes=BOTH)), ALL, EXPECTED)
    assert [one.check for one in found.evidence] == [
        "access token",
        "rest",
        "suiteql",
        "restlet 6/1",
    ]
    assert found.proven[:6] == (
        "access token",
        "account",
        "role",
        "user",
        "scope rest_webservices",
        "scope restlets",
    )
    assert found.not_proven == ()
    assert (found.account, found.role_id, found.entity) == (ACCOUNT, "1042", "38")
    assert found.summary == f"role Warehouse in account {ACCOUNT}"
    assert found.at > 0
    assert len(netsuite.asked(TOKEN)) == 1


def test_no_check_is_no_proof(netsuite: NetSuite) -> None:
    with pytest.raises(NotProvenError, match="nothing is proven"):
        run_bearer_checks(client(netsuite), (), EXPECTED)
    assert netsuite.arrived == []


@pytest.mark.parametrize(
    ("claims", "aspect"),
    [
        ({"sub": "3;38"}, "role id"),
        ({"sub": "1042;39"}, "user"),
        ({"aud": [f"{UUID};7654321", CLIENT_ID]}, "account"),
        ({"aud": [f"{UUID};{ACCOUNT}", "canary"]}, "client id"),
    ],
)
def test_anothers_certificate_is_refused_before_any_call(
    netsuite: NetSuite, claims: dict[str, Any], aspect: str
) -> None:
    netsuite.claims = claims
    with pytest.raises(IdentityMismatchError) as caught:
        run_bearer_checks(client(netsuite), ("rest",), EXPECTED)
    assert caught.value.aspect == aspect
    assert "canary" not in str(caught.value)
    assert CLIENT_ID not in str(caught.value)
    assert netsuite.asked(TIME) == []


@pytest.mark.parametrize(
    ("claims", "open_ones"),
    [
        ({"sub": "a new shape"}, ("role", "user")),
        ({"aud": "a new shape"}, ("account",)),
        ({"scope": None}, ("scope rest_webservices",)),
        (
            {"sub": None, "aud": None, "scope": None},
            ("account", "role", "user", "scope rest_webservices"),
        ),
    ],
)
def test_what_cannot_be_told_fails_nothing_and_proves_nothing(
    netsuite: NetSuite, claims: dict[str, Any], open_ones: tuple[str, ...]
) -> None:
    netsuite.claims = claims
    found = run_bearer_checks(client(netsuite), ("rest",), EXPECTED)
    assert found.not_proven == open_ones
    assert not set(open_ones) & set(found.proven)
    assert "REST web services" in found.proven


def test_an_opaque_token_still_works(netsuite: NetSuite) -> None:
    netsuite.answers[TOKEN] = Reply(200, '{"access_token": "opaque", "token_type": "bearer"}')
    netsuite.tokens.append("opaque")
    found = run_bearer_checks(client(netsuite), ("rest",), EXPECTED)
    assert found.account is None
    assert found.summary.endswith("(role and account not proven)")


REFUSED = [
    (TIME, Reply(401), ("rest",), {}, causes.NO_LOGIN_PERMISSION),
    (TIME, Reply(401), ("rest",), {"permissions": ("Customers",)}, causes.NO_LOGIN_PERMISSION),
    (
        TIME,
        Reply(401),
        ("rest",),
        {"permissions": ("Log in using OAuth 2.0 Access Tokens",)},
        tba.NO_REST_PERMISSION,
    ),
    (
        TIME,
        Reply(401),
        ("rest",),
        {"permissions": ("OAuth 2.0 Authorized Applications Management",)},
        causes.MANAGES_APPLICATIONS,
    ),
    (
        RESTLET,
        Reply(401, '{"error": {"code": "INVALID_LOGIN_CREDENTIALS"}}'),
        (PING,),
        {"scopes": BOTH},
        tba.WEB_SERVICES_ONLY,
    ),
    (RESTLET, Reply(401), (PING,), {}, causes.SCOPE_NOT_ASKED),
    (RESTLET, Reply(401), ("rest", PING), {"scopes": BOTH}, causes.SCOPE_CLEARED),
]


@pytest.mark.parametrize(("path", "reply", "checks", "facts", "cause"), REFUSED)
def test_a_refused_call_counts_and_names_its_cause(
    netsuite: NetSuite,
    path: str,
    reply: Reply,
    checks: tuple[BearerCheck, ...],
    facts: dict[str, Any],
    cause: Any,
) -> None:
    netsuite.answers[path] = reply
    expected = EXPECTED
    if "permissions" in facts:
        expected = type(EXPECTED)(
            **{**vars(EXPECTED), "permissions": facts["permissions"]}  # a frozen dataclass
        )
    mine = credential(scopes=facts.get("scopes", ("rest_webservices",)))
    with pytest.raises(AuthenticationRefusedError) as caught:
        run_bearer_checks(client(netsuite, mine), checks, expected)
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.causes[0] is cause
    assert len(netsuite.asked(path)) == 1


def test_other_failures_are_no_refusals(netsuite: NetSuite) -> None:
    netsuite.answers[SUITEQL] = Reply(403)
    with pytest.raises(CheckFailedError) as caught:
        run_bearer_checks(client(netsuite), ("suiteql",), EXPECTED)
    assert not isinstance(caught.value, AuthenticationRefusedError)
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.causes[0] is tba.NO_WORKBOOK


@pytest.mark.parametrize(
    ("path", "check", "body"),
    [(TIME, "rest", "{}"), (SUITEQL, "suiteql", "{}"), (RESTLET, PING, "<html></html>")],
)
def test_an_answer_of_somebody_else_proves_nothing(
    netsuite: NetSuite, path: str, check: BearerCheck, body: str
) -> None:
    kind = "text/html" if body.startswith("<") else "application/json"
    netsuite.answers[path] = Reply(200, body, {"Content-Type": kind})
    with pytest.raises(NotProvenError):
        run_bearer_checks(client(netsuite, credential(scopes=BOTH)), (check,), EXPECTED)
