"""The three-step authorization flow, driven as an application and a browser drive it."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from tba_secrets.simulator import Simulator
from tba_secrets.simulator.flow import callback_allowed
from tba_secrets.simulator.vocabulary import Feature
from tests.simulator.accounts import ACCOUNT, APPLICATION, OTHER_ACCOUNT, Keys
from tests.simulator.conftest import NOW
from tests.simulator.signer import send

CALLBACK = "http://localhost:53682/callback?from=netsuite"
CONSENT = "/app/login/secure/authorizetoken.nl"
Changes = dict[str, str | None]


def step_one(
    simulator: Simulator, keys: Keys, realm: str | None = ACCOUNT, **changes: str | None
) -> requests.Response:
    bare = replace(keys, token_id="", token_secret="")
    return send(
        bare,
        "POST",
        f"{simulator.url}/rest/requesttoken",
        NOW,
        realm=realm,
        changes={"oauth_token": None, "oauth_callback": CALLBACK, **changes},
    )


def form(answer: requests.Response) -> dict[str, str]:
    return dict(parse_qsl(answer.text.strip()))


def granted(
    simulator: Simulator, keys: Keys, login: str = "38:1042"
) -> tuple[Keys, dict[str, str]]:
    """Steps one and two; the keys of the request token, and the query of the callback."""
    issued = form(step_one(simulator, keys))
    answer = decide(simulator, issued["oauth_token"], "allow", login)
    assert answer.status_code == 302
    back = dict(parse_qsl(urlsplit(answer.headers["Location"]).query, keep_blank_values=True))
    return replace(
        keys, token_id=issued["oauth_token"], token_secret=issued["oauth_token_secret"]
    ), back


def decide(
    simulator: Simulator, token: str, decision: str, login: str = "38:1042", state: str = ""
) -> requests.Response:
    fields = {"oauth_token": token, "login": login, "decision": decision, "state": state}
    return requests.post(simulator.url + CONSENT, data=fields, allow_redirects=False, timeout=10)


def step_three(
    simulator: Simulator, keys: Keys, verifier: str | None, **changes: str | None
) -> requests.Response:
    url = f"{simulator.url}/rest/accesstoken"
    return send(keys, "POST", url, NOW, changes={"oauth_verifier": verifier, **changes})


def test_the_whole_flow_gives_a_token_that_works(simulator: Simulator, keys: Keys) -> None:
    first = step_one(simulator, keys)
    issued = form(first)
    assert (first.status_code, issued["oauth_callback_confirmed"]) == (200, "true")
    page = requests.get(
        simulator.url + CONSENT,
        params={"oauth_token": issued["oauth_token"], "state": "abc123"},
        timeout=10,
    )
    assert page.status_code == 200
    assert "Allow warehouse-sync to access Example Warehouse Inc.?" in page.text
    assert re.findall(r'name="login" value="([^"]+)"', page.text) == [
        "38:1042",
        "38:1043",
        "39:1043",
    ]
    redirect = decide(simulator, issued["oauth_token"], "allow", "38:1042", "abc123").headers[
        "Location"
    ]
    assert redirect.startswith(CALLBACK + "&")
    back = {name: values[0] for name, values in parse_qs(urlsplit(redirect).query).items()}
    verifier = back.pop("oauth_verifier")
    assert back == {
        "from": "netsuite",
        "oauth_token": issued["oauth_token"],
        "company": ACCOUNT,
        "role": "1042",
        "entity": "38",
        "state": "abc123",
    }
    request_keys = replace(
        keys, token_id=issued["oauth_token"], token_secret=issued["oauth_token_secret"]
    )
    last = step_three(simulator, request_keys, verifier)
    assert last.text.endswith("\n")
    token = form(last)
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in token.values())
    fresh = replace(keys, token_id=token["oauth_token"], token_secret=token["oauth_token_secret"])
    info = send(fresh, "GET", f"{simulator.url}/rest/tokeninfo", NOW)
    assert (info.status_code, info.json()["roleId"]) == (200, "1042")
    assert send(keys, "GET", f"{simulator.url}/rest/tokeninfo", NOW).status_code == 200
    assert (
        simulator.state.account(ACCOUNT).tokens[-1].name
        == "warehouse-sync - Integration Bot, Warehouse Integration"
    )


def test_a_named_role_is_echoed_and_the_only_choice(simulator: Simulator, keys: Keys) -> None:
    issued = form(step_one(simulator, keys, role="1042"))
    assert issued["role"] == "1042"
    page = requests.get(
        simulator.url + CONSENT, params={"oauth_token": issued["oauth_token"]}, timeout=10
    )
    assert re.findall(r'name="login" value="([^"]+)"', page.text) == ["38:1042"]
    assert decide(simulator, issued["oauth_token"], "allow", "39:1043").status_code == 400
    assert decide(simulator, issued["oauth_token"], "allow", "38:1042").status_code == 302


def test_deny_sends_back_an_empty_verifier(simulator: Simulator, keys: Keys) -> None:
    issued = form(step_one(simulator, keys))
    answer = decide(simulator, issued["oauth_token"], "deny", state="s1")
    back = parse_qs(urlsplit(answer.headers["Location"]).query, keep_blank_values=True)
    assert (back["oauth_verifier"], back["state"]) == ([""], ["s1"])
    request_keys = replace(
        keys, token_id=issued["oauth_token"], token_secret=issued["oauth_token_secret"]
    )
    assert step_three(simulator, request_keys, "guess").status_code == 401
    assert simulator.state.audit()[-1].detail == "InvalidVerifier"
    assert decide(simulator, issued["oauth_token"], "allow").status_code == 400


def test_without_a_realm_the_consumer_key_tells_the_account(
    simulator: Simulator, keys: Keys
) -> None:
    assert step_one(simulator, keys, realm=None).status_code == 200
    assert simulator.state.audit()[-1].account == ACCOUNT
    assert step_one(simulator, keys, realm=OTHER_ACCOUNT).status_code == 401
    assert simulator.state.audit()[-1].detail == "UnknownIntegration"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"oauth_callback": None}, "MissingRequiredParameter"),
        (
            {"oauth_callback": "https://evil.example.com/"},
            "InvalidCallback <<--https://evil.example.com/-->>",
        ),
        ({"oauth_nonce": "abcde"}, "NonceRejected"),
        ({"oauth_timestamp": str(int(NOW) - 301)}, "InvalidTimestamp"),
        ({"oauth_timestamp": "x"}, "InvalidTimestamp"),
        ({"oauth_version": "2.0"}, "VersionRejected"),
        ({"oauth_consumer_key": "nobody"}, "UnknownIntegration"),
    ],
)
def test_step_one_refused(changes: Changes, reason: str, simulator: Simulator, keys: Keys) -> None:
    assert step_one(simulator, keys).status_code == 200
    answer = step_one(simulator, keys, **changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "INVALID_LOGIN_ATTEMPT")
    assert simulator.state.audit()[-1].detail == reason


def test_step_one_signed_wrongly(simulator: Simulator, keys: Keys) -> None:
    assert step_one(simulator, replace(keys, consumer_secret="wrong")).status_code == 401
    assert simulator.state.audit()[-1].detail == "InvalidSignature"
    assert step_one(simulator, keys, oauth_signature_method="HMAC-SHA1").status_code == 400
    assert simulator.state.audit()[-1].detail == "UnknownAlgorithm"


def test_step_one_nonce_used(simulator: Simulator, keys: Keys) -> None:
    assert step_one(simulator, keys, oauth_nonce="only-once").status_code == 200
    assert step_one(simulator, keys, oauth_nonce="only-once").status_code == 401
    assert simulator.state.audit()[-1].detail == "NonceUsed"


@pytest.mark.parametrize("lack", ["AuthorizationFlowRequired", "FeatureDisabled"])
def test_an_account_that_is_not_set_up_for_the_flow_answers_405(
    lack: str, simulator: Simulator, keys: Keys
) -> None:
    account = simulator.state.account(ACCOUNT)
    if lack == "FeatureDisabled":
        account.features.remove(Feature.TBA)
    else:
        account.integration(APPLICATION).authorization_flow = False
    answer = step_one(simulator, keys)
    assert (answer.status_code, answer.content) == (405, b"")
    assert simulator.state.audit()[-1].detail == lack


def test_a_blocked_integration(simulator: Simulator, keys: Keys) -> None:
    simulator.state.block_integration(ACCOUNT, APPLICATION)
    assert step_one(simulator, keys).status_code == 401
    assert simulator.state.audit()[-1].detail == "IntegrationBlocked"


def test_a_request_token_is_exchanged_once(simulator: Simulator, keys: Keys) -> None:
    request_keys, back = granted(simulator, keys)
    assert step_three(simulator, request_keys, back["oauth_verifier"]).status_code == 200
    assert step_three(simulator, request_keys, back["oauth_verifier"]).status_code == 401
    assert simulator.state.audit()[-1].detail == "TokenRejected"


def test_a_request_token_belongs_to_its_integration(simulator: Simulator, keys: Keys) -> None:
    request_keys, back = granted(simulator, keys)
    simulator.state.account(ACCOUNT).integration("other-app").authorization_flow = True
    thief = replace(request_keys, consumer_key="other-key", consumer_secret="other-secret")
    assert step_three(simulator, thief, back["oauth_verifier"]).status_code == 401
    assert simulator.state.audit()[-1].detail == "TokenRejected"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("verifier", "InvalidVerifier"),
        ("no verifier", "MissingRequiredParameter"),
        ("secret", "InvalidSignature"),
        ("token", "TokenRejected"),
        ("user", "EntityOrRoleDisabled"),
    ],
)
def test_step_three_refused(fault: str, reason: str, simulator: Simulator, keys: Keys) -> None:
    request_keys, back = granted(simulator, keys)
    verifier: str | None = back["oauth_verifier"]
    used = request_keys
    if fault == "user":
        simulator.state.account(ACCOUNT).user("38").active = False
    elif fault == "secret":
        used = replace(request_keys, token_secret="wrong")
    elif fault == "token":
        used = replace(request_keys, token_id="nobody")
    else:
        verifier = "wrong" if fault == "verifier" else None
    assert step_three(simulator, used, verifier).status_code == 401
    assert simulator.state.audit()[-1].detail == reason
    simulator.state.account(ACCOUNT).user("38").active = True
    assert step_three(simulator, request_keys, back["oauth_verifier"]).status_code == 200


@pytest.mark.parametrize(
    ("state", "status"), [("abc", 200), ("a" * 512, 200), ("a" * 513, 400), ("a-b", 400)]
)
def test_state_is_alphanumeric_and_short(
    state: str, status: int, simulator: Simulator, keys: Keys
) -> None:
    issued = form(step_one(simulator, keys))
    query = {"oauth_token": issued["oauth_token"], "state": state}
    assert requests.get(simulator.url + CONSENT, params=query, timeout=10).status_code == status


def test_an_unknown_request_token_shows_a_page(simulator: Simulator) -> None:
    answer = requests.get(simulator.url + CONSENT, params={"oauth_token": "<b>"}, timeout=10)
    assert (answer.status_code, "Start again from the application" in answer.text) == (400, True)
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    ("registered", "callback", "allowed"),
    [
        ("http://localhost:*", "http://localhost:8080/cb", True),
        ("http://localhost:*", "http://localhost:8080", True),
        ("http://localhost:*", "http://localhost.evil.com:80/cb", False),
        ("http://localhost:*/cb", "http://localhost:8080/cb", True),
        ("http://localhost:*/cb", "http://localhost:8080/other", False),
        ("https://*.example.com/TBA", "https://my.example.com/TBA", True),
        ("https://*.example.com/TBA", "https://a.b.example.com/TBA", False),
        (
            "https://my.example.com/TBA/?callbackRequest",
            "https://my.example.com/TBA/?callbackRequest",
            True,
        ),
        ("https://my.example.com/TBA", "https://my.example.com/TBA/", False),
        (None, "http://localhost:8080/cb", False),
    ],
)
def test_callback_urls(registered: str | None, callback: str, allowed: bool) -> None:
    assert callback_allowed(registered, callback) is allowed
