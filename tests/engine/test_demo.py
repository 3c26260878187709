"""`tba demo` in an empty folder, from the first token to the page of `tba status`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.project import HANG_GUARD_SECONDS, ROOT

pytestmark = pytest.mark.engine

PROXY = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
"""Nothing answers there, and NO_PROXY is not set: nothing of this machine is to be asked of a proxy."""
STEPS = (
    *("Provision", "Again", "Rotate", "Refuse", "Put right", "Roll back", "Rotate again"),
    *("Retire", "Status"),
)


def test_the_whole_story_is_told_in_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".tools").symlink_to(ROOT / ".tools")
    command = [str(Path(sys.executable).parent / "tba"), "demo", "--project", str(tmp_path)]

    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COLUMNS": "200", **PROXY},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=HANG_GUARD_SECONDS,
    )

    assert done.returncode == 0, done.stdout
    told = re.findall(r"^(\d)\. ([A-Z][a-z ]+)[:,]", done.stdout, re.MULTILINE)
    assert told == [(str(number), step) for number, step in enumerate(STEPS, start=1)]
    assert re.search(r"a program made [1-9]\d* signed calls", done.stdout)
    assert "stock-bot: revoked (HTTP 200)" in done.stdout
    assert "3 tokens: 3 well; exit code 0" in done.stdout
    assert "warehouse-sync/orders-bot" in (tmp_path / ".demo" / "status.html").read_text()
    exported = (tmp_path / ".demo" / "env").read_text()
    values = re.findall(r"^export \w+_(?:CONSUMER|TOKEN)_\w+=(\w+)$", exported, re.MULTILINE)
    assert len(values) == 10
    assert not [value for value in values if value in done.stdout]
    assert not (tmp_path / ".demo" / "servers.pid").exists()
    assert {path.name for path in tmp_path.iterdir()} == {".demo", ".tools"}
