"""When `tba` lets the engine save its state at the end of an update alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tba_secrets.cli.init.files import PROGRAM
from tba_secrets.engine.checkpoints import saving
from tests.engine.project import ROOT

AT_THE_END = {"PULUMI_SKIP_CHECKPOINTS": "true"}
SETTINGS = "name: netsuite\nruntime:\n  name: python\n"
OURS = [
    {"type": "pulumi:pulumi:Stack"},
    {"type": "pulumi:providers:tba"},
    {"type": "tba:index:Environment"},
    {"type": "tba:index:SmokeTest"},
]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_SKIP_CHECKPOINTS", raising=False)


def project(folder: Path, program: str = PROGRAM, settings: str = SETTINGS) -> Path:
    (folder / "Pulumi.yaml").write_text(settings)
    (folder / "__main__.py").write_text(program)
    return folder


@pytest.mark.parametrize("settings", [SETTINGS, "name: netsuite\nruntime: python\n"])
def test_where_nothing_but_ours_is_at_stake(tmp_path: Path, settings: str) -> None:
    assert saving(project(tmp_path, settings=settings), OURS) == AT_THE_END
    assert saving(tmp_path, []) == AT_THE_END


def test_this_project_and_a_new_one() -> None:
    assert saving(ROOT, OURS) == AT_THE_END


@pytest.mark.parametrize(
    "program",
    [
        f"{PROGRAM}import pulumi_aws\n",
        f"from pulumi_aws.s3 import Bucket\n{PROGRAM}",
        f"{PROGRAM}Bucket('logs')\n",
        f"from . import buckets\n{PROGRAM}",
        f"{PROGRAM}x = run(Path())\n",
        "def",
    ],
)
def test_a_program_that_may_declare_more(tmp_path: Path, program: str) -> None:
    assert saving(project(tmp_path, program), OURS) == {}


@pytest.mark.parametrize(
    "settings",
    [
        f"{SETTINGS}main: infra\n",
        "name: netsuite\nruntime: nodejs\n",
        "name: netsuite\n",
        "- a list\n",
        "{",
    ],
)
def test_another_program_than_the_one_in_the_folder(tmp_path: Path, settings: str) -> None:
    assert saving(project(tmp_path, settings=settings), OURS) == {}


def test_no_program(tmp_path: Path) -> None:
    assert saving(tmp_path, OURS) == {}


@pytest.mark.parametrize("other", ["aws:s3/bucket:Bucket", "pulumi:providers:aws"])
def test_another_resource_in_state(tmp_path: Path, other: str) -> None:
    state: list[dict[str, Any]] = [*OURS, {"type": other}]

    assert saving(project(tmp_path), state) == {}


@pytest.mark.parametrize("value", ["false", "true"])
def test_what_the_user_has_set(tmp_path: Path, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", value)

    assert saving(project(tmp_path), OURS) == {}
