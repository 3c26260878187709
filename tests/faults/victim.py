"""A run that is harmed on purpose, and all that it has said until then."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from threading import Event, Thread

from tests.engine.project import HANG_GUARD_SECONDS, Run
from tests.faults.processes import kill_all


@dataclass
class Victim:
    """A command that runs, for hooks that are set before it starts."""

    process: subprocess.Popen[str] = field(init=False)
    lines: list[str] = field(default_factory=list)
    """What it has said so far."""
    struck: Event = field(default_factory=Event)
    """Whatever was to happen to it has happened."""
    _started: Event = field(default_factory=Event)
    _reading: Thread = field(init=False)

    def start(self, process: subprocess.Popen[str]) -> None:
        """It has been started, in a session of its own; hooks wait for this."""
        self.process = process
        self._reading = Thread(target=self._read)
        self._reading.start()
        self._started.set()

    @property
    def pid(self) -> int:
        """That of the session's leader; waits until it is started."""
        assert self._started.wait(HANG_GUARD_SECONDS)
        return self.process.pid

    def end(self) -> Run:
        """Wait for its end, and for that of what was to happen to it."""
        status = self.process.wait(HANG_GUARD_SECONDS)
        self._reading.join(HANG_GUARD_SECONDS)
        output = "".join(self.lines)
        assert self.struck.wait(HANG_GUARD_SECONDS), f"it ended unharmed:\n{output}"
        return Run(status, output)

    def kill(self) -> None:
        """kill -9 of every process of it. For a hook."""
        kill_all(self.pid)
        self.struck.set()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(output)
