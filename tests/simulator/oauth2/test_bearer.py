"""Calls with an access token: what they reach, and every reason to refuse one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tba_secrets.simulator import Simulator
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import Feature, Scope
from tests.simulator.accounts import ACCOUNT, APPLICATION, BOT, ROLE, Keys, StandingClock
from tests.simulator.conftest import NOW
from tests.simulator.oauth2.holder import RESTLET, SERVER_TIME, SUITEQL, Holder, bearer
from tests.simulator.signer import send
from tests.simulator.test_soap import call as soap_call, passport

Token = Callable[..., str]
CHALLENGE = (
    f'Bearer realm="{ACCOUNT}", error="invalid_token", error_description="Invalid login attempt."'
)
CUSTOMER = "/services/rest/record/v1/customer"


def suiteql(url: str, token: str, query: str) -> requests.Response:
    headers = bearer(token, Prefer="transient")
    return requests.post(url + SUITEQL, json={"q": query}, headers=headers, timeout=10)


def test_rest_suiteql_and_restlets(simulator: Simulator, token: Token) -> None:
    url, text = simulator.url, token()
    for path in (SERVER_TIME, CUSTOMER, f"{CUSTOMER}/1", RESTLET):
        assert requests.get(url + path, headers=bearer(text), timeout=10).status_code == 200
    answer = requests.options(f"{url}/services/rest/*", headers=bearer(text), timeout=10)
    assert answer.status_code == 204
    assert suiteql(url, text, "SELECT id FROM customer").json()["count"] == 3
    echo = requests.post(url + RESTLET, json={"a": 1}, headers=bearer(text), timeout=10).json()
    assert (echo["method"], echo["body"]) == ("POST", {"a": 1})
    entry = simulator.state.audit()[-1]
    assert (entry.success, entry.user, entry.role, entry.application_name, entry.service) == (
        True,
        BOT,
        ROLE,
        APPLICATION,
        "RESTlets",
    )


def test_a_token_of_tba_beside_it_still_works(
    simulator: Simulator, keys: Keys, token: Token
) -> None:
    """One record carries both kinds: the client id is the consumer key."""
    token()
    assert send(keys, "GET", simulator.url + SERVER_TIME, NOW).status_code == 200


@pytest.mark.parametrize(
    ("scope", "path", "other"),
    [("rest_webservices", SERVER_TIME, RESTLET), ("restlets", RESTLET, SERVER_TIME)],
)
def test_the_scope_of_the_token(
    scope: str, path: str, other: str, simulator: Simulator, token: Token
) -> None:
    headers = bearer(token(scope=scope))
    assert requests.get(simulator.url + path, headers=headers, timeout=10).status_code == 200
    assert requests.get(simulator.url + other, headers=headers, timeout=10).status_code == 401
    assert simulator.state.audit()[-1].detail == "ScopeMismatched"


def test_it_lives_for_an_hour(simulator: Simulator, token: Token, clock: StandingClock) -> None:
    headers = bearer(token())
    clock.now = NOW + 3599
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).ok
    clock.now = NOW + 3600
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).status_code == 401
    assert simulator.state.audit()[-1].detail == "AccessTokenExpired"


def test_it_outlives_its_certificate(simulator: Simulator, holder: Holder, token: Token) -> None:
    headers = bearer(token())
    simulator.state.revoke_certificate(ACCOUNT, holder.certificate_id)
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).ok
    with pytest.raises(AssertionError, match="invalid_grant"):
        token()


def role(state: State) -> Any:
    return state.account(ACCOUNT).role(ROLE)


def without(name: str) -> Callable[[State], object]:
    return lambda state: role(state).permissions.remove(name)


REFUSED: list[tuple[str, Callable[[State], object]]] = [
    ("InsufficientPermissions", without("Log in using OAuth 2.0 Access Tokens")),
    (
        "InsufficientPermissions",
        lambda s: role(s).permissions.append("OAuth 2.0 Authorized Applications Management"),
    ),
    ("IntegrationBlocked", lambda s: s.block_integration(ACCOUNT, APPLICATION)),
    (
        "AuthorizationCodeGrantRequired",
        lambda s: setattr(s.account(ACCOUNT).integration(APPLICATION), "client_credentials", False),
    ),
    (
        "ScopeMismatched",
        lambda s: setattr(
            s.account(ACCOUNT).integration(APPLICATION), "scopes", [Scope.SUITE_ANALYTICS]
        ),
    ),
    (
        "InvalidIntegration",
        lambda s: setattr(s.account(ACCOUNT).integration(APPLICATION), "consumer_key", "reset"),
    ),
    ("FeatureDisabled", lambda s: s.account(ACCOUNT).features.remove(Feature.OAUTH2)),
    ("EntityOrRoleDisabled", lambda s: setattr(s.account(ACCOUNT).user(BOT), "active", False)),
    ("EntityOrRoleDisabled", lambda s: setattr(role(s), "active", False)),
    ("EntityOrRoleDisabled", lambda s: s.account(ACCOUNT).user(BOT).roles.remove(ROLE)),
    ("EntityOrRoleDisabled", lambda s: setattr(s.account(ACCOUNT).user(BOT), "id", "77")),
]


@pytest.mark.parametrize("path", [SERVER_TIME, RESTLET])
@pytest.mark.parametrize(("detail", "change"), REFUSED)
def test_a_refusal_tells_the_trail_and_not_the_client(
    detail: str, change: Callable[[State], object], path: str, simulator: Simulator, token: Token
) -> None:
    headers = bearer(token())
    change(simulator.state)
    answer = requests.get(simulator.url + path, headers=headers, timeout=10)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    code = "INVALID_LOGIN_ATTEMPT" if path == RESTLET else "INVALID_LOGIN"
    assert f'"{code}"' in answer.text
    entry = simulator.state.audit()[-1]
    assert (entry.success, entry.detail, entry.account) == (False, detail, ACCOUNT)


def test_rest_needs_its_permission_and_restlets_do_not(simulator: Simulator, token: Token) -> None:
    headers = bearer(token())
    without("REST Web Services")(simulator.state)
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).status_code == 401
    assert simulator.state.audit()[-1].detail == "InsufficientPermissions"
    assert requests.get(simulator.url + RESTLET, headers=headers, timeout=10).status_code == 200


def test_a_web_services_only_role_gets_a_token_and_nothing_else(
    simulator: Simulator, token: Token
) -> None:
    role(simulator.state).web_services_only = True
    headers = bearer(token())
    rest = requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10)
    assert (rest.status_code, "INSUFFICIENT_PERMISSION" in rest.text) == (401, True)
    assert requests.get(simulator.url + RESTLET, headers=headers, timeout=10).status_code == 401
    role(simulator.state).web_services_only = False
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).ok


def test_an_administrator_is_not_kept_out(simulator: Simulator, token: Token) -> None:
    administrator = role(simulator.state)
    administrator.id, administrator.permissions = "3", []
    headers = bearer(token())
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).ok


def test_a_cookie_beside_it(simulator: Simulator, token: Token) -> None:
    text = token()
    headers = bearer(text, Cookie="JSESSIONID=1")
    answer = requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10)
    assert (answer.status_code, "INVALID_LOGIN" in answer.text) == (401, True)
    assert simulator.state.audit()[-1].detail == "simulator: cookie_beside_bearer"
    assert requests.get(simulator.url + SERVER_TIME, headers=bearer(text), timeout=10).ok


def test_a_changed_token(simulator: Simulator, token: Token) -> None:
    header, claims, signature = token().split(".")
    for text in (f"{header}.{claims}.{signature[::-1]}", f"{header}.{claims}.", "abc"):
        answer = requests.get(simulator.url + SERVER_TIME, headers=bearer(text), timeout=10)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
        assert simulator.state.audit()[-1].detail == "InvalidSignature"


def test_an_assertion_is_no_access_token(simulator: Simulator, holder: Holder) -> None:
    answer = requests.get(
        simulator.url + SERVER_TIME, headers=bearer(holder.assertion()), timeout=10
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b", "Bearer ä"])
@pytest.mark.parametrize("path", [SERVER_TIME, RESTLET, "/rest/tokeninfo"])
def test_a_header_that_cannot_be_read(header: str, path: str, simulator: Simulator) -> None:
    headers = {"Authorization": header.encode("latin-1")}
    answer = requests.get(simulator.url + path, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]
    assert "malformed syntax" in answer.text
    assert simulator.state.audit() == []


def test_another_accounts_host(simulator: Simulator, token: Token) -> None:
    headers = bearer(token(), Host="7654321.suitetalk.api.netsuite.com")
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).status_code == 401
    assert simulator.state.audit()[-1].detail == "simulator: audience_mismatch"
    headers["Host"] = "1234567-sb1.suitetalk.api.netsuite.com"
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).ok


def test_never_soap(simulator: Simulator, keys: Keys, token: Token) -> None:
    url = f"{simulator.url}/services/NetSuitePort_2025_2"
    empty = "<e:Envelope xmlns:e='x'><e:Body><getServerTime/></e:Body></e:Envelope>"
    answer = requests.post(url, data=empty, headers=bearer(token()), timeout=10)
    assert (answer.status_code, "Invalid login attempt." in answer.text) == (500, True)
    assert soap_call(simulator, passport(keys)).status_code == 200


def test_no_token_services(simulator: Simulator, token: Token) -> None:
    answer = requests.get(f"{simulator.url}/rest/tokeninfo", headers=bearer(token()), timeout=10)
    assert answer.status_code == 401
    assert simulator.state.audit()[-1].detail == "simulator: bearer_not_accepted"


def test_a_service_that_is_off(simulator: Simulator, token: Token) -> None:
    headers = bearer(token())
    simulator.state.account(ACCOUNT).features.remove(Feature.RESTLETS)
    assert requests.get(simulator.url + RESTLET, headers=headers, timeout=10).status_code == 403
    simulator.state.account(ACCOUNT).features.remove(Feature.TBA)
    assert requests.get(simulator.url + SERVER_TIME, headers=headers, timeout=10).ok


def test_the_trail_by_suiteql(simulator: Simulator, holder: Holder, token: Token) -> None:
    text = token()
    with pytest.raises(AssertionError):
        token(scope="suite_analytics")
    rows = suiteql(simulator.url, text, "SELECT date, status, detail FROM LoginAudit").json()
    ours, refused, issued = rows["items"]
    assert set(refused) == {"links", "date", "status", "detail", "oauthappname", "requesturi"}
    assert (refused["status"], refused["detail"]) == ("Failure", "ScopeMismatched")
    assert (issued["status"], issued["oauthappname"]) == ("Success", APPLICATION)
    assert (ours["requesturi"], issued["date"]) == (SUITEQL, "2026-01-01 00:00:00")


def test_the_trail_needs_its_permission(simulator: Simulator, token: Token) -> None:
    text = token()
    without("View Login Audit Trail")(simulator.state)
    answer = suiteql(simulator.url, text, "SELECT detail FROM loginaudit")
    assert answer.status_code == 400
    role(simulator.state).permissions.append("View Login Audit Trail")
    assert suiteql(simulator.url, text, "SELECT detail FROM loginaudit").status_code == 200


def test_the_concurrency_limit_counts_it(simulator: Simulator, token: Token) -> None:
    from tba_secrets.simulator.middleware import claimed_account

    environ = {"PATH_INFO": SERVER_TIME, "HTTP_AUTHORIZATION": f"Bearer {token()}"}
    assert claimed_account(environ) == ACCOUNT
    assert claimed_account(environ | {"HTTP_AUTHORIZATION": "Bearer abc"}) == ""
