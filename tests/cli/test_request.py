"""`tba request` sends one signed call and shows it without a secret; its exit code tells how it ended."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from urllib.parse import quote

import pytest

from tba_secrets.cli.exits import Exit
from tests.cli.conftest import Ended, Tba, World
from tests.netsuite.support import Said, told_server
from tests.netsuite_account import Values

pytestmark = pytest.mark.long

ORDERS = ("--record", "warehouse/orders", "--env", "test")
RESTLET = "/app/site/hosting/restlet.nl?script=6&deploy=1"
CUSTOMER = "/services/rest/record/v1/customer"


@pytest.fixture
def request_as_orders(tba: Tba, world: World) -> Tba:
    """`tba request ... --record warehouse/orders`, with a RESTlet that echoes."""
    config = world.netsuite.state.account(world.account.id)
    config.restlets = [type(config).model_validate({"restlets": [{"script": "6"}]}).restlets[0]]

    def run(*arguments: str) -> Ended:
        return tba("request", *arguments, *ORDERS, "--project", str(world.project))

    return run


def signature_in(text: str) -> str:
    return "".join(re.findall(r'oauth_signature="([^"]*)"', text))


def test_a_call_is_shown_as_curl_shows_it(request_as_orders: Tba, world: World) -> None:
    ended = request_as_orders("GET", "/rest/tokeninfo")
    assert ended.status == Exit.DONE
    assert json.loads(ended.out)["companyId"] == world.account.id
    lines = ended.err.splitlines()
    assert lines[0] == "* signed with warehouse/orders, account 1234567_SB1"
    assert "> GET /rest/tokeninfo HTTP/1.1" in lines
    assert f"> Host: {world.netsuite.url.removeprefix('http://')}" in lines
    assert "< HTTP/1.1 200 OK" in lines
    assert any(line.startswith("< date: ") for line in lines)
    authorization = next(line for line in lines if line.startswith("> Authorization: OAuth "))
    assert 'realm="1234567_SB1"' in authorization
    assert re.search(r'oauth_nonce="[A-Za-z0-9]{20}"', authorization)
    assert signature_in(authorization) == "[secret]"


def test_the_console_script_does_the_same(script: Tba, world: World) -> None:
    project = str(world.project)
    ended = script("request", "GET", "/rest/tokeninfo", *ORDERS, "--project", project)
    assert (ended.status, json.loads(ended.out)["roleName"]) == (0, "warehouse role")
    assert not any(secret in ended.out + ended.err for secret in world.secrets)


def test_four_variables_do_as_well(tba: Tba, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token, consumer = world.account.tokens["stock"], world.account.consumers["warehouse"]
    held = (consumer.identifier, consumer.secret, token.identifier, token.secret)
    names = ("TBA_CONSUMER_KEY", "TBA_CONSUMER_SECRET", "TBA_TOKEN_ID", "TBA_TOKEN_SECRET")
    for name, value in zip(names, held, strict=True):
        monkeypatch.setenv(name, value)
    url = f"{world.netsuite.url}/rest/tokeninfo"
    ended = tba("request", "GET", url, "--account", world.account.id)
    assert (ended.status, json.loads(ended.out)["entityId"]) == (0, "39")


QUERIES = {
    "a space, a plus and UTF-8": ("&name=J%C3%BCrgen+M%20x%2By", {"name": "Jürgen M x+y"}),
    "UTF-8 as typed": ("&name=Zoë Ω", {"name": "Zoë Ω"}),
    "empty and repeated": ("&empty=&list=2&list=1&list=2", {"empty": "", "list": ["2", "1", "2"]}),
    "signs of RFC 3986": ("&q=!*'();:@,/?[]", {"q": "!*'();:@,/?[]"}),
    "percent and ampersand": ("&q=100%25%26more", {"q": "100%&more"}),
    "a name that needs encoding": ("&%24a%5B0%5D=1", {"$a[0]": "1"}),
}


@pytest.mark.parametrize(("query", "read"), QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_what_is_in_the_query_is_what_the_restlet_reads(
    method: str, query: str, read: dict[str, object], request_as_orders: Tba
) -> None:
    ended = request_as_orders(method, RESTLET + query)
    assert (ended.status, json.loads(ended.out)["parameters"]) == (Exit.DONE, read)


@pytest.mark.parametrize(
    "path",
    ["/!transform", "/a b", "/ä/ö", "/%21x", "/a;b", "/(x)", "/x'y", "/a//b", "/a%2Fb", "/~t/-._"],
)
def test_an_unusual_path_is_signed_as_it_is_sent(
    path: str, request_as_orders: Tba, world: World
) -> None:
    """404 is the answer to a good login; a wrong signature would be 401."""
    ended = request_as_orders("GET", f"/services/rest{path}")
    assert "< HTTP/1.1 404 Not Found" in ended.err
    assert ended.status == Exit.OTHERWISE
    assert world.netsuite.state.audit()[-1].success


def test_a_json_body_arrives_and_changes_something(request_as_orders: Tba, world: World) -> None:
    role = world.netsuite.state.account(world.account.id).role("warehouse role")
    role.permissions.append("Customers")
    ended = request_as_orders("POST", CUSTOMER, "--json", '{"companyName": "Zoë GmbH"}')
    assert (ended.status, ended.out) == (Exit.DONE, "")
    assert "< HTTP/1.1 204 No Content" in ended.err
    customers = world.netsuite.state.account(world.account.id).customers
    assert [one.companyname for one in customers] == ["Zoë GmbH"]


def test_a_form_is_signed_and_then_refused_for_its_kind(
    request_as_orders: Tba, world: World
) -> None:
    """415 comes after the login: the form's parameters were part of what was signed."""
    ended = request_as_orders("POST", RESTLET, "--form", "a=1", "--form", "b=x y", "--form", "é=")
    assert "< HTTP/1.1 415 " in ended.err
    assert world.netsuite.state.audit()[-1].success
    assert ended.status == Exit.OTHERWISE


