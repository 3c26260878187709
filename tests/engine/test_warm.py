"""What the warm virtual environment starts is what the real one would start, but for its parent and its session."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.project import HANG_GUARD_SECONDS
from tests.engine.warm import VENV, warm_venv
from tests.faults.processes import alive, wait_until

pytestmark = pytest.mark.engine

TELLS = """\
import json, os, sys
seen = [sys.argv, os.getcwd(), dict(os.environ), sys.stdin.read()]
sys.stderr.write("to standard error")
print(json.dumps(seen))
sys.exit(7)
"""
WAITS = """\
import os, signal, sys, time
def interrupted(*_):
    sys.exit(5)
signal.signal(signal.SIGINT, interrupted)
print(os.getpid(), flush=True)
time.sleep(600)
"""


def program(folder: Path, text: str, venv: Path) -> list[str]:
    """Write a program, and return how the language host would start it."""
    file = folder / "pulumi-language-python-exec"
    file.write_text(text)
    return [str(venv / "bin" / "python3"), str(file)]


def told(folder: Path, venv: Path) -> tuple[int, str, list[Any]]:
    ended = subprocess.run(
        [*program(folder, TELLS, venv), "an argument", "--option"],
        cwd=folder,
        env={"ONE": "two", "LANG": "C.UTF-8"},
        input="what it reads",
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_GUARD_SECONDS,
    )
    return ended.returncode, ended.stderr, json.loads(ended.stdout)


def test_a_program_has_what_it_was_given_and_ends_as_it_would(tmp_path: Path) -> None:
    warm = told(tmp_path, warm_venv())

    assert warm == told(tmp_path, VENV)
    status, errors, (arguments, folder, environment, read) = warm
    assert (status, errors, read) == (7, "to standard error", "what it reads")
    assert arguments[1:] == ["an argument", "--option"]
    assert Path(folder) == tmp_path
    assert environment["ONE"] == "two"


def waiting(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Start one that waits; return its stand-in, and its own process id."""
    stand_in = subprocess.Popen(
        program(folder, WAITS, warm_venv()), stdout=subprocess.PIPE, text=True
    )
    assert stand_in.stdout is not None
    return stand_in, int(stand_in.stdout.readline())


def test_a_signal_reaches_the_program(tmp_path: Path) -> None:
    with waiting(tmp_path)[0] as stand_in:
        stand_in.send_signal(signal.SIGINT)

        assert stand_in.wait(HANG_GUARD_SECONDS) == 5


def test_the_program_dies_with_its_stand_in(tmp_path: Path) -> None:
    stand_in, pid = waiting(tmp_path)
    with stand_in:
        assert alive(pid)

        stand_in.kill()

        wait_until(lambda: not alive(pid), "the program outlived its stand-in")


def test_tba_is_the_command_that_people_type(tmp_path: Path) -> None:
    ended = [
        subprocess.run(
            [venv / "bin" / "tba", "no-such-command"],
            cwd=tmp_path,
            env={"LANG": "C.UTF-8", "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )
        for venv in (warm_venv(), VENV)
    ]

    assert ended[0].returncode == ended[1].returncode == 2
    assert ended[0].stderr == ended[1].stderr
    assert "Usage: tba" in ended[0].stderr
