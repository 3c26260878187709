"""The unsigned clock probe: before the first signed call, once for each host; no verdict where the clocks differ."""

from __future__ import annotations

import time

import pytest

from tba_secrets.errors import ClockSkewError, NotAskedError
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.client import SignedCall
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.simulator import FaultKind, Simulator
from tests.netsuite.conftest import MakeClient
from tests.netsuite.support import RECORD, KeepingSender

TOKENINFO = SignedCall(Service.RESTLETS, "GET", "/rest/tokeninfo")
HOST = "https://1.suitetalk.api.netsuite.com"


class Measured:
    """A host whose skew is given, and how often it was asked for it."""

    def __init__(self, skew: float | None) -> None:
        self.skew = skew
        self.times = 0

    def __call__(self) -> float | None:
        self.times += 1
        return self.skew


@pytest.mark.parametrize("skew", [None, 0.0, 299.0, -299.0, 300.0])
def test_a_tolerable_skew_is_asked_for_once(skew: float | None) -> None:
    probe, host = ClockProbe(), Measured(skew)
    for _ in range(3):
        assert probe.check(HOST, RECORD, host) == skew
    assert host.times == 1


def test_each_host_is_asked() -> None:
    probe, first, second = ClockProbe(), Measured(1.0), Measured(2.0)
    for name, host in (("a", first), ("b", second), ("a", first)):
        assert probe.check(name, RECORD, host) == host.skew
    assert (first.times, second.times) == (1, 1)


@pytest.mark.parametrize(("skew", "words"), [(301.0, "301 s ahead of"), (-7200.0, "7200 s behind")])
def test_another_skew_is_refused_and_asked_for_again(skew: float, words: str) -> None:
    probe = ClockProbe()
    with pytest.raises(ClockSkewError) as caught:
        probe.check(HOST, RECORD, lambda: skew)
    assert caught.value.skew_seconds == skew
    for expected in (RECORD, words, HOST, "says nothing about the credential", "NTP"):
        assert expected in str(caught.value)
    assert probe.check(HOST, RECORD, lambda: 0.0) == 0.0


@pytest.mark.parametrize("seconds", [400, -400])
def test_with_a_skewed_clock_nothing_is_signed(
    simulator: Simulator, client: MakeClient, seconds: float
) -> None:
    """Our clock is the wrong one; NetSuite's audit trail stays empty."""

    def clock() -> float:
        return time.time() + seconds

    sender = KeepingSender(clock)
    with pytest.raises(NotAskedError, match="clock"):
        client(clock=clock, sender=sender).call(TOKENINFO)
    assert [request.method for request in sender.sent] == ["HEAD"]
    assert simulator.state.trail.entries() == []


def test_the_twin_whose_clock_is_right_signs(client: MakeClient, sender: KeepingSender) -> None:
    assert client().call(TOKENINFO).status == 200
    assert [request.method for request in sender.sent] == ["HEAD", "GET"]
    assert "Authorization" not in sender.sent[0].headers


def test_the_probe_is_tried_again_and_any_status_will_do(
    simulator: Simulator, client: MakeClient, sender: KeepingSender
) -> None:
    simulator.state.faults.add(FaultKind.RESET, "^/$")
    simulator.state.faults.add(FaultKind.MAINTENANCE, "^/$")
    assert client().call(TOKENINFO).status == 200
    assert [request.method for request in sender.sent] == ["HEAD", "HEAD", "GET"]


def test_two_clients_of_one_host_share_one_probe(client: MakeClient, sender: KeepingSender) -> None:
    probe = ClockProbe()
    for _ in range(2):
        client(probe=probe).call(TOKENINFO)
    assert [request.method for request in sender.sent] == ["HEAD", "GET", "GET"]
