"""A run that is cancelled while NetSuite is busy ends at the pause: it is not asked again, and nothing moves."""

from __future__ import annotations

import threading

from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.stores.interface import Stage
from tests.provider.bench import Bench


class CancelledWhileWaiting(threading.Event):
    """Somebody presses Ctrl-C as soon as the test waits."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return super().wait(timeout)


def test_the_pause_ends_and_nobody_is_asked_again(bench: Bench, simulator: Simulator) -> None:
    staged = bench.stage()
    bench.writes()
    bench.host.cancelled = CancelledWhileWaiting()
    simulator.state.faults.add(FaultKind.CONCURRENCY_LIMIT, "serverTime", times=None)

    kept = bench.test(staged)

    assert kept.failure is not None
    assert "not asked again: the run was cancelled" in kept.failure.what
    assert "the next `pulumi up` tests the candidate again" in kept.failure.what
    assert bench.writes() == []
    assert bench.version(Stage.CANDIDATE) == staged.state["versions"]["aws"]
    assert [entry.request for entry in simulator.state.audit()] == ["GET /rest/tokeninfo"]


def test_without_that_the_next_try_passes(bench: Bench, simulator: Simulator) -> None:
    staged = bench.stage()
    simulator.state.faults.add(FaultKind.CONCURRENCY_LIMIT, "serverTime", times=1)

    kept = bench.test(staged)

    assert kept.failure is None
    assert bench.version(Stage.CURRENT) == staged.state["versions"]["aws"]
