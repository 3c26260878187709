"""Access tokens: got with the key, carried, renewed in time, and never asked for again after a refusal."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    NetSuiteUnreachableError,
    NotProvenError,
    SourceError,
)
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.circumstances import Circumstances
from tba_secrets.netsuite.client import SignedCall
from tba_secrets.netsuite.oauth2 import causes
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tests.netsuite.oauth2.bench import CERTIFICATES, TIME, TOKEN, NetSuite, Reply, client
from tests.netsuite.oauth2.support import CLIENT_ID, certified, credential

CALL = SignedCall(Service.SUITETALK, "GET", TIME)


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES512, Algorithm.PS256])
def test_a_call_carries_an_access_token(netsuite: NetSuite, algorithm: Algorithm) -> None:
    mine = credential(certified(algorithm))
    netsuite.map(mine, certified(algorithm).certificate)
    asking = client(netsuite, mine)
    assert asking.call(CALL).status == 200
    assert asking.call(CALL).status == 200
    assert len(netsuite.asked(TOKEN)) == 1, "one token for both"
    (first, _) = netsuite.asked(TIME)
    assert first.headers["Authorization"] == f"Bearer {netsuite.tokens[0]}"
    assert "Cookie" not in first.headers


@pytest.mark.parametrize(("seconds", "tokens"), [(2990, 1), (3010, 2)])
def test_it_is_renewed_after_50_minutes(netsuite: NetSuite, seconds: float, tokens: int) -> None:
    now = 1000.0
    asking = client(netsuite, monotonic=lambda: now)
    asking.call(CALL)
    now += seconds
    assert asking.call(CALL).status == 200
    assert len(netsuite.tokens) == tokens
    last = netsuite.asked(TIME)[-1]
    assert last.headers["Authorization"] == f"Bearer {netsuite.tokens[-1]}"


@pytest.mark.parametrize("ahead", [-200.0, 200.0])
def test_a_clock_that_is_a_little_off_is_made_up_for(netsuite: NetSuite, ahead: float) -> None:
    netsuite.ahead = ahead
    assert client(netsuite).call(CALL).status == 200


def test_a_clock_that_is_far_off_signs_nothing(netsuite: NetSuite) -> None:
    netsuite.ahead = 1000.0
    with pytest.raises(Exception, match="clock is 1000 s behind"):
        client(netsuite).call(CALL)
    assert netsuite.asked(TOKEN) == []


def test_a_key_that_cannot_sign_is_told_before_anything_is_sent(netsuite: NetSuite) -> None:
    with pytest.raises(SourceError, match="cannot sign with ES384"):
        client(netsuite, credential(algorithm="ES384")).call(CALL)
    assert netsuite.asked(TOKEN) == []


def test_a_refused_assertion_is_sent_once_and_counts_as_a_refused_login(
    netsuite: NetSuite,
) -> None:
    other = credential(certified(serial=1))
    with pytest.raises(AuthenticationRefusedError, match="token endpoint answered HTTP 400"):
        client(netsuite, other).call(CALL)
    assert len(netsuite.asked(TOKEN)) == 1
    assert netsuite.asked(TIME) == []


REFUSALS: list[tuple[int, str, dict[str, Any], Any]] = [
    (401, "invalid_client", {}, causes.CLIENT_UNKNOWN),
    (400, "invalid_grant", {}, causes.NOT_UPLOADED),
    (
        400,
        "invalid_grant",
        {"known": Circumstances(passed_before=True)},
        causes.CERTIFICATE_GONE,
    ),
    (400, "invalid_grant", {"until": date(2020, 1, 1)}, causes.CERTIFICATE_OVER),
    (400, "invalid_scope", {}, causes.SCOPE_CLEARED),
    (400, "unauthorized_client", {}, causes.GRANT_CLEARED),
    (400, "invalid_request", {}, causes.REQUEST_FORM),
    (400, "unsupported_grant_type", {}, causes.GRANT_CLEARED),
    (
        401,
        "invalid_client",
        {"known": Circumstances(whole_account_refused=True)},
        causes.FEATURE,
    ),
    (401, "", {}, causes.NOT_UPLOADED),
]


@pytest.mark.parametrize(("status", "error", "facts", "cause"), REFUSALS)
def test_the_likeliest_cause(
    netsuite: NetSuite, status: int, error: str, facts: dict[str, Any], cause: Any
) -> None:
    facts = dict(facts)
    netsuite.answers[TOKEN] = Reply(status, json.dumps({"error": error}) if error else "{}")
    changed = {"valid_until": facts.pop("until")} if "until" in facts else {}
    with pytest.raises(AuthenticationRefusedError) as caught:
        client(netsuite, credential(**changed), **facts).access_token()
    diagnosis = caught.value.diagnosis
    assert diagnosis is not None
    assert diagnosis.causes[0] is cause
    assert len(netsuite.asked(TOKEN)) == 1


def test_a_server_error_is_no_refusal_and_is_not_sent_again(netsuite: NetSuite) -> None:
    netsuite.answers[TOKEN] = Reply(500, '{"error": "server_error"}')
    with pytest.raises(CheckFailedError) as caught:
        client(netsuite).access_token()
    assert not isinstance(caught.value, AuthenticationRefusedError)
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.causes[0] is causes.ASSERTION_FORM
    assert len(netsuite.asked(TOKEN)) == 1


def test_what_netsuite_did_not_decide_is_asked_again_with_a_new_assertion(
    netsuite: NetSuite,
) -> None:
    replies = [Reply(503, "busy"), Reply(429, "{}")]

    def reply(arrived: Any) -> Reply:
        return replies.pop(0) if replies else netsuite.token(arrived)

    netsuite.answers[TOKEN] = reply
    assert client(netsuite).call(CALL).status == 200
    bodies = {one.body for one in netsuite.asked(TOKEN)}
    assert len(bodies) == 3


def test_a_lost_answer_may_have_been_a_refusal(netsuite: NetSuite) -> None:
    netsuite.answers[TOKEN] = Reply(0)
    with pytest.raises(NetSuiteUnreachableError) as caught:
        client(netsuite).access_token()
    assert caught.value.unanswered
    assert len(netsuite.asked(TOKEN)) == 2


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "canary",
        '{"access_token": ""}',
        '{"access_token": "a b"}',
        '{"access_token": "a\\nb"}',
        '{"access_token": "canary", "token_type": "mac"}',
        '{"access_token": 7}',
    ],
)
def test_an_answer_without_a_usable_token_proves_nothing(netsuite: NetSuite, body: str) -> None:
    netsuite.answers[TOKEN] = Reply(200, body)
    with pytest.raises(NotProvenError, match="without the access_token") as caught:
        client(netsuite).access_token()
    assert "canary" not in str(caught.value)


def test_a_redirect_is_not_followed(netsuite: NetSuite) -> None:
    netsuite.answers[TOKEN] = Reply(302, "", {"Location": "http://127.0.0.1:9/canary"})
    with pytest.raises(NetSuiteUnreachableError, match="not followed") as caught:
        client(netsuite).access_token()
    assert "canary" not in str(caught.value)


def test_no_value_is_shown(netsuite: NetSuite) -> None:
    asking = client(netsuite)
    token = asking.access_token()
    shown = f"{token!r} {asking.credential!r} {token.claims!r}"
    assert netsuite.tokens[0] not in shown
    assert CLIENT_ID not in shown
    assert "PRIVATE" not in shown
    named = SignedCall(Service.RESTLETS, "GET", CERTIFICATES, called="the certificates")
    assert CLIENT_ID not in f"{named} {named!r}"
