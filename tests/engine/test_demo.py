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


OAUTH2_STEPS = (
    *("Provision", "Upload", "Rotate", "Retire", "Migrate", "Refuse", "Put right", "Move"),
    "Status",
)


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in a folder that has nothing but the Pulumi CLI."""
    (folder / ".tools").symlink_to(ROOT / ".tools")
    return subprocess.run(
        [str(Path(sys.executable).parent / "tba"), "demo", "--project", str(folder), *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "COLUMNS": "200", **PROXY},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=2 * HANG_GUARD_SECONDS,  # a dozen runs of the engine
    )


def told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The steps, in the order in which they are told."""
    found = re.findall(r"^(\d)\. ([A-Z][a-z ]+)[:,] ", done.stdout, re.MULTILINE)
    return [step for number, step in found if step in {*STEPS, *OAUTH2_STEPS}]


def assert_nothing_is_left(folder: Path, done: subprocess.CompletedProcess[str]) -> None:
    """No value was shown, no server is up, and all that is left is in one folder."""
    exported = (folder / ".demo" / "env").read_text()
    values = re.findall(r"^export \w+_(?:CONSUMER|TOKEN)_\w+=(\w+)$", exported, re.MULTILINE)
    assert len(values) == 10
    assert not [value for value in values if value in done.stdout]
    assert "PRIVATE KEY" not in done.stdout
    assert not (folder / ".demo" / "servers.pid").exists()
    assert {path.name for path in folder.iterdir()} == {".demo", ".tools"}


def test_the_whole_story_is_told_in_a_folder_of_its_own(tmp_path: Path) -> None:
    done = demo(tmp_path)

    assert done.returncode == 0, done.stdout
    assert told(done) == list(STEPS)
    assert re.search(r"a program made [1-9]\d* calls with warehouse-sync/orders-bot", done.stdout)
    assert re.search(
        r"stock-bot: the token superseded \S+ \S+ UTC: revoked \(HTTP 200\)", done.stdout
    )
    assert "3 tokens: 3 well; exit code 0" in done.stdout
    assert "warehouse-sync/orders-bot" in (tmp_path / ".demo" / "status.html").read_text()
    assert_nothing_is_left(tmp_path, done)


@pytest.mark.deep
def test_the_story_of_oauth2_ends_without_tba(tmp_path: Path) -> None:
    done = demo(tmp_path, "--auth", "oauth2")

    assert done.returncode == 0, done.stdout
    assert told(done) == list(OAUTH2_STEPS)
    assert done.stdout.count("waits for its upload: a person brings it to NetSuite") == 3
    assert "its user is '39'; declared is '38'" in done.stdout
    assert re.search(
        r"billing-bot: the certificate superseded .* revoked \(HTTP 200\)", done.stdout
    )
    for reader in ("billing-bot", "orders-bot", "orders-bot-certificate"):
        assert re.search(
            rf"made [1-9]\d* calls with \S+/{reader}\. NetSuite accepted all", done.stdout
        )
    assert "2 tokens: 2 well; exit code 0" in done.stdout
    stack = (tmp_path / ".demo" / "stacks" / "demo-oauth2.yaml").read_text()
    assert "tokens:" not in stack
    assert stack.count("auth: oauth2") == 2
    assert_nothing_is_left(tmp_path, done)


@pytest.mark.parametrize("option", ["--auth", "--store"])
def test_a_demo_that_there_is_not(tmp_path: Path, option: str) -> None:
    done = demo(tmp_path, option, "nonsense")

    assert done.returncode == 1
    assert "there is no demo for that" in done.stdout
    assert not (tmp_path / ".demo").exists()
