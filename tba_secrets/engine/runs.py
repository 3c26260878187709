"""Which run holds a stack's lock, and whether it is known to be dead.

The lock of a file or bucket backend names a process id, a user, a host and a time (github.com/pulumi/pulumi,
pkg/backend/diy/lock.go). That does not tell a dead process from a living one in another container of the same host
name. So `tba` writes down more about each run that it starts: `$XDG_STATE_HOME/tba-secrets/runs/*.json`, readable by
its owner alone, without any value. Only such a record proves that a holder is dead.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Final

from tba_secrets.state_folder import state_folder

_HOLDER: Final = re.compile(
    r"created by (?P<user>\S+)@(?P<host>[^@\s]+) \(pid (?P<pid>[0-9]+)\)(?: at (?P<since>\S+))?"
)
_LOCKED_WITHIN_SECONDS: Final = 300.0
"""How long after its start a run has its lock at the latest. A lock of another time is another process's."""
_CLOCK_STEP_SECONDS: Final = 1.0
"""The lock's time has whole seconds."""


class Life(Enum):
    """Whether a lock's holder still runs."""

    DEAD = "dead"
    ALIVE = "alive"
    UNKNOWN = "unknown"
    """`tba` did not start it, or not where this process could look for it."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, in the backend's own words."""

    user: str
    host: str
    pid: int
    since: str = ""
    """RFC 3339; empty if the backend does not tell."""

    def __str__(self) -> str:
        since = f", since {self.since}" if self.since else ""
        return f"process {self.pid} of {self.user} on {self.host}{since}"

    @property
    def at(self) -> float | None:
        """When it took the lock, in epoch seconds."""
        try:
            return datetime.fromisoformat(self.since).timestamp()
        except ValueError:
            return None


def holders(refusal: str) -> tuple[Holder, ...]:
    """Read who holds the lock from the CLI's refusal."""
    return tuple(
        Holder(found["user"], found["host"], int(found["pid"]), found["since"] or "")
        for found in _HOLDER.finditer(refusal)
    )


@dataclass(frozen=True)
class RunRecord:
    """A process that `tba` started and that takes a stack's lock."""

    project: str
    """The folder that holds Pulumi.yaml."""
    stack: str
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    started: int
    """In clock ticks after the boot: tells the process from a later one with the same id."""
    began: float
    """Epoch seconds, to compare with the lock's time."""

    @property
    def path(self) -> Path:
        """Its file."""
        namespace = re.sub(r"\D", "", self.pid_namespace)
        return _folder() / f"{self.boot_id}-{namespace}-{self.pid}-{self.started}.json"

    @property
    def life(self) -> Life:
        """Whether the process is still there.

        Another boot id may be another machine with the same home, and another PID namespace is a container that cannot
        be looked into: neither proves a death.
        """
        if (self.boot_id, self.pid_namespace) != (_boot_id(), _pid_namespace()):
            return Life.UNKNOWN
        return Life.ALIVE if _started(self.pid) == self.started else Life.DEAD

    def holds(self, stack: str, holder: Holder) -> bool:
        """Return whether this run took that lock."""
        at = holder.at
        return (
            (stack, holder.host, holder.pid) == (self.stack, self.host, self.pid)
            and at is not None
            and -_CLOCK_STEP_SECONDS <= at - self.began <= _LOCKED_WITHIN_SECONDS
        )


def record(project: Path, stack: str, pid: int, began: float) -> RunRecord | None:
    """Write down a run. Without /proc, or a folder to write to, there is none, and nothing else changes.

    `pid` is the CLI's process, which takes the lock; it `began` at that time at the earliest, in epoch seconds.
    """
    started = _started(pid)
    if started is None:
        return None
    place = (socket.gethostname(), _boot_id(), _pid_namespace())
    made = RunRecord(str(project), stack, *place, pid, started, began)
    with suppress(OSError):
        made.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = made.path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(made), file)
        new.replace(made.path)
        return made
    return None


def life(stack: str, found: Iterable[Holder]) -> Life:
    """Tell whether the holders of a stack's lock are known to be dead: all of them, or it is not known."""
    lives = {_life(stack, holder) for holder in found} or {Life.UNKNOWN}
    if Life.ALIVE in lives:
        return Life.ALIVE
    return Life.DEAD if lives == {Life.DEAD} else Life.UNKNOWN


def claim(stack: str, found: Iterable[Holder]) -> bool:
    """Claim the right to cancel the lock of dead holders: of two runs, one gets True.

    The other one might else cancel the lock that the first has taken meanwhile.
    """
    proofs = [one for one in _records() for holder in found if one.holds(stack, holder)]
    try:
        for one in proofs:
            one.path.unlink()
    except OSError:
        return False
    return bool(proofs)


def forget_dead(project: Path, stack: str) -> None:
    """Forget the earlier, dead runs of a stack: after an update that had the lock they prove nothing any more."""
    for one in _records():
        if (one.project, one.stack, one.life) == (str(project), stack, Life.DEAD):
            one.path.unlink(missing_ok=True)


def _life(stack: str, holder: Holder) -> Life:
    return next((one.life for one in _records() if one.holds(stack, holder)), Life.UNKNOWN)


def _records() -> Iterator[RunRecord]:
    """Return all records that can be read; a broken file counts as none."""
    for file in sorted(_folder().glob("*.json")):
        with suppress(OSError, ValueError, TypeError):
            yield RunRecord(**json.loads(file.read_text(encoding="utf-8")))


def _folder() -> Path:
    return state_folder() / "runs"


def _boot_id() -> str:
    return _read("/proc/sys/kernel/random/boot_id").strip()


def _pid_namespace() -> str:
    with suppress(OSError):
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - no path: `pid:[4026531836]`
    return ""


def _started(pid: int) -> int | None:
    """Return when a process started; None if it is gone, or killed and not yet waited for (proc(5), /proc/PID/stat)."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # a process may name itself in any bytes
        return ""
