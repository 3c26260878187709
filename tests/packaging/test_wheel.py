"""What the wheel holds, and what it says that it needs."""

from __future__ import annotations

import json
import subprocess
import zipfile
from email.parser import Parser
from pathlib import Path

from tests.engine.project import ROOT
from tests.packaging.conftest import pip


def test_every_file_of_the_package_is_in_it(wheel: Path) -> None:
    ours = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tba_secrets").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert inside == ours
    assert {"tba_secrets/py.typed", "tba_secrets/cli/status.html"} <= inside


def test_it_needs_what_requirements_txt_pins(wheel: Path) -> None:
    (name,) = (n for n in zipfile.ZipFile(wheel).namelist() if n.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(zipfile.ZipFile(wheel).read(name).decode())
    lines = (ROOT / "requirements.txt").read_text().splitlines()

    needs = set(metadata.get_all("Requires-Dist", []))

    assert needs == {line for line in lines if line and not line.startswith("#")}


def test_it_brings_both_commands_and_all_they_need(installed: Path) -> None:
    assert {file.name for file in installed.iterdir()} >= {"tba", "pulumi-resource-tba"}
    pip("check", python=installed / "python")


def test_its_code_is_not_the_checkouts(installed: Path, tmp_path: Path) -> None:
    code = "import tba_secrets; print(tba_secrets.__file__)"

    said = subprocess.run(
        [installed / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert Path(said.strip()).is_relative_to(installed.parent)


def test_a_command_runs_where_there_is_no_checkout(installed: Path, tmp_path: Path) -> None:
    said = subprocess.run(
        [installed / "tba", "schema"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert {"version", "account", "store", "integrations"} <= json.loads(said)["properties"].keys()
