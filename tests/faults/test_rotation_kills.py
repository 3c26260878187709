"""kill -9 at the steps of `tba rotate` and `tba retire`, then the same command again, and nothing by hand.

Cut is each gap from the first write on, and one before it; what is left out are gaps between two looks of the refresh
at the beginning, where nothing was done yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread

import pytest

from tba_secrets.cli.exits import Exit
from tba_secrets.simulator import FaultKind
from tests.deep import rest_is_deep
from tests.engine.tba import start, tba
from tests.faults.bench import watching
from tests.faults.processes import kill, kill_all, session, wait_until
from tests.faults.rotation_bench import (
    REVOKE,
    TOKEN,
    RotationBench,
    Story,
    assert_state_holds_no_value,
    open_rotation_bench,
)
from tests.faults.victim import Victim

pytestmark = [pytest.mark.engine, pytest.mark.faults]

CALLS = {Story.ROTATE: 9, Story.RETIRE: 8}
"""How many store calls each story makes from the look before its first write on; `Story.RETIRE` sees who uses the
token, revokes, and only then writes. `test_every_gap_is_cut` tells when this has changed."""
AFTERWARDS = {Story.ROTATE: 2, Story.RETIRE: 0}
"""How many looks, for what is due to be retired, come when the rotation is done: the same command again has another
meaning by then."""
LOOKS = {"DescribeSecret", "GetSecretValue", "GetCallerIdentity", "ListSecrets"}
WHILE_ASKED = rest_is_deep(
    [
        (Story.ROTATE, "/rest/tokeninfo"),
        (Story.ROTATE, "/serverTime"),
        (Story.RETIRE, "/rest/tokeninfo"),
        (Story.RETIRE, "/rest/revoketoken"),
    ],
    lambda asked: asked == (Story.RETIRE, "/rest/revoketoken"),
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RotationBench]:
    with open_rotation_bench(tmp_path_factory.mktemp("rotation")) as opened:
        opened.record()
        yield opened


@dataclass(frozen=True)
class Cut:
    """A run is killed when the store has done what a call asks, and before its reply."""

    story: Story
    from_end: int
    """1 for the last call that the story makes when nobody disturbs it."""

    def __str__(self) -> str:
        return f"{self.story.value}: {self.from_end} from the end"

    def arm(self, bench: RotationBench, strike: Callable[[], None]) -> None:
        """Have `strike` called there."""
        nth = len(bench.calls[self.story]) + 1 - self.from_end
        bench.world.aws.faults.after(nth=nth, do=strike)


CUTS = [
    Cut(story, call)
    for story, calls in CALLS.items()
    for call in range(calls, AFTERWARDS[story], -1)
]
KEPT = {Story.ROTATE: {8: "PutSecretValue", 3: "UpdateSecretVersionStage"}}
KEPT[Story.RETIRE] = {5: "GetSecretValue"}
"""What `make test` cuts after: the candidate is written, a label has moved; the look after the revoke."""


@pytest.mark.parametrize("story", Story)
def test_every_gap_is_cut(bench: RotationBench, story: Story) -> None:
    operations = [one.operation for one in bench.calls[story]]
    uncut = operations[: -CALLS[story] + 1]
    assert set(uncut) <= LOOKS, f"a write comes before the first cut: {operations}"
    assert not set(operations[-CALLS[story] :]) <= LOOKS
    assert {call: operations[-call] for call in KEPT[story]} == KEPT[story]
    assert set(operations[len(operations) - AFTERWARDS[story] :]) <= LOOKS


def finished(bench: RotationBench, story: Story) -> None:
    """The same command again has done the rest: one new version, at most one revoke, nothing forgotten."""
    first = bench.beginnings[Story.ROTATE].secret.labels["AWSCURRENT"]
    labels = bench.world.labels(TOKEN)
    assert bench.current() == bench.successor.identifier
    assert labels["AWSPREVIOUS"] == first
    assert labels.get("AWSPENDING") in (None, labels["AWSCURRENT"])
    assert len(bench.world.secret(TOKEN).versions) == len(
        bench.beginnings[Story.RETIRE].secret.versions
    )
    revoked = bench.world.netsuite.state.token(bench.world.account.id, TOKEN).revoked
    if story is Story.ROTATE:
        assert bench.journal() == [(first, "overlap")]
        assert bench.revokes() == []
    else:
        assert revoked
        assert bench.revokes().count(True) == 1
        ((version, state),) = bench.journal()
        assert version == first
        known = bench.revokes().count(False) == 0
        assert state == ("revoked" if known else "person"), "the answer decides, and no more"
    assert not bench.world.netsuite.state.token(bench.world.account.id, f"{TOKEN} second").revoked
    preview = bench.world.project.pulumi("preview", "--expect-no-changes")
    assert preview.status == 0, preview.output


def taken_up(bench: RotationBench, story: Story) -> None:
    """The same command once more, without `pulumi cancel` before it."""
    again = tba(bench.world, *story.command)
    assert again.status in (0, Exit.PERSON if story is Story.RETIRE else 0), again.output
    assert "Traceback" not in again.output
    finished(bench, story)


@pytest.mark.parametrize(
    "cut", rest_is_deep(CUTS, lambda cut: cut.from_end in KEPT[cut.story]), ids=str
)
def test_a_kill_between_two_store_calls(bench: RotationBench, cut: Cut) -> None:
    bench.begin(cut.story)
    with watching(bench.world):
        bench.killed(cut.story, lambda strike: cut.arm(bench, strike))
        taken_up(bench, cut.story)


@pytest.mark.parametrize(("story", "path"), WHILE_ASKED)
def test_a_kill_while_netsuite_is_asked(bench: RotationBench, story: Story, path: str) -> None:
    bench.begin(story)
    faults = bench.world.netsuite.state.faults
    faults.add(FaultKind.LATENCY, path, seconds=3.0)

    def when_asked(strike: Callable[[], None]) -> None:
        wait_until(lambda: not faults.list(), f"NetSuite was not asked: {path}")
        strike()

    carried_out = len(bench.revokes())
    with watching(bench.world):
        bench.killed(story, lambda strike: Thread(target=when_asked, args=(strike,)).start())
        if path == REVOKE.partition(" ")[2]:
            wait_until(lambda: len(bench.revokes()) > carried_out, "the revoke was not carried out")
        taken_up(bench, story)
    assert_state_holds_no_value(bench.world, bench.first, bench.successor)


def engines(victim: Victim) -> list[int]:
    """The pids of the CLI that `tba` has started; its language host is another process."""
    return [one.pid for one in session(victim.pid) if one.command.startswith("pulumi ")]


@pytest.mark.deep
def test_tba_alone_is_killed(bench: RotationBench) -> None:
    """The engine lives on, sees its provider die, and ends in order."""
    victim = Victim()

    def tba_dies() -> None:
        kill(victim.pid)
        victim.struck.set()

    bench.begin(Story.ROTATE)
    bench.world.aws.faults.after("PutSecretValue", do=tba_dies)
    with watching(bench.world):
        victim.start(start(bench.world, *Story.ROTATE.command, cold=True))
        victim.end()
        wait_until(lambda: not engines(victim), "the engine outlived its provider")
        kill_all(victim.pid)  # the language host looks after its engine every few seconds only
        taken_up(bench, Story.ROTATE)


def test_the_engine_alone_is_killed(bench: RotationBench) -> None:
    """`tba` lives on, and says that it was not done."""
    victim = Victim()

    def engine_dies() -> None:
        for pid in engines(victim):
            kill(pid)
        victim.struck.set()

    bench.begin(Story.ROTATE)
    bench.world.aws.faults.after("PutSecretValue", do=engine_dies)
    with watching(bench.world):
        victim.start(start(bench.world, *Story.ROTATE.command, cold=True))
        run = victim.end()
        assert run.status > 0, run.output
        assert "Traceback" not in run.output
        kill_all(victim.pid)  # the language host looks after its engine every few seconds only
        taken_up(bench, Story.ROTATE)
