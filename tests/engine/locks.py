"""Locks of a file backend, as runs leave them, and what `tba` has written down about those runs.

A lock is a file with the holder's user, host, process id and time (github.com/pulumi/pulumi, pkg/backend/diy/lock.go).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tba_secrets.engine import runs
from tests.engine.tba import AnyWorld


def now() -> str:
    """The time as a lock file has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lock(
    world: AnyWorld, pid: int, host: str = socket.gethostname(), *, at: str = "", stack: str = ""
) -> None:
    """Hold a stack's lock, as a run of that process does."""
    stacks = world.project.folder / "state/.pulumi/locks/organization/tba-secrets"
    folder = stacks / (stack or world.project.stack)
    folder.mkdir(parents=True, exist_ok=True)
    held = {"pid": pid, "username": "ci", "hostname": host, "timestamp": at or now()}
    (folder / "0d3c4ac2-9bd2-4b2f-8a07-7c8c3f8f1a51.json").write_text(json.dumps(held))


@contextmanager
def recorded(project: Path, home: Path, stack: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives as long as the block, recorded as a run of `tba` in that home."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(home / ".local/state")
    try:
        with subprocess.Popen(["sleep", "600"]) as process:
            assert runs.record(project, stack, process.pid, time.time()) is not None
            try:
                yield process
            finally:
                process.kill()
    finally:
        del os.environ["XDG_STATE_HOME"]
        if before is not None:
            os.environ["XDG_STATE_HOME"] = before


def killed_run(world: AnyWorld, stack: str = "") -> int:
    """A run of `tba` was killed: its lock and its record are left. Returns the pid that it had."""
    stack, home = stack or world.project.stack, Path(world.project.environment["HOME"])
    with recorded(world.project.folder, home, stack) as process:
        lock(world, process.pid, stack=stack)
    return process.pid
