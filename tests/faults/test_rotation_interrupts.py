"""Ctrl-C in `tba rotate` and `tba up`: once it ends in order, whatever it waits for; twice it ends as a kill does."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tba_secrets.cli.exits import Exit
from tests.deep import rest_is_deep
from tests.engine.tba import start, tba
from tests.faults.bench import pending_operations, watching
from tests.faults.processes import kill_all, session, wait_until
from tests.faults.rotation_bench import RotationBench, Story, open_rotation_bench
from tests.faults.victim import Victim

pytestmark = [pytest.mark.engine, pytest.mark.faults]

ROTATE = Story.ROTATE.command
ANSWER = "ending in order"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RotationBench]:
    with open_rotation_bench(tmp_path_factory.mktemp("interrupted")) as opened:
        opened.begin(Story.ROTATE)
        yield opened


def interrupt(victim: Victim, number: signal.Signals = signal.SIGINT) -> None:
    """Press Ctrl-C, and wait until `tba` has answered."""
    os.kill(victim.pid, number)
    wait_until(lambda: ANSWER in "".join(victim.lines), "tba did not answer Ctrl-C")


def ended_in_order(bench: RotationBench, victim: Victim) -> None:
    """Nothing runs, nothing is locked or pending, and readers get what they got before."""
    run = victim.end()
    assert run.status == Exit.INTERRUPTED, run.output
    assert "what was done so far is kept" in run.output
    assert "Traceback" not in run.output
    assert not [one for one in session(victim.pid) if one.command.startswith("pulumi ")]
    assert bench.current() == bench.first.identifier
    assert pending_operations(bench.world) == []
    assert not list(bench.world.project.folder.glob("state/.pulumi/locks/**/*.json"))


def goes_on(bench: RotationBench, command: tuple[str, ...] = ROTATE) -> None:
    """The same command again does the rest."""
    again = tba(bench.world, *command)
    assert again.status == 0, again.output
    assert bench.current() == bench.successor.identifier


@pytest.mark.parametrize(
    ("command", "number"),
    rest_is_deep(
        [(ROTATE, signal.SIGINT), (ROTATE, signal.SIGTERM), (("up", "test"), signal.SIGINT)],
        lambda case: case == (ROTATE, signal.SIGINT),
    ),
    ids=["rotate", "rotate, SIGTERM", "up"],
)
def test_ctrl_c_in_the_middle_ends_in_order(
    bench: RotationBench, command: tuple[str, ...], number: signal.Signals
) -> None:
    victim = Victim()

    def once() -> None:
        interrupt(victim, number)
        victim.struck.set()

    bench.begin(Story.ROTATE)
    bench.world.aws.faults.before("PutSecretValue", do=once)
    with watching(bench.world):
        victim.start(start(bench.world, *command, cold=True))
        ended_in_order(bench, victim)
        goes_on(bench, command)


def test_ctrl_c_while_a_person_is_waited_for(bench: RotationBench) -> None:
    """The consent page would be waited for through five minutes."""
    victim = Victim()
    bench.begin(Story.ROTATE)
    tokens = len(bench.world.netsuite.state.account(bench.world.account.id).tokens)
    victim.start(start(bench.world, *ROTATE, "--authorize", "--no-browser", cold=True))
    wait_until(lambda: "  open http" in "".join(victim.lines), "no page was shown")

    interrupt(victim)
    victim.struck.set()

    ended_in_order(bench, victim)
    assert len(bench.world.netsuite.state.account(bench.world.account.id).tokens) == tokens
    goes_on(bench)


@pytest.mark.deep
def test_ctrl_c_twice_is_taken_up_as_a_kill_is(bench: RotationBench) -> None:
    victim = Victim()

    def twice() -> None:
        interrupt(victim)
        os.kill(victim.pid, signal.SIGINT)
        gone = "the engine outlived the second Ctrl-C"
        wait_until(lambda: victim.process.poll() is not None, gone)
        victim.struck.set()

    bench.begin(Story.ROTATE)
    bench.world.aws.faults.before("PutSecretValue", do=twice)
    with watching(bench.world):
        victim.start(start(bench.world, *ROTATE, cold=True))
        run = victim.end()
        assert run.status == Exit.INTERRUPTED, run.output
        assert "Traceback" not in run.output
        kill_all(victim.pid)  # the language host looks after its engine every few seconds only
        goes_on(bench)
