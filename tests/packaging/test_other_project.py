"""A Pulumi program of somebody else, with tba-secrets installed from the wheel: examples/python, as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import block
from tests.engine.project import HANG_GUARD_SECONDS, ROOT, Project, new_project
from tests.newcomer import SECRET, Newcomer

pytestmark = pytest.mark.long

EXAMPLE = ROOT / "examples" / "python"
PLUGIN = "pulumi-resource-tba"


@pytest.fixture
def project(tmp_path: Path, person: Newcomer) -> Project:
    """Nothing but the example's two files; no plugin on PATH yet."""
    project = new_project(tmp_path / "other", person.environment)
    (project.folder / ".venv").unlink()
    shutil.copytree(EXAMPLE, project.folder, dirs_exist_ok=True)
    without = [folder for folder in _path() if not (Path(folder) / PLUGIN).exists()]
    project.environment["PATH"] = os.pathsep.join(without)
    project.init()
    run = project.pulumi("config", "set", "endpoint", person.netsuite.url)
    assert run.status == 0, run.output
    return project


def _path() -> list[str]:
    return [str(ROOT / ".tools" / "bin"), *os.environ["PATH"].split(os.pathsep)]


def _first_on_path(project: Project, folder: Path) -> None:
    project.environment["PATH"] = f"{folder}{os.pathsep}{project.environment['PATH']}"


@pytest.mark.engine
def test_up_promotes_a_proven_secret(project: Project, person: Newcomer, installed: Path) -> None:
    _first_on_path(project, installed)

    run = project.up()

    assert run.status == 0, run.output
    assert person.current()["token_id"] == person.token.identifier
    assert project.outputs()["verifiedAs"] == "role Warehouse Integration in account 1234567_SB1"


@pytest.mark.engine
def test_without_the_plugin_on_path_the_error_names_it(
    project: Project, person: Newcomer, installed: Path, tmp_path: Path
) -> None:
    only_python = tmp_path / "bin"
    only_python.mkdir()
    (only_python / "python3").write_text(f'#!/bin/sh\nexec {installed / "python3"} "$@"\n')
    (only_python / "python3").chmod(0o755)
    _first_on_path(project, only_python)

    run = project.up()

    assert run.status != 0
    assert (
        "no resource plugin 'pulumi-resource-tba' found in the workspace or on your $PATH"
        in run.output
    )
    assert person.aws.state.secret(SECRET) is None


def test_the_example_is_typed_by_the_wheel(installed: Path, tmp_path: Path) -> None:
    """py.typed is in the wheel: a right program passes mypy --strict, and a wrong argument is found."""
    program = (EXAMPLE / "__main__.py").read_text()
    (tmp_path / "right.py").write_text(program)
    (tmp_path / "wrong.py").write_text(program.replace('"warehouse-bot",\n    {', "7,\n    {", 1))
    (tmp_path / "short.py").write_text(block(ROOT / "docs" / "languages.md", "python", "Python"))
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file="]

    said = subprocess.run(
        [*mypy, f"--python-executable={installed / 'python'}", "right.py", "short.py", "wrong.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_GUARD_SECONDS,
    ).stdout

    assert 'wrong.py:17: error: Argument 1 to "StagedCredential"' in said
    assert "Found 1 error in 1 file (checked 3 source files)" in said
