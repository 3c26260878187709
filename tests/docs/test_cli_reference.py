"""docs/cli.md is what the commands print, and bash completes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.cli_reference import DOCUMENT, pages, reference

pytestmark = pytest.mark.long

COMPLETE = r"""
set -e
tba --install-completion >installed.txt
. ~/.bashrc
complete -p tba >/dev/null
COMP_WORDS=(tba "$@") COMP_CWORD=$#
_tba_completion tba
printf '%s\n' "${COMPREPLY[@]}"
"""


@pytest.mark.locked
def test_the_reference_is_what_is_printed() -> None:
    assert DOCUMENT.read_text() == reference(), "docs/cli.md is not up to date: run `make cli-docs`"


def test_every_command_is_in_it() -> None:
    sections = {line[3:] for line in DOCUMENT.read_text().splitlines() if line.startswith("## ")}

    assert sections == {command for command, _ in pages()}
    assert {"tba", "tba check", "tba rotate"} <= sections


@pytest.mark.parametrize(
    ("words", "start", "offered"),
    [
        ([], "r", {"retire", "rollback", "rotate"}),
        (["rotate", "prod"], "--auth", {"--authorize"}),
        ([], "no-such", set()),
    ],
)
def test_bash_completes_it(words: list[str], start: str, offered: set[str], tmp_path: Path) -> None:
    got = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE, "bash", *words, start],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "bash completion installed" in (tmp_path / "installed.txt").read_text()
    assert set(got.stdout.split()) >= offered
    assert bool(got.stdout.split()) == bool(offered)
