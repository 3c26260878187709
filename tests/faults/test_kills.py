"""kill -9 of the engine and everything it started, between any two store calls; then the documented way back.

The process dies after the store has done what a call asks and before the reply: the gap between this call and the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

import pytest

from tba_secrets.simulator import FaultKind
from tba_secrets.simulator.aws import AwsFaults
from tests.deep import rest_is_deep
from tests.faults.bench import Bench, Story, watching
from tests.faults.processes import wait_until

pytestmark = [pytest.mark.engine, pytest.mark.faults]

CALLS = {Story.CREATE: 8, Story.ROTATE: 9}
"""How many store calls each story makes: `test_every_gap_is_cut` tells when this has changed."""
IN_VAIN = (1, 2, 3)
"""What *create* asks first, side by side: who we are, and for a secret that is not there: an error is the answer."""
SIGNED_CALLS = ("the unsigned look at the clock", "tokeninfo", "serverTime")
"""What is asked of NetSuite, in order."""


@dataclass(frozen=True)
class Cut:
    """Where a run is killed."""

    story: Story
    call: int

    def __str__(self) -> str:
        return f"{self.story.value}: call {self.call}"

    def arm(self, faults: AwsFaults, strike: Callable[[], None]) -> None:
        """Have `strike` called when the store has done what the call asks, and before its reply."""
        in_vain = self.story is Story.CREATE and self.call in IN_VAIN
        (faults.before if in_vain else faults.after)(nth=self.call, do=strike)


CUTS = [Cut(story, call) for story, calls in CALLS.items() for call in range(1, calls + 1)]
KEPT = {Story.CREATE: {4: "CreateSecret"}}
KEPT[Story.ROTATE] = {5: "PutSecretValue", 9: "UpdateSecretVersionStage"}
"""What `make test` cuts after: the secret is there, the candidate is written, the label has moved."""


@pytest.mark.parametrize("story", Story)
def test_every_gap_is_cut(bench: Bench, story: Story) -> None:
    operations = [one.operation for one in bench.calls[story]]
    assert len(operations) == CALLS[story], f"set CALLS to what {story.value} does: {operations}"
    assert {call: operations[call - 1] for call in KEPT[story]} == KEPT[story]
    if story is Story.CREATE:
        asked = sorted(operations[call - 1] for call in IN_VAIN)
        assert asked == ["DescribeSecret", "DescribeSecret", "GetCallerIdentity"]
        assert operations[max(IN_VAIN)] == "CreateSecret"


@pytest.mark.parametrize(
    "cut", rest_is_deep(CUTS, lambda cut: cut.call in KEPT[cut.story]), ids=str
)
def test_a_kill_between_two_store_calls(bench: Bench, cut: Cut) -> None:
    bench.begin(cut.story)
    with watching(bench.world):
        bench.killed(lambda strike: cut.arm(bench.world.aws.faults, strike))
        run = bench.recover()
        assert run.status == 0, run.output
    bench.assert_settled(cut.story)


@pytest.mark.deep
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
