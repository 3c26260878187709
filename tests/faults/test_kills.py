"""kill -9 of the engine and everything it started, between any two store calls; then the documented way back.

The cut after a call is the gap between it and the next one: the reply is lost with whom it was for. A cut before a
write is the gap in front of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

import pytest

from tba_secrets.simulator import FaultKind
from tests.engine.conftest import World
from tests.faults.bench import Bench, Story, watching
from tests.faults.processes import wait_until

pytestmark = [pytest.mark.engine, pytest.mark.faults]

CALLS = {Story.CREATE: 17, Story.ROTATE: 18}
"""How many store calls each story makes: `test_every_gap_is_cut` tells when this has changed."""
WRITES = {
    Story.CREATE: (
        ("CreateSecret", 1),
        ("PutSecretValue", 1),
        ("UpdateSecretVersionStage", 1),
        ("UpdateSecretVersionStage", 2),
    ),
    Story.ROTATE: (
        ("PutSecretValue", 1),
        ("UpdateSecretVersionStage", 1),
        ("UpdateSecretVersionStage", 2),
    ),
}
"""The writes of each story, and which one of its operation it is."""

UNANSWERED = (2, 3, 4)
"""Looks of *create* at a secret that is not there: the cut before CreateSecret comes after them."""
SIGNED_CALLS = ("the unsigned look at the clock", "tokeninfo", "serverTime")
"""What is asked of NetSuite, in order."""


@dataclass(frozen=True)
class Cut:
    """Where a run is killed."""

    story: Story
    nth: int
    before: str | None = None
    """The write that is stopped before it takes effect; None for after any call."""

    def __str__(self) -> str:
        where = f"before {self.before}" if self.before else "after call"
        return f"{self.story.value}: {where} {self.nth}"

    def arm(self, world: World, strike: Callable[[], None]) -> None:
        """Have `strike` called there."""
        if self.before is None:
            world.aws.faults.after(nth=self.nth, do=strike)
        else:
            world.aws.faults.before(self.before, nth=self.nth, do=strike)


CUTS = [
    Cut(story, nth)
    for story, calls in CALLS.items()
    for nth in range(1, calls + 1)
    if not (story is Story.CREATE and nth in UNANSWERED)
] + [Cut(story, nth, write) for story, writes in WRITES.items() for write, nth in writes]


@pytest.mark.parametrize("story", Story)
def test_every_gap_is_cut(bench: Bench, story: Story) -> None:
    calls = bench.calls[story]
    reads = ("Describe", "Get", "List")
    writes = [one.operation for one in calls if not one.operation.startswith(reads)]
    assert len(calls) == CALLS[story], [one.operation for one in calls]
    assert writes == [operation for operation, _ in WRITES[story]]
    if story is Story.CREATE:
        assert {calls[nth - 1].operation for nth in UNANSWERED} == {"DescribeSecret"}
        assert calls[max(UNANSWERED)].operation == "CreateSecret"


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_a_kill_at_the_store(bench: Bench, cut: Cut) -> None:
    bench.begin(cut.story)
    with watching(bench.world):
        bench.killed(lambda strike: cut.arm(bench.world, strike))
        run = bench.recover()
        assert run.status == 0, run.output
    bench.assert_settled(cut.story)


@pytest.mark.parametrize("asked", SIGNED_CALLS)
def test_a_kill_while_netsuite_is_asked(bench: Bench, asked: str) -> None:
    bench.begin(Story.ROTATE)
    faults = bench.world.netsuite.state.faults
    faults.add(FaultKind.LATENCY, skip=SIGNED_CALLS.index(asked), seconds=2.0)

    def when_asked(strike: Callable[[], None]) -> None:
        wait_until(lambda: not faults.list(), f"NetSuite was not asked: {asked}")
        strike()

    with watching(bench.world):
        bench.killed(lambda strike: Thread(target=when_asked, args=(strike,)).start())
        run = bench.recover()
        assert run.status == 0, run.output
    bench.assert_settled(Story.ROTATE)
