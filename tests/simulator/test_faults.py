"""Faults on demand and the real concurrency limit: each fault hits, runs out, and leaves the next request whole."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.simulator.faults import Faults
from tests.simulator.accounts import ACCOUNT, TOKEN, Keys
from tests.simulator.conftest import NOW
from tests.simulator.signer import send

REST = "/services/rest/system/v1/serverTime"
CUSTOMER = "/services/rest/record/v1/customer"
Ask = Callable[..., requests.Response]


@pytest.fixture
def ask(simulator: Simulator, keys: Keys) -> Ask:
    def signed(path: str = REST, method: str = "GET", **more: Any) -> requests.Response:
        return send(keys, method, simulator.url + path, NOW, **more)

    return signed


@pytest.mark.parametrize(
    ("kind", "settings", "status", "text"),
    [
        (FaultKind.CONCURRENCY_LIMIT, {}, 429, '"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED"'),
        (FaultKind.REQUEST_LIMIT, {}, 400, '{"error" : {"code" : "SSS_REQUEST_LIMIT_EXCEEDED"'),
        (FaultKind.SERVER_ERROR, {}, 500, "UNEXPECTED_ERROR"),
        (FaultKind.SERVER_ERROR, {"status": 502}, 502, "UNEXPECTED_ERROR"),
        (FaultKind.MAINTENANCE, {}, 503, "scheduled maintenance"),
        (FaultKind.GARBAGE, {}, 200, "not an answer"),
    ],
)
def test_an_answer_instead(
    kind: FaultKind,
    settings: dict[str, int],
    status: int,
    text: str,
    simulator: Simulator,
    ask: Ask,
) -> None:
    simulator.state.faults.add(kind, match="serverTime", **settings)
    answer = ask()
    assert (answer.status_code, text in answer.text) == (status, True)
    assert answer.headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert simulator.state.audit() == []
    assert ask().status_code == 200


def test_reset_happens_before_the_request_is_carried_out(simulator: Simulator, ask: Ask) -> None:
    simulator.state.faults.add(FaultKind.RESET, times=2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            ask(CUSTOMER, "POST", json={"companyName": "X"})
    assert len(simulator.state.account(ACCOUNT).customers) == 3
    assert ask(CUSTOMER, "POST", json={"companyName": "X"}).status_code == 204


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.ANSWER_LOST])
def test_a_reset_is_one_on_the_wire(kind: FaultKind, simulator: Simulator) -> None:
    simulator.state.faults.add(kind)
    address = urlsplit(simulator.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


def test_a_lost_answer_was_carried_out(simulator: Simulator, ask: Ask, keys: Keys) -> None:
    simulator.state.faults.add(FaultKind.ANSWER_LOST, match="/rest/revoketoken")
    with pytest.raises(requests.ConnectionError):
        ask(f"/rest/revoketoken?consumerKey={keys.consumer_key}&token={keys.token_id}")
    assert simulator.state.token(ACCOUNT, TOKEN).revoked
    assert ask().status_code == 401


def test_a_truncated_body_is_shorter_than_it_says(simulator: Simulator, ask: Ask) -> None:
    simulator.state.faults.add(FaultKind.TRUNCATED)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        ask()
    assert ask().status_code == 200


@pytest.mark.parametrize("seconds", [301, -301])
def test_clock_skew_refuses_and_shows_in_date(seconds: int, simulator: Simulator, ask: Ask) -> None:
    simulator.state.faults.add(FaultKind.CLOCK_SKEW, seconds=seconds)
    answer = ask()
    assert answer.status_code == 401
    minute = "00:05:01" if seconds > 0 else "23:54:59"
    assert minute in answer.headers["Date"]
    assert simulator.state.audit()[-1].detail == "InvalidTimestamp"
    assert ask().status_code == 200


def test_latency_delays_and_then_answers(simulator: Simulator, ask: Ask) -> None:
    simulator.state.faults.add(FaultKind.LATENCY, seconds=0.2)
    answer = ask()
    assert (answer.status_code, answer.elapsed.total_seconds() >= 0.2) == (200, True)


def test_skip_times_method_and_match_choose_the_request(simulator: Simulator, ask: Ask) -> None:
    simulator.state.faults.add(
        "5xx", match=r"/customer$", method="POST", skip=1, times=2, status=503
    )
    body = {"json": {"companyName": "X"}}
    assert ask(CUSTOMER).status_code == 200
    assert ask().status_code == 200
    codes = [ask(CUSTOMER, "POST", **body).status_code for _ in range(4)]
    assert codes == [204, 503, 503, 204]


def test_a_fault_without_an_end_lasts_until_cleared(simulator: Simulator, ask: Ask) -> None:
    simulator.state.faults.add("maintenance", times=None)
    assert [ask().status_code for _ in range(3)] == [503, 503, 503]
    simulator.state.faults.clear()
    assert ask().status_code == 200


def test_two_kinds_come_together_and_the_same_kind_in_turn() -> None:
    faults = Faults()
    for status in (501, 502):
        faults.add("5xx", status=status)
    faults.add("latency", seconds=1)
    first, second = faults.take("GET", "/"), faults.take("GET", "/")
    assert (first[FaultKind.SERVER_ERROR].status, FaultKind.LATENCY in first) == (501, True)
    assert (second[FaultKind.SERVER_ERROR].status, FaultKind.LATENCY in second) == (502, False)
    assert faults.take("GET", "/") == {}


def test_faults_over_http(simulator: Simulator, ask: Ask) -> None:
    control = f"{simulator.url}/simulator/faults"
    added = requests.post(
        control, json={"kind": "429", "match": "serverTime", "times": 2}, timeout=10
    )
    assert (added.status_code, added.json()["faults"][0]["times"]) == (201, 2)
    assert ask().status_code == 429
    assert requests.get(control, timeout=10).json()["faults"][0]["times"] == 1
    assert requests.delete(control, timeout=10).json() == {"faults": []}
    assert ask().status_code == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"kind": "nothing"}, "kind"),
        ({"kind": "429", "times": 0}, "times"),
        ({"kind": "429", "match": "("}, "match"),
        ({"kind": "429", "other": 1}, "other"),
        (None, "(top)"),
        ([{"kind": "429"}, {}], "kind"),
    ],
)
def test_a_wrong_fault_is_refused_whole(body: Any, named: str, simulator: Simulator) -> None:
    answer = requests.post(f"{simulator.url}/simulator/faults", json=body, timeout=10)
    assert (answer.status_code, named in answer.text) == (400, True)
    assert simulator.state.faults.list() == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (REST, 429, "CONCURRENCY_LIMIT_EXCEEDED"),
        ("/rest/tokeninfo", 400, "SSS_REQUEST_LIMIT_EXCEEDED"),
        ("/app/site/hosting/restlet.nl?script=6&deploy=1", 400, "SSS_REQUEST_LIMIT_EXCEEDED"),
    ],
)
def test_the_concurrency_limit_of_an_account(
    path: str, status: int, code: str, simulator: Simulator, ask: Ask
) -> None:
    simulator.state.account(ACCOUNT).concurrency_limit = 2
    simulator.state.faults.add("latency", times=2, seconds=2.0)
    held: list[int] = []
    threads = [Thread(target=lambda: held.append(ask(path).status_code)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(2000):
        if simulator.state.faults.list():
            Event().wait(0.005)
    Event().wait(0.05)
    answer = ask(path)
    assert (answer.status_code, code in answer.text) == (status, True)
    for thread in threads:
        thread.join()
    assert held == [200, 200]
    assert ask(path).status_code == 200
    assert all(entry.success for entry in simulator.state.audit())
