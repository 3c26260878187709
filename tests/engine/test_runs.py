"""Whether the holder of a lock is known to be dead: what the CLI says, and what `tba` has written down of its runs."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tba_secrets.engine import runs
from tba_secrets.engine.runs import Holder, Life, RunRecord
from tests.engine.locks import now

STACK = "test"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the records."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/tba-secrets/runs"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.fixture
def kept(state: Path, process: subprocess.Popen[bytes]) -> RunRecord:
    """A run of `tba` that is at work."""
    made = runs.record(Path("/project"), STACK, process.pid, time.time())
    assert made is not None
    return made


def holder(pid: int, *, host: str = socket.gethostname(), since: str = "") -> Holder:
    """As the backend names a process that has just taken the lock."""
    return Holder("ci", host, pid, since or now())


def rewrite(kept: RunRecord, **changes: object) -> None:
    """Put another record in the place of this one."""
    kept.path.unlink()
    changed = replace(kept, **changes)  # type: ignore[arg-type]
    changed.path.write_text(json.dumps(asdict(changed)))


def test_a_run_at_work_is_alive_and_a_killed_one_is_dead(
    kept: RunRecord, process: subprocess.Popen[bytes]
) -> None:
    """Dead from the kill on, though nobody has waited for it yet: as in a container whose process 1 does not."""
    assert runs.life(STACK, [holder(process.pid)]) is Life.ALIVE

    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert runs.life(STACK, [holder(process.pid)]) is Life.DEAD
    process.wait()
    assert runs.life(STACK, [holder(process.pid)]) is Life.DEAD


@pytest.mark.parametrize(
    "other",
    [
        {"host": "another-machine"},
        {"since": "2026-01-01T00:00:00Z"},
        {"since": "no time"},
    ],
)
def test_a_lock_of_another_process_proves_nothing(
    kept: RunRecord, process: subprocess.Popen[bytes], other: dict[str, str]
) -> None:
    """Not even one with the same process id: containers use the low ones again and again."""
    process.kill()
    process.wait()
    assert runs.life(STACK, [holder(process.pid, **other)]) is Life.UNKNOWN
    assert runs.life("another", [holder(process.pid)]) is Life.UNKNOWN
    assert runs.life(STACK, [holder(process.pid), holder(1)]) is Life.UNKNOWN
    assert runs.life(STACK, []) is Life.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pid_namespace": "pid:[1]"}, Life.UNKNOWN),
        ({"boot_id": "00000000-0000-4000-8000-000000000000"}, Life.UNKNOWN),
        ({"started": 1}, Life.DEAD),
    ],
)
def test_only_what_can_be_looked_at_here_is_known(
    kept: RunRecord, changes: dict[str, object], expected: Life
) -> None:
    """The process id is taken in all three: in another namespace, after another boot, by a later process."""
    rewrite(kept, **changes)
    assert runs.life(STACK, [holder(kept.pid)]) is expected


def test_a_proof_is_used_once(kept: RunRecord, process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert runs.claim(STACK, [holder(process.pid)])
    assert not runs.claim(STACK, [holder(process.pid)])
    assert runs.life(STACK, [holder(process.pid)]) is Life.UNKNOWN


def test_what_is_dead_is_forgotten_once_its_stack_was_updated(
    kept: RunRecord, process: subprocess.Popen[bytes]
) -> None:
    runs.forget_dead(Path("/project"), STACK)
    assert kept.path.exists()
    process.kill()
    process.wait()
    runs.forget_dead(Path("/another"), STACK)
    assert kept.path.exists()
    runs.forget_dead(Path("/project"), STACK)
    assert not kept.path.exists()


def test_a_record_is_for_its_owner_alone(kept: RunRecord) -> None:
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1, "host": 2}', "\0"])
def test_a_broken_record_counts_as_none(state: Path, text: str) -> None:
    state.mkdir(parents=True)
    (state / "broken.json").write_text(text)
    assert runs.life(STACK, [holder(1)]) is Life.UNKNOWN


def test_without_a_folder_to_write_to_there_is_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert runs.record(Path("/project"), STACK, os.getpid(), time.time()) is None


def test_what_the_cli_says_of_two_holders() -> None:
    said = (
        "error: the stack is currently locked by 2 lock(s). Either wait ... \n"
        "  file:///locks/a.json: created by ci@runner-1 (pid 4711) at 2026-11-23T20:13:51Z\n"
        "  file:///locks/b.json: created by ACME\\me@example@laptop (pid 7) at 2026-11-23T21:13:51+01:00\n"
    )
    first, second = runs.holders(said)
    assert str(first) == "process 4711 of ci on runner-1, since 2026-11-23T20:13:51Z"
    assert (second.user, second.host, second.at) == ("ACME\\me@example", "laptop", first.at)
    assert runs.holders("error: [409] Conflict: Another update is currently in progress.") == ()
