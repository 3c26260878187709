"""A signature goes to the account's own hosts and to nobody else; for another host nothing is sent at all."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import requests

from tba_secrets.client import ForeignHostError, Service, UnsignableRequestError
from tba_secrets.client.hosts import refuse_foreign
from tests.client.support import World
from tests.netsuite.support import Said, told_server

ACCOUNT = "1234567_SB1"
SUITETALK = "https://1234567-sb1.suitetalk.api.netsuite.com"
OWN = [
    SUITETALK,
    f"{SUITETALK}/services/rest/record/v1/customer?limit=1",
    f"{SUITETALK}:443/",
    "https://1234567-SB1.SuiteTalk.api.netsuite.com/",
    "https://1234567-sb1.restlets.api.netsuite.com/rest/tokeninfo",
]
FOREIGN = [
    "https://1234567.suitetalk.api.netsuite.com/",
    "https://1234567-sb1.app.netsuite.com/app/login",
    "http://1234567-sb1.suitetalk.api.netsuite.com/",
    f"{SUITETALK}:8443/",
    "https://1234567-sb1.suitetalk.api.netsuite.com.example.com/",
    "https://1234567-sb1.suitetalk.api.netsuite.com@example.com/",
    "https://example.com@1234567-sb1.suitetalk.api.netsuite.com/",
    "https://example.com/?https://1234567-sb1.suitetalk.api.netsuite.com",
    "https://example.com/https://1234567-sb1.suitetalk.api.netsuite.com/",
    "https://example.com\\@1234567-sb1.suitetalk.api.netsuite.com/",
    "https://1234567-sb1.suitetalk.api.netsuite.com:99999/",
    "https://:443/",
    "ftp://1234567-sb1.suitetalk.api.netsuite.com/",
    "",
]


@pytest.mark.parametrize("url", OWN)
def test_own_addresses_pass(url: str) -> None:
    refuse_foreign(url, ACCOUNT, None)


@pytest.mark.parametrize("url", FOREIGN)
def test_foreign_ones_do_not(url: str) -> None:
    with pytest.raises(ForeignHostError, match="nothing was signed or sent") as caught:
        refuse_foreign(url, ACCOUNT, None)
    assert SUITETALK in caught.value.what
    assert "example.com" not in str(caught.value)


def test_an_endpoint_is_in_the_place_of_the_accounts_own() -> None:
    refuse_foreign("http://127.0.0.1:8917/x", ACCOUNT, "http://127.0.0.1:8917")
    with pytest.raises(ForeignHostError):
        refuse_foreign(f"{SUITETALK}/x", ACCOUNT, "http://127.0.0.1:8917")


def test_another_host_is_not_called(here: World) -> None:
    with told_server(Said()) as foreign, here.session() as session:
        with pytest.raises(ForeignHostError):
            session.get(foreign.url)
        assert foreign.requests == []


READ_IN_TWO_WAYS = [
    "http://{own}\\@{foreign}/",
    "http://{foreign}\\@{own}/",
    "http://{own}@{foreign}/",
    "http://{foreign}@{own}/",
    "http://{foreign}#@{own}/",
    "http://{foreign}?@{own}/",
]


@pytest.mark.parametrize("form", READ_IN_TWO_WAYS)
def test_what_is_checked_is_what_is_asked(here: World, form: str) -> None:
    with told_server(Said()) as foreign, here.session() as session:
        own, host = urlsplit(here.netsuite.url).netloc, urlsplit(foreign.url).netloc
        with suppress(ForeignHostError):
            session.get(form.format(own=own, foreign=host))
        assert foreign.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_sends_it_nothing(here: World, status: int) -> None:
    with told_server(Said()) as foreign:
        moved = Said(status, headers=[("Location", f"{foreign.url}/elsewhere")])
        with told_server(moved) as own, here.session(endpoint=own.url) as session:
            with pytest.raises(ForeignHostError):
                session.post(own.url, data=b"body")
            assert len(own.requests) == 1
        assert foreign.requests == []


def test_the_broken_twin_follows_it(here: World) -> None:
    with told_server(Said()) as foreign:
        moved = Said(307, headers=[("Location", f"{foreign.url}/elsewhere")])
        with told_server(moved) as own:
            requests.post(own.url, data=b"body", timeout=10)
        assert len(foreign.requests) == 1


def test_a_redirect_to_an_own_host_is_signed_anew(here: World) -> None:
    moved = Said(302, headers=[("Location", "/again"), ("Set-Cookie", "JSESSIONID=x; Path=/")])
    with told_server(moved) as own, here.session(endpoint=own.url) as session:
        session.max_redirects = 2
        with pytest.raises(requests.TooManyRedirects):
            session.get(own.url)
        headers = [sent[2] for sent in own.requests]

    nonces = {header["Authorization"].split('oauth_nonce="')[1][:20] for header in headers}
    assert len(nonces) == len(headers) == 3
    assert not any("Cookie" in header for header in headers)


def test_no_netrc_takes_the_place_of_the_signature(
    here: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("default login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with here.session() as session:
        assert session.get(here.url).status_code == 200


def test_the_account_tells_the_addresses(here: World) -> None:
    with here.session(endpoint=None) as session:
        assert session.base_url() == SUITETALK
        assert session.base_url(Service.RESTLETS).startswith("https://1234567-sb1.restlets.")
        with pytest.raises(ForeignHostError, match=r"https://7654321\.suitetalk"):
            session.get("https://7654321.suitetalk.api.netsuite.com/")


def test_a_form_that_cannot_be_read_is_not_sent(here: World) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with here.session() as session:
        for body in (iter([b"a=b"]), b"a=\xff", b"\xff=b"):
            with pytest.raises(UnsignableRequestError, match="a form is signed"):
                session.post(here.url, data=body, headers=form)
    assert here.logins == []
