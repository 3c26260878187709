"""Clients that were written by others work against the simulator, and are refused with a wrong secret.

They take the time from the computer's clock, so the simulator does too.
"""

from __future__ import annotations

import asyncio
import warnings
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from oauthlib.oauth1 import Client
from requests_oauthlib import OAuth1, OAuth1Session

from tba_secrets.simulator import Simulator
from tests.simulator.accounts import ACCOUNT, Keys

with warnings.catch_warnings(record=True):  # Authlib announces httpx2 when netsuite imports it
    import netsuite  # type: ignore[import-untyped]
    from netsuite.exceptions import NetsuiteAPIRequestError  # type: ignore[import-untyped]
    from netsuite_oauth import NetsuiteOauth

REST = "/services/rest"
CUSTOMER = f"{REST}/record/v1/customer"
RESTLET = "/app/site/hosting/restlet.nl?script=6&deploy=1"
old_calls_of_netsuite = pytest.mark.filterwarnings("ignore::DeprecationWarning")
URLS = [
    "/rest/tokeninfo",
    f"{REST}/system/v1/serverTime?a=1&a=&b=%C3%BC+x",
    f"{CUSTOMER}?limit=1&offset=1",
    f"{RESTLET}&name=J%C3%BCrgen%20M&empty=",
]


def oauthlib_headers(keys: Keys, method: str, url: str, **more: Any) -> dict[str, str]:
    client = Client(
        keys.consumer_key,
        keys.consumer_secret,
        keys.token_id,
        keys.token_secret,
        realm=ACCOUNT,
        signature_method="HMAC-SHA256",
    )
    _, headers, _ = client.sign(url, http_method=method, **more)
    return dict(headers)


@pytest.mark.parametrize("path", URLS)
def test_oauthlib(path: str, live_simulator: Simulator, keys: Keys) -> None:
    url = live_simulator.url + path
    good = oauthlib_headers(keys, "GET", url)
    bad = oauthlib_headers(replace(keys, token_secret="wrong"), "GET", url)
    assert requests.get(url, headers=good, timeout=10).status_code == 200
    assert requests.get(url, headers=bad, timeout=10).status_code == 401
    assert live_simulator.state.audit()[-1].detail == "InvalidSignature"


def test_oauthlib_signs_a_form_body(live_simulator: Simulator, keys: Keys) -> None:
    """Signed, verified, and then refused for its content type; a changed form is a bad signature."""
    url = live_simulator.url + RESTLET
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, status in (("a=1&b=x+y&c=", 415), ("a=2&b=x+y&c=", 401)):
        headers = oauthlib_headers(keys, "POST", url, body="a=1&b=x+y&c=", headers=form)
        assert requests.post(url, data=body, headers=headers, timeout=10).status_code == status


def auth(keys: Keys, **more: Any) -> OAuth1:
    return OAuth1(
        keys.consumer_key,
        keys.consumer_secret,
        keys.token_id,
        keys.token_secret,
        realm=ACCOUNT,
        signature_method="HMAC-SHA256",
        **more,
    )


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_requests_oauthlib(method: str, live_simulator: Simulator, keys: Keys) -> None:
    url = live_simulator.url + RESTLET
    more: dict[str, Any] = {"params": {"q": "a b+c!*'()", "list": ["2", "1"]}}
    if method in ("POST", "PUT"):
        more["json"] = {"name": "Zoë"}
    good = requests.request(method, url, auth=auth(keys), timeout=10, **more)
    assert (good.status_code, good.json()["parameters"]) == (200, more["params"])
    wrong = auth(replace(keys, consumer_secret="wrong"))
    bad = requests.request(method, url, auth=wrong, timeout=10, **more)
    assert bad.status_code == 401


def test_requests_oauthlib_with_sha1_is_refused(live_simulator: Simulator, keys: Keys) -> None:
    sha1 = auth(keys)
    sha1.client.signature_method = "HMAC-SHA1"
    assert (
        requests.get(f"{live_simulator.url}/rest/tokeninfo", auth=sha1, timeout=10).status_code
        == 400
    )
    assert live_simulator.state.audit()[-1].detail == "UnknownAlgorithm"


