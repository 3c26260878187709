"""A rotation passes unnoticed, and a credential that stopped working never locks its user out."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import requests

from tba_secrets.client import SignedSession
from tba_secrets.errors import NotAskedError
from tests.client.support import HANG_GUARD_SECONDS, RESTLET, Naive, World
from tests.netsuite_account import Values

pytestmark = pytest.mark.long

THREADS = 32


def at_once(call: Callable[[], int], threads: int = THREADS) -> list[int | str]:
    """What each thread got: a status, or the name of the error; none begins before all are there."""
    barrier = Barrier(threads)

    def one(_: int) -> int | str:
        barrier.wait(HANG_GUARD_SECONDS)
        try:
            return call()
        except NotAskedError as error:
            return type(error).__name__

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads), timeout=HANG_GUARD_SECONDS))


def test_a_rotation_between_two_calls_passes_unnoticed(here: World) -> None:
    with here.session() as session:
        before = session.get(here.url)
        here.rotate()
        after = session.get(here.url)

    assert (before.status_code, after.status_code) == (200, 200)
    assert after.history == []
    assert [login.success for login in here.logins] == [True, False, True]
    assert here.reads == 2


def test_the_broken_twin_notices_it(here: World) -> None:
    auth = Naive(here)
    assert requests.get(here.url, auth=auth, timeout=10).status_code == 200
    here.rotate()
    assert requests.get(here.url, auth=auth, timeout=10).status_code == 401


def test_with_an_overlap_nothing_is_refused(here: World) -> None:
    with here.session(max_age_seconds=300) as session:
        session.get(here.url)
        here.promote(here.account.spares["orders"])
        here.clock.now += 300
        session.get(here.url)
        here.netsuite.state.revoke_token(here.account.id, "orders")
        session.get(here.url)

    assert [login.token_name for login in here.logins] == ["orders", *["orders second"] * 2]
    assert here.refused == []


def test_a_restlet_is_refused_in_its_own_words_and_called_again(here: World) -> None:
    with here.session() as session:
        session.get(here.url)
        here.rotate()
        assert session.get(here.netsuite.url + RESTLET).status_code == 200


def test_a_wrong_current_costs_one_more_read_and_no_second_login(here: World) -> None:
    here.promote(Values())
    here.aws.calls.clear()
    with here.session() as session:
        answer = session.get(here.url)

    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")
    assert len(here.logins) == 1
    assert here.reads == 2


def test_calls_with_a_wrong_current_end_before_the_user_is_locked(here: World) -> None:
    here.promote(Values(here.account.tokens["orders"].identifier, "wrong"))
    with here.session() as session:
        told = [session.get(here.url).status_code for _ in range(3)]
        with pytest.raises(
            NotAskedError, match=r"orders \(aws\): NetSuite was not called: .* 3 logins"
        ):
            session.get(here.url)
        assert told == [401] * 3
        assert len(here.refused) == 3
        here.promote(here.account.spares["orders"])
        here.clock.now += 300
        assert session.get(here.url).status_code == 200
    assert not here.locked


def test_after_half_an_hour_it_is_asked_again(here: World) -> None:
    here.promote(Values())
    with here.session() as session:
        for _ in range(3):
            session.get(here.url)
        here.clock.now += 30 * 60
        assert session.get(here.url).status_code == 401


def test_a_success_forgets_the_refusals_before_it(here: World) -> None:
    with here.session() as session:
        for _ in range(4):
            here.netsuite.state.deactivate_token(here.account.id, "orders")
            assert session.get(here.url).status_code == 401
            here.netsuite.state.activate_token(here.account.id, "orders")
            assert session.get(here.url).status_code == 200


def _together(session: SignedSession, here: World) -> list[int | str]:
    return at_once(lambda: session.get(here.url).status_code)


def test_a_storm_across_a_rotation_fails_nowhere_and_locks_nobody(here: World) -> None:
    here.netsuite.state.faults.add("latency", times=None, seconds=0.02)
    with here.session() as session:
        session.get(here.url)
        here.rotate()
        assert Counter(_together(session, here)) == {200: THREADS}

    assert len(here.refused) < 5
    assert not here.locked
    assert here.reads <= 1 + len(here.refused)


def test_the_broken_twin_locks_the_user(here: World) -> None:
    auth = Naive(here)
    here.rotate()
    at_once(lambda: requests.get(here.url, auth=auth, timeout=10).status_code)
    assert here.locked


def test_a_storm_with_a_wrong_current_locks_nobody(here: World) -> None:
    here.promote(Values(here.account.tokens["orders"].identifier, "wrong"))
    with here.session() as session:
        told = Counter(_together(session, here))

    assert set(told) == {401, "NotAskedError"}
    assert len(here.refused) == told[401] < 5
    assert not here.locked


def test_a_storm_across_a_rotation_to_what_does_not_work_locks_nobody(here: World) -> None:
    """The worst case: the old one is revoked and so is the new one."""
    with here.session() as session:
        session.get(here.url)
        here.rotate()
        here.netsuite.state.revoke_token(here.account.id, "orders second")
        told = Counter(_together(session, here))

    assert set(told) <= {401, "NotAskedError"}
    assert len(here.refused) < 5
    assert not here.locked


def _generated() -> Iterator[bytes]:
    yield b"{}"


class _Pipe(io.RawIOBase):
    """A file that cannot go back."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return 0

    def tell(self) -> int:
        raise OSError


