"""Every case under cases/: the problems or the values that it states, exactly."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from tba_secrets.spec import InvalidSpecError, load
from tests.spec.harness import Case, cases

BAD = [
    case
    for file in ("shape.yaml", "yaml.yaml", "rules.yaml", "certificates.yaml")
    for case in cases(file)
]
GOOD = cases("valid.yaml")


def _written(case: Case, folder: Path) -> Path:
    path = folder / "environment.yaml"
    path.write_text(case.text, encoding="utf-8")
    return path


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_every_problem_is_reported_at_its_place(case: Case, tmp_path: Path) -> None:
    path = _written(case, tmp_path)
    with pytest.raises(InvalidSpecError) as caught:
        load(path, case.environ)
    found = [f"{p.line}:{p.column} {p.what}; {p.hint}" for p in caught.value.problems]
    assert len(found) == len(case.problems), found
    for got, expected in zip(found, case.problems, strict=True):
        assert got.startswith(expected)


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_no_offending_value_comes_out(case: Case, tmp_path: Path) -> None:
    path = _written(case, tmp_path)
    with pytest.raises(InvalidSpecError) as caught:
        load(path, case.environ)
    error = caught.value
    shown = "".join(
        [str(error), repr(error), repr(error.problems), *traceback.format_exception(error)]
    )
    for canary in [*case.canaries, "a3f1c2d4e5b60718"]:
        assert canary not in shown


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_values_come_out_as_they_are_written(case: Case, tmp_path: Path) -> None:
    data = load(_written(case, tmp_path), case.environ).model_dump(mode="json")
    assert {path: _at(data, path) for path in case.expect} == case.expect


def test_a_message_has_one_line_for_each_problem(tmp_path: Path) -> None:
    everything = next(case for case in BAD if case.name == "everything at once")
    path = _written(everything, tmp_path)
    with pytest.raises(InvalidSpecError) as caught:
        load(path, {})
    lines = str(caught.value).splitlines()
    assert len(lines) == len(everything.problems) > 10
    assert all(line.startswith(f"{path}:") for line in lines)


def _at(data: Any, path: str) -> Any:
    for part in path.split("."):
        data = data[int(part)] if isinstance(data, list) else data[part]
    return data
