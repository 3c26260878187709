"""The endpoints behind a good login, and the errors that are not about the login."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tba_secrets.simulator import Simulator
from tba_secrets.simulator.vocabulary import Feature
from tests.simulator.accounts import ACCOUNT, BOT, ROLE, TOKEN, Keys, StandingClock
from tests.simulator.conftest import NOW
from tests.simulator.signer import parameters, send, signed_header

REST = "/services/rest"
SUITEQL = f"{REST}/query/v1/suiteql"
TRANSIENT = {"Prefer": "transient"}


@pytest.fixture
def ask(simulator: Simulator, keys: Keys) -> Any:
    """Send a signed request: `ask("GET", path, **requests_arguments)`."""
    return lambda method, path, **more: send(keys, method, simulator.url + path, NOW, **more)


def code(answer: requests.Response) -> str:
    return str(answer.json()["o:errorDetails"][0]["o:errorCode"])


def test_tokeninfo(ask: Any) -> None:
    assert ask("GET", "/rest/tokeninfo").json() == {
        "companyName": "Example Warehouse Inc.",
        "companyId": ACCOUNT,
        "roleName": ROLE,
        "roleId": "1042",
        "entityId": "38",
    }


def test_server_time_is_the_simulators_clock(ask: Any, clock: StandingClock) -> None:
    clock.now += 0.25
    answer = ask("GET", f"{REST}/system/v1/serverTime")
    assert answer.json() == {"serverTime": "2026-01-01T00:00:00.250Z"}


def test_an_unsigned_get_anywhere_tells_the_clock(
    simulator: Simulator, clock: StandingClock
) -> None:
    clock.now += 3600
    for path in ("/", "/nowhere", "/rest/tokeninfo", f"{REST}/system/v1/serverTime"):
        answer = requests.get(simulator.url + path, timeout=10)
        assert answer.headers["Date"] == "Thu, 01 Jan 2026 01:00:00 GMT"


def test_options_is_204_for_a_good_login_only(ask: Any, simulator: Simulator) -> None:
    assert ask("OPTIONS", f"{REST}/*").status_code == 204
    assert requests.options(f"{simulator.url}{REST}/*", timeout=10).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "?a=1&a=2",
        "?a=",
        "?a",
        "?b=2&a=1",
        "?q=a+b%20c",
        "?name=J%C3%BCrgen",
        "?x=%2B%26%3D",
        "?a=1&&b=2",
        "?a=%7E~",
    ],
)
@pytest.mark.parametrize(
    "path", [f"{REST}/!transform", f"{REST}/record/v1/J%C3%BCrgen", f"{REST}/a%2Fb//c"]
)
def test_awkward_urls_verify(path: str, query: str, ask: Any) -> None:
    answer = ask("GET", path + query)
    assert (answer.status_code, code(answer)) == (404, "NONEXISTENT_ID")


def test_a_changed_query_is_refused(simulator: Simulator, keys: Keys) -> None:
    url = f"{simulator.url}{REST}/system/v1/serverTime?a=1"
    text = signed_header(keys, "GET", url, parameters(keys, NOW))
    answer = requests.get(url.replace("a=1", "a=2"), headers={"Authorization": text}, timeout=10)
    assert answer.status_code == 401


def test_a_proxy_that_ends_tls_is_believed(simulator: Simulator, keys: Keys) -> None:
    url = f"{simulator.url}/rest/tokeninfo"
    public = "https://1234567-sb1.restlets.api.netsuite.com/rest/tokeninfo"
    text = signed_header(keys, "GET", public, parameters(keys, NOW))
    headers = {"Authorization": text, "Host": "1234567-sb1.restlets.api.netsuite.com"}
    assert requests.get(url, headers=headers, timeout=10).status_code == 401
    headers["X-Forwarded-Proto"] = "https"
    assert requests.get(url, headers=headers, timeout=10).status_code == 200


def test_metadata_catalog(ask: Any) -> None:
    path = f"{REST}/record/v1/metadata-catalog"
    names = [item["name"] for item in ask("GET", path).json()["items"]]
    assert names == ["customer", "salesOrder", "employee", "account"]
    selected = ask("GET", f"{path}?select=customer,salesOrder").json()["items"]
    assert [item["name"] for item in selected] == ["customer", "salesOrder"]
    assert code(ask("GET", f"{path}?select=nothing")) == "INVALID_PARAMETER"


def test_customers_are_listed_in_pages(ask: Any) -> None:
    path = f"{REST}/record/v1/customer"
    first = ask("GET", f"{path}?limit=2").json()
    assert (first["count"], first["hasMore"], first["offset"], first["totalResults"]) == (
        2,
        True,
        0,
        3,
    )
    rest = ask("GET", f"{path}?limit=2&offset=2").json()
    assert ([item["id"] for item in rest["items"]], rest["hasMore"]) == (["3"], False)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "offset=-1"])
def test_a_page_out_of_range(query: str, ask: Any) -> None:
    answer = ask("GET", f"{REST}/record/v1/customer?{query}")
    assert (answer.status_code, code(answer)) == (400, "INVALID_PARAMETER")


def test_a_customer_is_created_and_read(ask: Any) -> None:
    created = ask("POST", f"{REST}/record/v1/customer", json={"companyName": "Zoë & Co"})
    assert (created.status_code, created.content) == (204, b"")
    path = "/" + created.headers["Location"].split("/", 3)[3]
    assert ask("GET", path).json()["companyName"] == "Zoë & Co"
    assert ask("GET", f"{REST}/record/v1/customer/99").status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"email": "a@b"}', b'"text"'])
def test_a_body_that_is_no_customer(body: bytes, ask: Any) -> None:
    answer = ask(
        "POST",
        f"{REST}/record/v1/customer",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, code(answer)) == (400, "INVALID_CONTENT")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "customer"), ("GET", "customer/1"), ("POST", "customer")]
)
def test_customers_need_their_permission(
    method: str, path: str, ask: Any, simulator: Simulator
) -> None:
    simulator.state.account(ACCOUNT).role(ROLE).permissions.remove("Customers")
    answer = ask(method, f"{REST}/record/v1/{path}")
    assert (answer.status_code, code(answer)) == (403, "INSUFFICIENT_PERMISSION")


def test_suiteql_pages_and_lists_tokens(ask: Any) -> None:
    body = {"q": "SELECT id FROM customer WHERE id > 0"}
    page = ask("POST", f"{SUITEQL}?limit=1&offset=1", json=body, headers=TRANSIENT).json()
    assert ([i["id"] for i in page["items"]], page["hasMore"], page["totalResults"]) == (
        ["2"],
        True,
        3,
    )
    tokens = ask("POST", SUITEQL, json={"q": "select * from OAuthToken"}, headers=TRANSIENT).json()[
        "items"
    ]
    assert [(t["tba_token_name"], t["entity_name"], t["brevoked"]) for t in tokens] == [
        (TOKEN, BOT, "F")
    ]


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, {"q": "SELECT 1 FROM dual"}, "INVALID_HEADER"),
        (TRANSIENT, {"q": "DROP TABLE customer"}, "INVALID_PARAMETER"),
        (TRANSIENT, {"q": "SELECT x FROM nowhere"}, "INVALID_PARAMETER"),
        (TRANSIENT, {"q": 5}, "INVALID_PARAMETER"),
        (TRANSIENT, ["q"], "INVALID_PARAMETER"),
    ],
)
def test_suiteql_that_cannot_run(
    headers: dict[str, str], body: Any, expected: str, ask: Any
) -> None:
    answer = ask("POST", SUITEQL, data=json.dumps(body), headers=headers)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert (
        ask("POST", SUITEQL, json={"q": "SELECT 1 FROM dual"}, headers=TRANSIENT).json()["count"]
        == 1
    )


@pytest.mark.parametrize("lack", ["permission", "feature"])
def test_suiteql_needs_the_workbook(lack: str, ask: Any, simulator: Simulator) -> None:
    account = simulator.state.account(ACCOUNT)
    if lack == "feature":
        account.features.remove(Feature.WORKBOOK)
    else:
        account.role(ROLE).permissions.remove("SuiteAnalytics Workbook")
    answer = ask("POST", SUITEQL, json={"q": "SELECT 1 FROM dual"}, headers=TRANSIENT)
    assert (answer.status_code, code(answer)) == (403, "INSUFFICIENT_PERMISSION")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_restlet_echo(method: str, ask: Any) -> None:
    body = {"json": {"a": 1}} if method in ("POST", "PUT") else {}
    answer = ask(method, "/app/site/hosting/restlet.nl?script=6&deploy=1&x=1&x=2&y=", **body)
    assert answer.json() == {
        "method": method,
        "parameters": {"x": ["1", "2"], "y": ""},
        "body": body.get("json"),
    }


@pytest.mark.parametrize(
    ("query", "status"),
    [("script=7&deploy=2", 200), ("script=7&deploy=1", 404), ("script=7", 404), ("", 404)],
)
def test_restlets_by_script_and_deploy(query: str, status: int, ask: Any) -> None:
    answer = ask("GET", f"/app/site/hosting/restlet.nl?{query}")
    assert answer.status_code == status
    expected = {"pong": True} if status == 200 else answer.json()
    assert answer.json() == expected
    assert status == 200 or answer.json()["error"]["code"] == "SSS_INVALID_SCRIPTLET_ID"


@pytest.mark.parametrize(
    ("method", "content_type", "status"),
    [
        ("POST", "application/json", 200),
        ("POST", "text/plain", 200),
        ("POST", "multipart/form-data", 415),
        ("GET", "application/json", 400),
    ],
)
def test_restlet_bodies(method: str, content_type: str, status: int, ask: Any) -> None:
    answer = ask(
        method,
        "/app/site/hosting/restlet.nl?script=6&deploy=1",
        data=b"a=1",
        headers={"Content-Type": content_type},
    )
    assert answer.status_code == status


def test_a_token_revokes_itself(ask: Any, keys: Keys, simulator: Simulator) -> None:
    query = f"consumerKey={keys.consumer_key}&token={keys.token_id}"
    assert ask("GET", f"/rest/revoketoken?{query}").status_code == 200
    assert simulator.state.token(ACCOUNT, TOKEN).revoked
    simulator.state.activate_token(ACCOUNT, TOKEN)
    assert ask("GET", "/rest/tokeninfo").status_code == 401


@pytest.mark.parametrize("wrong", ["consumerKey", "token", "permission", "owner"])
def test_what_may_not_be_revoked(wrong: str, ask: Any, keys: Keys, simulator: Simulator) -> None:
    state = simulator.state
    own = {"name": "b", "integration": "other-app", "user": "39", "role": "1043"}
    state.add_token(ACCOUNT, {**own, "token_id": "foreign", "token_secret": "foreign-secret"})
    query = {"consumerKey": keys.consumer_key, "token": keys.token_id}
    if wrong == "permission":
        state.account(ACCOUNT).role(ROLE).permissions.remove("User Access Tokens")
    elif wrong == "owner":
        query["token"] = "foreign"
    else:
        query[wrong] = "nothing"
    answer = ask("GET", "/rest/revoketoken", params=query)
    assert answer.status_code == (403 if wrong in ("permission", "owner") else 400)
    assert not any(token.revoked for token in state.account(ACCOUNT).tokens)
