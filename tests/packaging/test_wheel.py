"""What the wheel holds, what it says that it needs, and the versions that are locked for it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.engine.project import ROOT
from tests.packaging.conftest import pip

pytestmark = pytest.mark.long

_LOCKED: Final = re.compile(
    r"(?P<name>[\w.-]+)==(?P<version>[\w.]+)( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+"
)


def test_every_file_of_the_package_is_in_it(wheel: Path) -> None:
    ours = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tba_secrets").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert inside == ours
    assert {"tba_secrets/py.typed", "tba_secrets/cli/status.html"} <= inside


def metadata(wheel: Path) -> Message:
    """What the wheel says of itself."""
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    return Parser().parsestr(archive.read(name).decode())


def needs(wheel: Path, extra: str = "") -> dict[str, SpecifierSet]:
    """Which versions of which packages an installation with this extra needs, by their names."""
    said = map(Requirement, metadata(wheel).get_all("Requires-Dist", []))
    wanted = [one for one in said if one.marker is None or one.marker.evaluate({"extra": extra})]
    return {canonicalize_name(one.name): one.specifier for one in wanted}


def test_it_says_whose_it_is_and_under_which_licence(wheel: Path) -> None:
    said = metadata(wheel)

    assert said["License-Expression"] == "Apache-2.0"
    assert said["Author"] == "The tba-secrets authors"
    assert len(said.get_all("Project-URL", [])) == 4
    assert any(name.endswith("/licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_a_reader_needs_neither_the_engine_nor_a_server_nor_a_command_line(wheel: Path) -> None:
    assert not {"pulumi", "flask", "werkzeug", "typer", "rich", "jinja2"} & needs(wheel).keys()
    assert needs(wheel, "all").keys() - needs(wheel).keys() == {"tba-secrets"}
    for extra, brings in {
        "pulumi": {"pulumi"},
        "cli": {"jinja2", "rich", "typer", "tba-secrets"},
        "simulator": {"flask", "joserfc", "werkzeug"},
    }.items():
        assert needs(wheel, extra).keys() - needs(wheel).keys() == brings


def test_the_lock_holds_a_version_of_each_package_that_its_range_allows(wheel: Path) -> None:
    locked = lock("requirements.txt")
    for extra in ("", "pulumi", "cli", "simulator"):
        for name, versions in needs(wheel, extra).items():
            if name != "tba-secrets":
                assert locked[name] in versions, name
    assert not SpecifierSet("<2").contains(locked["pydantic"])


def test_the_lock_of_the_tests_holds_the_same_versions() -> None:
    tests = lock("requirements-dev.txt")
    assert lock("requirements.txt").items() <= tests.items()
    assert {"pytest", "ruff", "mypy"} <= tests.keys()


def lock(name: str) -> dict[str, str]:
    """Package -> version of a file in which every line is a pinned package, with its hashes, or a comment."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = [_LOCKED.fullmatch(line.rstrip()) for line in lines]
    assert [line for line, match in zip(lines, found, strict=True) if match is None] == []
    return {match["name"]: match["version"] for match in found if match is not None}


@pytest.mark.parametrize(
    "line",
    ["boto3>=1.34", "boto3==1.44.5", "--index-url https://example.com/simple", "git+https://x/y"],
)
def test_a_line_without_a_hash_would_be_seen(line: str) -> None:
    assert not _LOCKED.fullmatch(line)


def test_it_brings_both_commands_and_all_they_need(installed: Path) -> None:
    assert {file.name for file in installed.iterdir()} >= {"tba", "pulumi-resource-tba"}
    pip("check", python=installed / "python")


@pytest.mark.parametrize("readme", [True, False], ids=["as it is", "without its text"])
def test_one_command_builds_a_release_and_checks_it(
    readme: bool, source: Path, wheel: Path, tmp_path: Path
) -> None:
    """The recipe of `make dist`, in a copy; what the index would show is checked too."""
    copy = tmp_path / "copy"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    (copy / ".venv").symlink_to(sys.prefix)
    if not readme:
        described = (copy / "pyproject.toml").read_text()
        (copy / "pyproject.toml").write_text(described.replace('readme = "README.md"\n', ""))
    recipe = subprocess.run(
        ["make", "--dry-run", "dist"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    mine = [line for line in recipe.splitlines() if re.search(r"\bdist\b", line)]

    done = subprocess.run(["bash", "-ec", "\n".join(mine)], cwd=copy, check=False)

    assert (done.returncode == 0) == readme
    (built,) = (copy / "dist").glob("*.whl")
    (sources,) = (copy / "dist").glob("*.tar.gz")
    assert "tba_secrets/cli/init/github.yaml" in zipfile.ZipFile(built).namelist()
    with tarfile.open(sources) as archive:
        assert any(name.endswith("/LICENSE") for name in archive.getnames())
    assert built.name == wheel.name


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
