"""The validator of projects: the golden one passes, and each of its rules has a project that it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tba_secrets.netsuite.sdf import validate
from tba_secrets.netsuite.sdf.permissions import PERMISSIONS
from tba_secrets.netsuite.sdf.validator import InvalidProjectError, problems
from tests.netsuite import sdf_bench
from tests.netsuite.sdf_bench import ROLE

BROKEN = sdf_bench.cases("broken")
LEVELS = ("NONE", "VIEW", "CREATE", "EDIT", "FULL")
Case = dict[str, Any]


def test_the_golden_project_passes(tmp_path: Path) -> None:
    project = sdf_bench.golden(tmp_path)
    assert problems(project) == ()
    validate(project)


def test_what_the_command_line_interface_keeps_there_is_no_problem(tmp_path: Path) -> None:
    project = sdf_bench.golden(tmp_path)
    (project / "project.json").write_text('{"defaultAuthId": "sandbox"}')
    assert problems(project) == ()


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["name"])
def test_a_broken_project_is_refused(case: Case, tmp_path: Path) -> None:
    project = sdf_bench.golden(tmp_path)
    sdf_bench.break_it(project, case)
    with pytest.raises(InvalidProjectError) as refused:
        validate(project)
    told = [str(problem) for problem in refused.value.problems]
    assert len(told) == len(case["problems"]), told
    for got, expected in zip(told, sorted(case["problems"]), strict=True):
        assert got.startswith(expected)
    assert str(refused.value).count("\n") == len(told)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    told = {problem.file: problem.what for problem in problems(tmp_path)}
    assert told.pop("src/Objects") == "holds no role"
    assert set(told.values()) == {"is missing"}
    assert len(told) == 3


@pytest.mark.parametrize("name", [ROLE, "src/manifest.xml", "suitecloud.config.js"])
def test_a_link_is_refused(name: str, tmp_path: Path) -> None:
    project = sdf_bench.golden(tmp_path)
    (project / name).rename(tmp_path / "elsewhere")
    (project / name).symlink_to(tmp_path / "elsewhere")
    assert f"{name}: is a link; put the file itself there" in map(str, problems(project))


@pytest.mark.parametrize("name", [ROLE, "src/manifest.xml", "src/deploy.xml"])
def test_no_element_is_there_for_nothing(name: str, tmp_path: Path) -> None:
    """One element less is refused, whichever it is; but a role may have one permission less."""
    project = sdf_bench.golden(tmp_path)
    whole = (project / name).read_bytes()
    count = len(list(_root(whole).iter()))
    for i in range(1, count):
        root = _root(whole)
        gone = list(root.iter())[i]
        if gone.tag == "permission":
            continue
        next(one for one in root.iter() if gone in one).remove(gone)
        (project / name).write_bytes(ElementTree.tostring(root))
        assert problems(project), f"{gone.tag} may be missing"
    (project / name).write_bytes(whole)
    assert problems(project) == ()


def test_a_level_passes_where_the_permission_has_it(tmp_path: Path) -> None:
    project = sdf_bench.golden(tmp_path)
    kept = (project / ROLE).read_text().replace("LIST_CUSTJOB", "KEY").replace("VIEW", "LEVEL")
    for permission in PERMISSIONS.values():
        if permission.key in kept:
            continue
        for level in LEVELS:
            (project / ROLE).write_text(kept.replace("KEY", permission.key).replace("LEVEL", level))
            said = [p.what for p in problems(project) if p.file == ROLE]
            fits = level in permission.levels
            assert said == ([] if fits else [f"{permission.key} has no level {level!r}"])


def _root(text: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - a file of ours
