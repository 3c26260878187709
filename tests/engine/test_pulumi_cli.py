"""The Pulumi CLI as `tba` runs it: a script of the test's own stands for it, and says what the real one says."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tba_secrets.engine import EngineError, exported_deployment, without_password
from tba_secrets.engine.pulumi import LockedError, PulumiCli

Script = Callable[[str], PulumiCli]
LOCKED = (
    "error: the stack is currently locked by 1 lock(s).\n"
    "  file:///a.json: created by ci@runner-1 (pid 4711) at 2026-11-23T20:13:51Z"
)

RECORDED = "until ls $XDG_STATE_HOME/tba-secrets/runs/*.json >/dev/null 2>&1; do sleep 0.02; done"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Makes the CLI: shell text, in a folder of its own on PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def make(text: str) -> PulumiCli:
        file = tmp_path / "bin" / "pulumi"
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        return PulumiCli(tmp_path, "prod")

    return make


def says(words: str) -> str:
    return f"cat >&2 <<'END'\n{words}\nEND\nexit 255"


def records(tmp_path: Path) -> list[Path]:
    """What is written down of the runs."""
    return list((tmp_path / "state/tba-secrets/runs").glob("*"))


def test_the_stack_is_named_and_nobody_is_asked(script: Script) -> None:
    said = script('echo "$@"; cat').read("stack", "export")
    assert said == "stack export --stack prod --color never --non-interactive\n"


def test_a_run_is_written_down_while_it_lasts(script: Script, tmp_path: Path) -> None:
    heard: list[int] = []
    script(f"{RECORDED}; echo begun").run(
        "up", hear=lambda _line: heard.append(len(records(tmp_path)))
    )
    assert heard == [1]
    assert records(tmp_path) == []


def test_what_a_failed_run_leaves_is_known_until_one_succeeds(
    script: Script, tmp_path: Path
) -> None:
    """It may have left its lock."""
    with pytest.raises(EngineError):
        script(f"{RECORDED}; exit 1").run("up")
    assert len(records(tmp_path)) == 1
    script(f"{RECORDED}; exit 0").run("up")
    assert records(tmp_path) == []


def test_a_command_that_takes_no_lock_is_not_written_down(script: Script, tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        script("exit 1").read("cancel")
    assert records(tmp_path) == []


def test_a_lock_names_its_holder_and_the_way_out(script: Script, tmp_path: Path) -> None:
    with pytest.raises(LockedError) as caught:
        script(f"{RECORDED}; {says(LOCKED)}").run("up")
    assert caught.value.what == (
        "the stack prod is being updated by process 4711 of ci on runner-1, "
        "since 2026-11-23T20:13:51Z: nothing was changed"
    )
    assert "--take-over" in caught.value.remedy
    assert records(tmp_path) == []


def test_a_lock_that_names_nobody(script: Script) -> None:
    words = "error: [409] Conflict: Another update is currently in progress."
    with pytest.raises(LockedError, match="is being updated by another run: nothing was changed"):
        script(says(words)).run("up")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("error: no stack named 'prod' found", "there is no stack prod"),
        ("warning: new version\nerror: no login", "pulumi failed on the stack prod: no login"),
        ("", "pulumi failed on the stack prod: it says nothing"),
    ],
)
def test_a_complaint_is_told(script: Script, words: str, told: str) -> None:
    with pytest.raises(EngineError) as caught:
        script(says(words)).run("up")
    assert caught.value.what == told


@pytest.mark.parametrize("run", [lambda cli: cli.run("up"), lambda cli: cli.read("whoami")])
def test_no_command_tells_the_backends_password(
    script: Script, run: Callable[[PulumiCli], object]
) -> None:
    address = "postgres://me:obviously-fake@db/state?sslmode=require"
    with pytest.raises(EngineError) as caught:
        run(script(says(f'error: could not log in to "{address}"')))
    assert "obviously-fake" not in str(caught.value)
    assert '"postgres://db/state?sslmode=require"' in caught.value.what


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgres://me:a/b@c@db/state", "postgres://db/state"),
        (
            "postgres://db/state?user=me&password=fake&x=y",
            "postgres://db/state?user=me&password=...&x=y",
        ),
        ("s3://bucket?region=us-east-1", "s3://bucket?region=us-east-1"),
        ("file:///home/me/state", "file:///home/me/state"),
    ],
)
def test_what_is_shown_of_an_address(address: str, shown: str) -> None:
    assert without_password(f"in '{address}': refused") == f"in '{shown}': refused"


def test_without_the_cli(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="the Pulumi CLI is not on PATH"):
        PulumiCli(tmp_path, "prod").run("up")


@pytest.mark.parametrize("printed", ["no JSON", "[]", "{}", '{"deployment": 7}'])
def test_a_state_that_cannot_be_read(script: Script, tmp_path: Path, printed: str) -> None:
    script(f"echo '{printed}'")
    with pytest.raises(EngineError, match="the state of the stack prod cannot be read"):
        exported_deployment(tmp_path, "prod")


def test_an_interrupt_reaches_the_cli_once(script: Script, tmp_path: Path) -> None:
    """And its own process group only: what waits here is not interrupted with it."""
    file = tmp_path / "interrupts"
    cli = script(
        f"trap 'echo one >> {file}; exit 255' INT; echo ready; while :; do sleep 0.02; done"
    )

    def when_ready(line: str) -> None:
        assert line == "ready\n"
        threading.Thread(target=cli.interrupt).start()

    with pytest.raises(EngineError):
        cli.run("up", hear=when_ready)
    assert file.read_text() == "one\n"


def test_an_interrupt_before_the_start_is_not_lost(script: Script, tmp_path: Path) -> None:
    script("while :; do sleep 0.02; done")
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(EngineError):
        PulumiCli(tmp_path, "prod", cancelled=cancelled).run("up")


def test_a_listener_that_fails_ends_the_cli(script: Script, tmp_path: Path) -> None:
    """As Ctrl-C does in a command that does not handle it."""
    cli = script(f"echo $$ > {tmp_path}/pid; echo ready; while :; do sleep 0.02; done")

    def fails(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cli.run("up", hear=fails)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
