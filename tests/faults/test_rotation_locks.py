"""Who holds the stack: a dead holder's lock is taken up, a living one is named and nothing is done.

A lock of the engine's file backend is a file with the holder's user, host, process id and time
(github.com/pulumi/pulumi, pkg/backend/diy/lock.go).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import pytest

from tests.engine.conftest import World, world
from tests.engine.project import HANG_GUARD_SECONDS
from tests.engine.tba import assert_nothing_to_do, start, tba
from tests.faults.rotation_bench import TOKEN, journal

__all__ = ["world"]

pytestmark = [pytest.mark.engine, pytest.mark.faults]


@pytest.fixture
def ready(world: World) -> World:
    """`orders` is current, and its source has the successor."""
    assert world.project.up().status == 0
    world.give(orders=world.account.spares[TOKEN])
    return world


@contextmanager
def zombie() -> Iterator[int]:
    """A process that is killed, and that nobody has waited for: as in a container whose process 1 does not."""
    with subprocess.Popen(["sleep", "600"]) as process:
        process.kill()
        yield process.pid


def lock(world: World, pid: int, host: str) -> None:
    """Hold the stack's lock, as a run of that process does."""
    folder = world.project.folder / "state/.pulumi/locks/organization/tba-secrets/test"
    folder.mkdir(parents=True, exist_ok=True)
    held = {"pid": pid, "username": "ci", "hostname": host, "timestamp": "2026-01-01T00:00:00Z"}
    (folder / "0d3c4ac2-9bd2-4b2f-8a07-7c8c3f8f1a51.json").write_text(json.dumps(held))


def test_a_dead_holder_is_taken_up(ready: World) -> None:
    with zombie() as pid:
        lock(ready, pid, socket.gethostname())
        run = tba(ready, "rotate", "test", TOKEN)
    assert run.status == 0, run.output
    assert "taking its work up" in run.output
    assert ready.current(TOKEN)["token_id"] == ready.account.spares[TOKEN].identifier


@pytest.mark.parametrize("host", [socket.gethostname(), "another-machine"])
def test_a_holder_that_may_live_is_named(ready: World, host: str) -> None:
    writes, labels = ready.writes(), ready.labels(TOKEN)
    lock(ready, os.getpid(), host)

    run = tba(ready, "rotate", "test", TOKEN)

    assert run.status != 0
    assert f"is being updated by process {os.getpid()} on {host}: nothing was changed" in run.output
    assert "Traceback" not in run.output
    assert (ready.writes(), ready.labels(TOKEN)) == (writes, labels)


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
