"""kill -9 of the engine and everything it started, between any two store calls; then the documented way back.

A cut after call k is the gap between call k and the next one. The cuts before a write stop it on its way in: the store
has seen the request and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.engine.conftest import World
from tests.faults.bench import Bench, Story, open_bench, watching
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


CUTS = [Cut(story, nth) for story, calls in CALLS.items() for nth in range(1, calls + 1)] + [
    Cut(story, nth, write) for story, writes in WRITES.items() for write, nth in writes
]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with open_bench(tmp_path_factory.mktemp("bench")) as opened:
        yield opened


@pytest.mark.parametrize("story", Story)
def test_every_gap_is_cut(bench: Bench, story: Story) -> None:
    calls = bench.calls[story]
    reads = ("Describe", "Get", "List")
    writes = [one.operation for one in calls if not one.operation.startswith(reads)]
    assert len(calls) == CALLS[story], [one.operation for one in calls]
    assert writes == [operation for operation, _ in WRITES[story]]


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_a_kill_at_the_store(bench: Bench, cut: Cut) -> None:
    bench.begin(cut.story)
    with watching(bench.world):
        bench.killed(lambda strike: cut.arm(bench.world, strike))
        run = bench.recover()
        assert run.status == 0, run.output
    bench.assert_settled(cut.story)
