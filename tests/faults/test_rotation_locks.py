"""Who holds the stack: a lock of a run that is known to be dead is taken up, any other holder is named."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from threading import Event

import pytest

from tests.deep import rest_is_deep
from tests.engine.conftest import World
from tests.engine.locks import killed_run, lock, now, recorded
from tests.engine.project import HANG_GUARD_SECONDS
from tests.engine.tba import assert_nothing_to_do, start, tba
from tests.faults.rotation_bench import TOKEN, journal

RUNS = ".local/state/tba-secrets/runs"

pytestmark = [pytest.mark.engine, pytest.mark.faults]


@pytest.fixture
def ready(deployed: World) -> World:
    """`orders` is current, and its source has the successor."""
    deployed.give(orders=deployed.account.spares[TOKEN])
    return deployed


def test_a_dead_run_is_taken_up(ready: World) -> None:
    killed_run(ready)

    run = tba(ready, "rotate", "test", TOKEN)

    assert run.status == 0, run.output
    assert "the run that held the stack's lock is dead: resuming its work" in run.output
    assert ready.current(TOKEN)["token_id"] == ready.account.spares[TOKEN].identifier
    assert not list((Path(ready.project.environment["HOME"]) / RUNS).iterdir())


def dead_process() -> int:
    """A process of which `tba` knows nothing was here, and is gone."""
    with subprocess.Popen(["true"]) as process:
        return process.pid


@pytest.mark.parametrize(
    "host",
    rest_is_deep([socket.gethostname(), "another-machine"], lambda host: host != "another-machine"),
)
def test_a_holder_that_may_live_is_named_and_taken_over_on_request(ready: World, host: str) -> None:
    """A plain `pulumi up` that was killed is such a one: nobody has written down which process it was."""
    writes, labels, pid, at = ready.writes(), ready.labels(TOKEN), dead_process(), now()
    lock(ready, pid, host, at=at)

    run = tba(ready, "rotate", "test", TOKEN)

    assert run.status == 1
    assert f"updated by process {pid} of ci on {host}, since {at}: nothing was ch" in run.output
    assert "add --take-over" in run.output
    assert "Traceback" not in run.output
    assert (ready.writes(), ready.labels(TOKEN)) == (writes, labels)

    again = tba(ready, "rotate", "test", TOKEN, "--take-over")

    assert again.status == 0, again.output
    assert "taking over the stack's lock (--take-over)" in again.output
    assert ready.current(TOKEN)["token_id"] == ready.account.spares[TOKEN].identifier


@pytest.mark.deep
def test_a_run_that_is_known_to_live_is_not_taken_over(ready: World) -> None:
    labels, home = ready.labels(TOKEN), Path(ready.project.environment["HOME"])
    with recorded(ready.project.folder, home, "test") as process:
        lock(ready, process.pid)
        run = tba(ready, "rotate", "test", TOKEN, "--take-over")
    assert run.status == 1
    assert "it is still running: wait for it" in run.output
    assert ready.labels(TOKEN) == labels


@pytest.fixture
def in_a_container() -> list[str]:
    """Before a command: its process ids are of another namespace; host name and home are the same."""
    command = ["unshare", "--pid", "--fork", "--mount-proc"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False).returncode
    ):
        pytest.skip("this machine does not let us make a PID namespace")
    return command


@pytest.mark.deep
def test_a_live_run_in_a_container_is_not_taken_for_dead(
    ready: World, in_a_container: list[str]
) -> None:
    """Its process id is nobody's here, and the record that `tba` has written there is of another namespace."""
    begun, ended = Event(), Event()

    def in_the_middle() -> None:
        begun.set()
        assert ended.wait(HANG_GUARD_SECONDS)

    ready.aws.faults.after("PutSecretValue", do=in_the_middle)
    with start(ready, "rotate", "test", TOKEN, under=in_a_container, cold=True) as first:
        assert begun.wait(HANG_GUARD_SECONDS)
        second = tba(ready, "rotate", "test", TOKEN)
        ended.set()
        output, _ = first.communicate(timeout=HANG_GUARD_SECONDS)
    assert second.status == 1, second.output
    assert "is being updated by process" in second.output
    assert "add --take-over" in second.output
    assert first.returncode == 0, output
    assert ready.current(TOKEN)["token_id"] == ready.account.spares[TOKEN].identifier


def test_two_rotations_at_once(ready: World) -> None:
    """The first is in the middle of its work for as long as the second runs: it wins."""
    begun, ended = Event(), Event()

    def in_the_middle() -> None:
        begun.set()
        assert ended.wait(HANG_GUARD_SECONDS)

    ready.aws.faults.after("PutSecretValue", do=in_the_middle)
    with start(ready, "rotate", "test", TOKEN) as first:
        assert begun.wait(HANG_GUARD_SECONDS)
        before = (ready.writes(), ready.labels(TOKEN), journal(ready))
        second = tba(ready, "rotate", "test", TOKEN)
        after = (ready.writes(), ready.labels(TOKEN), journal(ready))
        ended.set()
        output, _ = first.communicate(timeout=HANG_GUARD_SECONDS)
    assert second.status != 0
    assert "is being updated by process" in second.output
    assert "nothing was changed" in second.output
    assert after == before, "the second one changed something"
    assert first.returncode == 0, output
    assert ready.current(TOKEN)["token_id"] == ready.account.spares[TOKEN].identifier
    assert [state for _, state in journal(ready)] == ["overlap"]
    assert_nothing_to_do(ready)
