"""A reader of an OAuth 2.0 credential: its calls carry an access token, and a rotation passes unnoticed."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
import requests

from tba_secrets import client
from tba_secrets.client import ForeignHostError, SignedSession
from tba_secrets.errors import AuthenticationRefusedError, NotAskedError
from tba_secrets.netsuite.oauth2.certificates import Certified
from tba_secrets.payload import render
from tba_secrets.sensitive import fingerprint
from tba_secrets.spec.model import CertificateFormat
from tba_secrets.stores.interface import Candidate, SecretName
from tests.netsuite.oauth2.bench import TIME, TOKEN, NetSuite, Reply, serving
from tests.netsuite.oauth2.support import CLIENT_ID, certified, credential
from tests.stores.memory import MemoryStore
from tests.stores.support import KEY, MARK, promoted

pytestmark = pytest.mark.long

NAME: Final = SecretName("netsuite/test/bot")


class World:
    """A NetSuite and a store; `now` passes when told to."""

    def __init__(self, netsuite: NetSuite) -> None:
        self.netsuite = netsuite
        self.store = MemoryStore()
        self.store.claim(NAME, MARK)
        self.now = 1000.0

    def promote(self, pair: Certified, names: CertificateFormat | None = None) -> None:
        """Make a credential current; NetSuite has its certificate."""
        self.netsuite.map(credential(pair), pair.certificate)
        value = render(credential(pair), names or CertificateFormat())
        promoted(self.store, Candidate(value, fingerprint(KEY, value.reveal())), NAME)

    def session(self, **options: Any) -> SignedSession:
        """A reader."""
        options.setdefault("endpoint", self.netsuite.url)
        return client.session(self.store, NAME, monotonic=lambda: self.now, **options)

    @property
    def url(self) -> str:
        """A service that needs an access token."""
        return self.netsuite.url + TIME


@pytest.fixture
def here() -> Iterator[World]:
    with serving() as netsuite:
        world = World(netsuite)
        world.promote(certified())
        yield world


def test_calls_carry_an_access_token(here: World) -> None:
    with here.session() as session:
        session.cookies.set("a", "b")
        answers = [session.get(here.url, headers={"Cookie": "c=d"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(here.netsuite.asked(TOKEN)) == 1
    for arrived in here.netsuite.asked(TIME):
        assert arrived.headers["Authorization"] == f"Bearer {here.netsuite.tokens[0]}"
        assert "Cookie" not in arrived.headers
    assert "Authorization" not in answers[0].request.headers, "the caller's request has no token"


@pytest.mark.parametrize(("seconds", "tokens"), [(2900, 1), (3100, 2)])
def test_a_token_is_renewed_after_50_minutes(here: World, seconds: float, tokens: int) -> None:
    with here.session() as session:
        session.get(here.url)
        here.now += seconds
        assert session.get(here.url).status_code == 200
    assert len(here.netsuite.tokens) == tokens


def test_a_rotation_passes_unnoticed(here: World) -> None:
    with here.session() as session:
        session.get(here.url)
        here.promote(certified(serial=1))
        here.netsuite.certificates.pop(credential().certificate_id)
        here.netsuite.tokens.clear()  # whether a revocation ends them is not documented
        answer = session.get(here.url)
    assert answer.status_code == 200
    assert len(here.netsuite.asked(TOKEN)) == 2


def test_a_rotation_passes_unnoticed_where_a_new_token_is_due(here: World) -> None:
    with here.session(max_age_seconds=3600, max_stale_seconds=7200) as session:
        session.get(here.url)
        here.promote(certified(serial=1))
        here.netsuite.certificates.pop(credential().certificate_id)
        here.now += 3100
        assert session.get(here.url).status_code == 200


def test_without_a_successor_the_401_is_the_answer_and_the_token_is_forgotten(here: World) -> None:
    with here.session() as session:
        session.get(here.url)
        here.netsuite.tokens.clear()
        assert session.get(here.url).status_code == 401
        assert session.get(here.url).status_code == 200


def test_refused_assertions_are_counted_like_refused_logins(here: World) -> None:
    here.netsuite.certificates.clear()
    with here.session() as session:
        for _ in range(3):
            with pytest.raises(AuthenticationRefusedError, match="token endpoint"):
                session.get(here.url)
        with pytest.raises(NotAskedError, match="has just refused 3 logins"):
            session.get(here.url)
    assert len(here.netsuite.asked(TOKEN)) == 3
    assert here.netsuite.asked(TIME) == []


def test_threads_share_one_token(here: World) -> None:
    with here.session() as session, ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: session.get(here.url).status_code, range(32)))
    assert found == [200] * 32
    assert len(here.netsuite.asked(TOKEN)) == 1


def test_another_host_gets_no_token(here: World) -> None:
    with serving() as other, here.session() as session:
        session.get(here.url)
        with pytest.raises(ForeignHostError):
            session.get(other.url + TIME)
        here.netsuite.answers[TIME] = Reply(302, "", {"Location": other.url + TIME})
        with pytest.raises(ForeignHostError):
            session.get(here.url)
        assert other.arrived == []


def test_an_address_in_the_store_is_never_asked(here: World) -> None:
    with serving() as other:
        other.map(credential(), certified().certificate)
        mine = credential(token_endpoint=other.url + TOKEN)
        value = render(mine, CertificateFormat())
        promoted(here.store, Candidate(value, fingerprint(KEY, value.reveal())), NAME)
        with here.session() as session:
            assert session.get(here.url).status_code == 200
        assert other.arrived == []


def test_a_stream_of_a_form_is_sent_as_it_is(here: World) -> None:
    with here.session() as session:
        answer = session.post(
            here.url,
            data=(part for part in [b"a=1"]),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    assert answer.status_code == 200


def test_other_names_of_keys(here: World) -> None:
    names = CertificateFormat(private_key="NS_KEY", client_id="NS_CLIENT")
    here.promote(certified(), names)
    with here.session(format=names) as session:
        assert session.get(here.url).status_code == 200
    with here.session() as session, pytest.raises(Exception, match="lacks"):
        session.get(here.url)


def test_an_auth_of_ones_own_session(here: World) -> None:
    with here.session() as mine:
        answer = requests.get(here.url, auth=mine.oauth1(), timeout=10)
    assert answer.status_code == 200
    assert here.netsuite.asked(TIME)[0].headers["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize(("used", "loaded"), [("", False), (".netsuite.oauth2.client", True)])
def test_a_program_that_signs_with_tba_loads_no_cryptography(used: str, loaded: bool) -> None:
    code = f"import sys, tba_secrets.client, tba_secrets{used}; print({{'cryptography', 'jwt'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("cryptography" in done.stdout) is ("jwt" in done.stdout) is loaded


def test_nothing_shows_a_value(here: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with here.session() as session:
        session.get(here.url)
        shown = f"{session!r} {vars(session)!r}"
        here.netsuite.certificates.clear()
        here.now += 3100
        with pytest.raises(AuthenticationRefusedError) as caught:
            session.get(here.url)
    gc.collect()
    text = f"{shown} {caplog.text} {caught.value!s} {caught.value!r}"
    for value in (CLIENT_ID, here.netsuite.tokens[0], "PRIVATE KEY", "client_assertion="):
        assert value not in text
