"""One command, measured: wall time, processor time, and the most memory that it and all it starts hold together."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Final

_MOST_SECONDS: Final = 900
_LOOK_SECONDS: Final = 0.1
_SESSION, _RESIDENT = 3, 21
"""Fields of /proc/PID/stat, counted from behind the name (proc_pid_stat(5))."""


@dataclass
class Measured:
    """What one operation took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    """Resident, all processes together at one moment; shared pages count for each."""
    calls: dict[str, int] = field(default_factory=dict)
    state_bytes: int = 0


class FailedError(Exception):
    """A command failed, so that its figures would mean nothing."""


def measured(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    given: str = "",
    most_seconds: float = _MOST_SECONDS,
) -> Measured:
    """Run a command to its end, in a session of its own; whatever it leaves is ended.

    Args:
        words: The command.
        folder: Where it runs.
        environment: All that it finds.
        given: Its stdin.
        most_seconds: When it is ended as hung.

    Raises:
        FailedError: It failed, or took too long.
    """
    before = _cpu()
    started = time.monotonic()
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watch = _MemoryWatch(process.pid)
    try:
        with watch:
            output, _ = process.communicate(given, timeout=most_seconds)
        seconds = time.monotonic() - started
    except subprocess.TimeoutExpired:
        raise FailedError(f"{' '.join(words)}: not within {most_seconds} s") from None
    finally:
        for pid in _session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()
    if process.returncode != 0:
        raise FailedError(f"{' '.join(words)} ended with {process.returncode}:\n{output[-4000:]}")
    return Measured(seconds, _cpu() - before, watch.peak)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _MemoryWatch:
    """Looks at a session's memory while it is entered."""

    def __init__(self, session: int) -> None:
        self.peak = 0
        self._over = Event()
        self._thread = Thread(target=self._look, args=(session,), daemon=True)

    def __enter__(self) -> _MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self, session: int) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self.peak = max(self.peak, sum(_session(session).values()))


def _session(session: int) -> dict[int, int]:
    """Return the processes of a session, and the bytes that each holds."""
    page = resource.getpagesize()
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[_SESSION]) == session:
            found[int(path.parent.name)] = int(fields[_RESIDENT]) * page
    return found
