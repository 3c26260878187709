"""Ctrl-C, once and twice; an engine that dies alone; two runs at once."""

from __future__ import annotations

import os
import signal

import pytest

from tba_secrets.stores.versions import is_placeholder
from tests.deep import rest_is_deep
from tests.faults.bench import TOKEN, UP, Bench, Story, pending_operations, watching
from tests.faults.processes import alive, kill, kill_all, providers, session, wait_until
from tests.faults.victim import Victim

pytestmark = [pytest.mark.engine, pytest.mark.faults]

INTERRUPTED = "^C received"
"""How the CLI answers the first Ctrl-C."""
MIDDLES = rest_is_deep(
    [(Story.CREATE, "PutSecretValue"), (Story.ROTATE, "GetSecretValue")],
    lambda middle: middle[0] is Story.ROTATE,
)
"""A call in the middle of each story: the candidate is being written; what is current is compared."""


def interrupt(victim: Victim) -> None:
    """Press Ctrl-C, and wait until the CLI has answered."""
    os.kill(victim.pid, signal.SIGINT)
    wait_until(lambda: INTERRUPTED in "".join(victim.lines), "the CLI did not answer Ctrl-C")


@pytest.mark.parametrize(("story", "operation"), MIDDLES)
def test_ctrl_c_ends_in_order(bench: Bench, story: Story, operation: str) -> None:
    victim = Victim()

    def once() -> None:
        interrupt(victim)
        victim.struck.set()

    bench.begin(story)
    before = bench.world.labels(TOKEN)["AWSCURRENT"] if story is Story.ROTATE else None
    bench.world.aws.faults.before(operation, do=once)
    with watching(bench.world):
        victim.start(bench.world.project.start(*UP, cold=True))
        run = victim.end()
        assert run.status > 0, run.output
        current = bench.world.labels(TOKEN)["AWSCURRENT"]
        assert current == before if before is not None else is_placeholder(current)
        assert pending_operations(bench.world) == []
        assert session(victim.pid) == []
        again = bench.world.project.pulumi(*UP)
        assert again.status == 0, again.output
    bench.assert_settled(story)


@pytest.mark.deep
@pytest.mark.parametrize(("story", "operation"), MIDDLES)
def test_ctrl_c_twice_is_mended_as_a_kill_is(bench: Bench, story: Story, operation: str) -> None:
    victim = Victim()

    def twice() -> None:
        interrupt(victim)
        os.kill(victim.pid, signal.SIGINT)
        wait_until(lambda: not alive(victim.pid), "the CLI outlived the second Ctrl-C")
        victim.struck.set()

    bench.begin(story)
    bench.world.aws.faults.before(operation, do=twice)
    with watching(bench.world):
        victim.start(bench.world.project.start(*UP, cold=True))
        run = victim.end()
        assert run.status > 0, run.output
        wait_until(lambda: not session(victim.pid), "something outlived the CLI")
        again = bench.recover()
        assert again.status == 0, again.output
    bench.assert_settled(story)


@pytest.mark.parametrize(("story", "operation"), MIDDLES)
def test_the_provider_dies_with_its_engine(bench: Bench, story: Story, operation: str) -> None:
    """The engine is killed while the provider waits for the store; what it has asked for is the last thing it does."""
    victim = Victim()

    def engine_dies() -> None:
        running = providers(victim.pid)
        kill(victim.pid)
        wait_until(lambda: not any(map(alive, running)), "the provider outlived its engine")
        victim.struck.set()

    bench.begin(story)
    bench.world.aws.faults.after(operation, do=engine_dies)
    with watching(bench.world):
        victim.start(bench.world.project.start(*UP, cold=True))
        run = victim.end()
        assert run.status == -signal.SIGKILL, run.output
        assert bench.world.aws.calls[-1].operation == operation
        kill_all(victim.pid)  # the language host looks after its engine every few seconds only
        again = bench.recover()
        assert again.status == 0, again.output
    bench.assert_settled(story)


def test_the_second_of_two_runs_is_refused(bench: Bench) -> None:
    first = Victim()
    refused = []

    def second() -> None:
        refused.append(bench.world.project.pulumi(*UP))
        first.struck.set()

    bench.begin(Story.ROTATE)
    bench.world.aws.faults.before("PutSecretValue", do=second)
    with watching(bench.world):
        first.start(bench.world.project.start(*UP, cold=True))
        run = first.end()
        assert run.status == 0, run.output
        assert refused[0].status > 0
        assert "locked" in refused[0].output
    assert len(bench.world.aws.calls) == len(bench.calls[Story.ROTATE])
    bench.assert_settled(Story.ROTATE)