BODIES: dict[str, tuple[Callable[[], dict[str, Any]], int]] = {
    "none": (dict, 200),
    "JSON": (lambda: {"json": {"a": "b"}}, 200),
    "str": (lambda: {"data": "text"}, 200),
    "bytes": (lambda: {"data": b"bytes"}, 200),
    "form": (lambda: {"data": {"a": "b c", "d": "é"}}, 415),
    "file": (lambda: {"data": io.BytesIO(b"in a file")}, 200),
    "generator": (lambda: {"data": _generated()}, 401),
    "pipe": (lambda: {"data": _Pipe()}, 401),
}
"""A body, and how the first call after a rotation ends: RESTlets take no form, and say so to whoever is logged in."""


@pytest.mark.parametrize("kind", BODIES)
def test_what_can_be_sent_again_is(here: World, kind: str) -> None:
    body, status = BODIES[kind]
    with here.session() as session:
        session.get(here.url)
        here.rotate()
        first = session.post(here.netsuite.url + RESTLET, **body())
        second = session.post(here.netsuite.url + RESTLET, **body())

    assert first.status_code == status
    assert second.status_code == (200 if status == 401 else status)
    assert len(here.refused) == 1


def test_a_file_is_sent_again_from_where_it_stood(here: World) -> None:
    file = io.BytesIO(b"skipped,sent")
    file.seek(8)
    sent: list[bytes] = []
    with here.session() as session:
        session.mount("http://", _Keeping(sent))
        session.get(here.url)
        here.rotate()
        session.post(here.netsuite.url + RESTLET, data=file)
    assert sent == [b"sent", b"sent"]


class _Keeping(requests.adapters.HTTPAdapter):
    """Sends, and keeps what a file held from where it stood."""

    def __init__(self, sent: list[bytes]) -> None:
        super().__init__()
        self._sent = sent

    def send(
        self, request: requests.PreparedRequest, *args: Any, **settings: Any
    ) -> requests.Response:
        if isinstance(request.body, io.BytesIO):
            start = request.body.tell()
            self._sent.append(request.body.read())
            request.body.seek(start)
        return super().send(request, *args, **settings)


def test_every_attempt_has_a_nonce_of_its_own(here: World) -> None:
    with here.session() as session:
        prepared = session.prepare_request(requests.Request("GET", here.url))
        assert "Authorization" not in prepared.headers
        assert [session.send(prepared).status_code for _ in range(2)] == [200, 200]


def test_a_lost_call_gives_its_place_back(here: World) -> None:
    here.netsuite.state.faults.add("reset", times=4)
    with here.session(at_once=1) as session:
        for _ in range(4):
            with pytest.raises(requests.ConnectionError):
                session.get(here.url)
        assert session.get(here.url).status_code == 200
