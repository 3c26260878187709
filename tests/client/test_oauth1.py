"""`session.auth`: a session that the program has made itself, signed by requests-oauthlib's `OAuth1`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
import requests
from requests_oauthlib import OAuth1, oauth1_auth

from tba_secrets.client import ForeignHostError, SignedSession, UnsignableRequestError
from tba_secrets.errors import NotAskedError
from tests.client.support import RESTLET, World
from tests.client.test_secrecy import log, scanner
from tests.leaks.scanner import Scanner, text
from tests.netsuite.support import Said, told_server
from tests.netsuite_account import Values

__all__ = ["log", "scanner"]


@pytest.fixture
def reader(here: World) -> Iterator[SignedSession]:
    with here.session() as session:
        yield session


@pytest.fixture
def mine(reader: SignedSession) -> Iterator[requests.Session]:
    """A program's own session, with cookies of its own."""
    with requests.Session() as session:
        session.auth = reader.oauth1()
        session.cookies.set("mine", "yes")
        yield session


def test_it_is_the_auth_that_people_know(mine: requests.Session) -> None:
    assert isinstance(mine.auth, OAuth1)
    assert repr(mine.auth) == "<StoreOAuth1 of the secret netsuite/test/orders (aws)>"


def test_a_rotation_passes_unnoticed(here: World, mine: requests.Session) -> None:
    before = mine.get(here.url, timeout=10)
    here.rotate()
    after = mine.get(here.url, timeout=10)

    assert (before.status_code, after.status_code) == (200, 200)
    assert [login.success for login in here.logins] == [True, False, True]
    assert here.reads == 2
    assert "Cookie" not in after.request.headers


def test_a_body_is_sent_again_after_a_rotation(here: World, mine: requests.Session) -> None:
    mine.get(here.url, timeout=10)
    here.rotate()

    assert mine.post(here.netsuite.url + RESTLET, json={"item": "17"}, timeout=10).ok


def test_a_wrong_current_is_refused_three_times_at_most(
    here: World, mine: requests.Session, reader: SignedSession
) -> None:
    here.promote(Values())
    statuses = [mine.get(here.url, timeout=10).status_code for _ in range(3)]

    assert statuses == [401] * 3
    with pytest.raises(NotAskedError):
        mine.get(here.url, timeout=10)
    with pytest.raises(NotAskedError):
        reader.get(here.url)
    assert len(here.refused) == 3
    here.promote(here.account.tokens["orders"])
    here.clock.now += 300
    assert mine.get(here.url, timeout=10).status_code == 200


def test_another_host_gets_nothing(here: World, mine: requests.Session) -> None:
    with pytest.raises(ForeignHostError):
        mine.get("http://127.0.0.1:9/elsewhere", timeout=10)
    assert here.logins == []


def test_a_redirect_is_not_followed(here: World, mine: requests.Session) -> None:
    """`requests` would send the same signature once more, which counts as a refused login."""
    moved = Said(302, headers=[("Location", "/again")])
    with told_server(moved) as own, here.session(endpoint=own.url) as session:
        mine.auth = session.oauth1()
        with pytest.raises(UnsignableRequestError, match="redirect"):
            mine.get(own.url, timeout=10)
        assert len(own.requests) == 1


def test_the_broken_twin_sends_one_signature_twice(here: World) -> None:
    moved = Said(302, headers=[("Location", "/again")])
    with told_server(moved) as own, requests.Session() as session:
        session.auth, session.max_redirects = OAuth1("key", "secret"), 1
        with pytest.raises(requests.TooManyRedirects):
            session.get(own.url, timeout=10)
        headers = {sent[2]["Authorization"] for sent in own.requests}

    assert (len(own.requests), len(headers)) == (2, 1)


def test_no_log_shows_a_header(
    here: World, mine: requests.Session, scanner: Scanner, log: Callable[[], str]
) -> None:
    logging.getLogger(oauth1_auth.__name__).setLevel(logging.DEBUG)
    assert mine.get(here.url, timeout=10).ok

    assert scanner.find([text("log", log())]) == []


def test_the_broken_twin_shows_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="oauthlib")
    OAuth1("the-key", "the-secret", "the-token", "the-other-secret")(
        requests.Request("GET", "https://example.com/").prepare()
    )

    assert "the-token" in caplog.text
