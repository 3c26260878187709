"""The processes of one `pulumi` command: the CLI, the language host, the program and the provider.

The CLI gives each plugin a process group of its own, so a signal to its group reaches only itself. All of them stay in
the session that `Project.start` opens, by which they are found in /proc (proc(5), /proc/PID/stat).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from tests.engine.project import HANG_GUARD_SECONDS

PROVIDER: Final = "pulumi-resource-tba"


class Process(NamedTuple):
    """One line of /proc."""

    pid: int
    command: str


def session(leader: int) -> list[Process]:
    """What runs in the session of `leader`; it may be gone itself."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                state, its_session = fields[0], int(fields[3])
                if its_session == leader and state != "Z":
                    command = (entry / "cmdline").read_text().replace("\0", " ")
                    found.append(Process(int(entry.name), command))
    return found


def providers(leader: int) -> list[int]:
    """The pids of the providers that a command runs: the engine starts one for its refresh, one for the update."""
    found = [one.pid for one in session(leader) if PROVIDER in one.command]
    assert found, f"no provider runs in the session of {leader}"
    return found


def kill_all(leader: int) -> None:
    """kill -9 of the CLI first, so that it cannot see its plugins die, then of everything that it started."""
    kill(leader)
    while left := session(leader):
        for one in left:
            kill(one.pid)


def kill(pid: int) -> None:
    """kill -9 of one process; one that is gone is no error."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(happened: Callable[[], object], what: str) -> None:
    """Wait for something that must happen; the limit is a guard against hanging, and no measure."""
    deadline = time.monotonic() + HANG_GUARD_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)
