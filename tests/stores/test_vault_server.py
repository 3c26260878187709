"""The Vault that the tests start ends with them, whatever ends them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.engine.project import ROOT

KILLED = """
import os, pathlib, signal, sys
from tests.stores.vault_server import dev_server
print(dev_server(pathlib.Path(sys.argv[1])).process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_does_not_outlive_a_killed_run(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )

    assert run.stdout.strip().isdigit(), run.stderr
    deadline = time.monotonic() + 60
    while _runs(run.stdout.strip()):
        assert time.monotonic() < deadline, "it runs on"
        time.sleep(0.05)


def _runs(pid: str) -> bool:
    try:
        return "\nState:\tZ" not in Path("/proc", pid, "status").read_text()
    except OSError:
        return False