def test_headers_are_sent(request_as_orders: Tba) -> None:
    query = ("--json", '{"q": "SELECT 1 FROM DUAL"}')
    path = "/services/rest/query/v1/suiteql"
    without = request_as_orders("POST", path, *query)
    given = request_as_orders("POST", path, *query, "--header", "Prefer: transient")
    assert "INVALID_HEADER" in without.out
    assert "INVALID_HEADER" not in given.out
    assert "> Prefer: transient" in given.err


@pytest.mark.parametrize("name", ["Authorization", "cookie", "HOST"])
def test_headers_of_another_login_are_refused(name: str, request_as_orders: Tba) -> None:
    ended = request_as_orders("GET", "/rest/tokeninfo", "--header", f"{name}: x")
    assert (ended.status, ended.out) == (Exit.FAILED, "")


def test_a_refused_login_is_diagnosed_and_asked_once(request_as_orders: Tba, world: World) -> None:
    world.put("orders", Values(world.account.tokens["orders"].identifier))
    ended = request_as_orders("GET", "/services/rest/system/v1/serverTime")
    assert ended.status == Exit.REFUSED
    assert "INVALID_LOGIN" in ended.out
    assert "likely causes, in order" in ended.err
    assert "View Login Audit Trail" in ended.err
    assert len(world.netsuite.state.trail.failures()) == 1


def test_after_three_refusals_the_user_is_left_alone(request_as_orders: Tba, world: World) -> None:
    world.put("orders", Values(world.account.tokens["orders"].identifier))
    codes = [request_as_orders("GET", "/rest/tokeninfo").status for _ in range(5)]
    assert codes == [Exit.REFUSED] * 3 + [Exit.FAILED] * 2
    assert len(world.netsuite.state.trail.failures()) == 3
    assert not world.netsuite.state.is_locked(world.account.id, "orders.bot@example.com")


def test_a_busy_answer_says_nothing_about_the_credential_and_is_not_repeated(
    request_as_orders: Tba, world: World
) -> None:
    world.netsuite.state.faults.add("429", "serverTime", times=1)
    ended = request_as_orders("GET", "/services/rest/system/v1/serverTime")
    assert ended.status == Exit.OTHERWISE
    assert "says nothing about the credential" in ended.err
    assert request_as_orders("GET", "/services/rest/system/v1/serverTime").status == Exit.DONE


def test_a_lost_answer_is_not_sent_again(request_as_orders: Tba, world: World) -> None:
    role = world.netsuite.state.account(world.account.id).role("warehouse role")
    role.permissions.append("Customers")
    world.netsuite.state.faults.add("answer_lost", "customer", times=1)
    ended = request_as_orders("POST", CUSTOMER, "--json", '{"companyName": "Once"}')
    assert (ended.status, ended.out) == (Exit.FAILED, "")
    assert len(world.netsuite.state.account(world.account.id).customers) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/rest/tokeninfo",
        "http://1234567-sb1.restlets.api.netsuite.com/rest/tokeninfo",
        "https://7654321.restlets.api.netsuite.com/rest/tokeninfo",
        "https://1234567-sb1.restlets.api.netsuite.com.example.com/rest/tokeninfo",
    ],
)
def test_a_foreign_host_is_never_asked(url: str, request_as_orders: Tba) -> None:
    ended = request_as_orders("GET", url)
    assert (ended.status, ended.out) == (Exit.FAILED, "")
    assert "is no host of account 1234567_SB1" in ended.err


def test_another_account_than_the_declared_one_is_refused(request_as_orders: Tba) -> None:
    ended = request_as_orders("GET", "/rest/tokeninfo", "--account", "7654321")
    assert (ended.status, ended.out) == (Exit.FAILED, "")
    assert "declared for account 1234567_SB1, not for 7654321" in ended.err
    assert request_as_orders("GET", "/rest/tokeninfo", "--account", "1234567-sb1").status == 0


def test_soap_is_pointed_to_the_passport(request_as_orders: Tba) -> None:
    ended = request_as_orders("POST", "/services/NetSuitePort_2025_2")
    assert "tba sign --soap" in ended.err


def test_no_secret_is_shown_however_it_comes_back(tba: Tba, world: World) -> None:
    """A server that sends everything back, in all the spellings that a header or a body can have."""
    odd = replace(world.account.tokens["orders"], secret='se"cret/+ä')
    world.put("orders", odd)
    held = [*world.secrets, odd.secret]
    spelled = [text for s in held for text in (s, quote(s, safe=""), json.dumps(s))]
    body = "\n".join(spelled).encode()
    said = Said(200, body, [("Set-Cookie", "JSESSIONID=hidden"), ("X-Echo", held[0])])
    arguments = (*ORDERS, "--project", str(world.project))
    with told_server(said) as server:
        ended = tba("request", "GET", f"{server.url}/rest/tokeninfo?token={held[0]}", *arguments)
        sent = [headers for _, _, headers in server.requests if "Authorization" in headers]
    shown = ended.out + ended.err
    mine = [odd.identifier, odd.secret, *vars(world.account.consumers["warehouse"]).values()]
    for value in (*mine, signature_in(sent[0]["Authorization"]), "JSESSIONID=hidden"):
        assert value not in shown
        assert quote(value, safe="") not in shown
        assert json.dumps(value)[1:-1] not in shown
    assert shown.count("[secret]") > 8