def test_requests_oauthlib_runs_the_three_step_flow(live_simulator: Simulator, keys: Keys) -> None:
    url = live_simulator.url
    session = OAuth1Session(
        keys.consumer_key,
        keys.consumer_secret,
        callback_uri="http://localhost:53682/callback",
        signature_method="HMAC-SHA256",
    )
    session.fetch_request_token(f"{url}/rest/requesttoken")
    page = session.authorization_url(f"{url}/app/login/secure/authorizetoken.nl", state="s1")
    token = dict(parse_qsl(urlsplit(page).query))["oauth_token"]
    form = {"oauth_token": token, "login": "38:1042", "decision": "allow", "state": "s1"}
    back = requests.post(page.partition("?")[0], data=form, allow_redirects=False, timeout=10)
    session.parse_authorization_response(back.headers["Location"])
    issued = session.fetch_access_token(f"{url}/rest/accesstoken")
    fresh = replace(keys, token_id=issued["oauth_token"], token_secret=issued["oauth_token_secret"])
    info = requests.get(f"{url}/rest/tokeninfo", auth=auth(fresh), timeout=10)
    assert (info.status_code, info.json()["entityId"]) == (200, "38")


def rest_api(keys: Keys) -> Any:
    """PyPI netsuite 0.12.0: httpx and Authlib; a body adds oauth_body_hash to the signed parameters."""
    token = netsuite.TokenAuth(
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        token_id=keys.token_id,
        token_secret=keys.token_secret,
    )
    return netsuite.NetSuiteRestApi(netsuite.Config(account=ACCOUNT, auth=token))


def netsuite_call(keys: Keys, method: str, simulator: Simulator, path: str, **more: Any) -> Any:
    """Run one call; the URL, which the client makes itself, is given instead."""
    return asyncio.run(getattr(rest_api(keys), method)("", url=simulator.url + path, **more))


@old_calls_of_netsuite
def test_netsuite_gets_and_posts(live_simulator: Simulator, keys: Keys) -> None:
    assert netsuite_call(keys, "get", live_simulator, "/rest/tokeninfo")["companyId"] == ACCOUNT
    listed = netsuite_call(keys, "get", live_simulator, CUSTOMER, params={"limit": 2})
    assert (listed["count"], listed["hasMore"]) == (2, True)
    assert (
        netsuite_call(keys, "post", live_simulator, CUSTOMER, json={"companyName": "Zoë"}) is None
    )
    assert live_simulator.state.account(ACCOUNT).customers[-1].companyname == "Zoë"
    rows = netsuite_call(
        keys,
        "post",
        live_simulator,
        f"{REST}/query/v1/suiteql",
        json={"q": "SELECT id FROM customer"},
        params={"limit": 1, "offset": 3},
        headers={"Prefer": "transient"},
    )
    assert [row["companyname"] for row in rows["items"]] == ["Zoë"]


@old_calls_of_netsuite
@pytest.mark.parametrize("method", ["get", "post"])
def test_netsuite_with_a_wrong_secret(method: str, live_simulator: Simulator, keys: Keys) -> None:
    body = {"json": {"companyName": "X"}} if method == "post" else {}
    with pytest.raises(NetsuiteAPIRequestError, match="INVALID_LOGIN"):
        netsuite_call(replace(keys, token_secret="wrong"), method, live_simulator, CUSTOMER, **body)
    assert live_simulator.state.audit()[-1].detail == "InvalidSignature"
    netsuite_call(keys, method, live_simulator, CUSTOMER, **body)


def oauth_python(keys: Keys, url: str) -> NetsuiteOauth:
    """PyPI netsuite-oauth-python 1.0.0."""
    return NetsuiteOauth(
        url=url,
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        token_id=keys.token_id,
        token_secret=keys.token_secret,
        account=ACCOUNT,
    )


def test_netsuite_oauth_python_gets_and_posts(live_simulator: Simulator, keys: Keys) -> None:
    client = oauth_python(keys, live_simulator.url + RESTLET)
    assert client.get(params={"x": "a b"}, timeout=10).json()["parameters"] == {"x": "a b"}
    assert client.post({"name": "Zoë"}, timeout=10).json()["body"] == {"name": "Zoë"}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("secret", ["consumer_secret", "token_secret"])
def test_netsuite_oauth_python_with_a_wrong_secret(
    method: str, secret: str, live_simulator: Simulator, keys: Keys
) -> None:
    client = oauth_python(replace(keys, **{secret: "wrong"}), live_simulator.url + RESTLET)
    with pytest.raises(requests.HTTPError, match="401"):
        getattr(client, method)(timeout=10)
    assert live_simulator.state.audit()[-1].detail == "InvalidSignature"
