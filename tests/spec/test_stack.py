"""One environment in one file, one Pulumi stack of the same name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tba_secrets.errors import SpecError
from tba_secrets.spec import InvalidSpecError, load_stack, stack_names
from tests.spec.harness import BASE


@pytest.fixture
def project(tmp_path: Path) -> Path:
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    for name in ("prod", "sandbox"):
        (stacks / f"{name}.yaml").write_text(BASE)
    (stacks / "Pulumi.prod.yaml").write_text("config: {}\n")
    return tmp_path


def test_the_stack_names_its_file(project: Path) -> None:
    assert load_stack(project, "prod", {}).account == "1234567_SB1"


def test_pulumis_own_settings_are_no_environment(project: Path) -> None:
    assert stack_names(project) == ("prod", "sandbox")
    with pytest.raises(SpecError, match="no environment"):
        load_stack(project, "Pulumi.prod", {})


@pytest.mark.parametrize("stack", ["staging", "../stacks/prod", "", "organization/project/prod"])
def test_another_stack_is_refused_and_those_that_exist_are_listed(
    project: Path, stack: str
) -> None:
    with pytest.raises(SpecError, match=r"there: prod, sandbox") as caught:
        load_stack(project, stack, {})
    assert not isinstance(caught.value, InvalidSpecError)


def test_a_project_without_environments_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="none yet"):
        load_stack(tmp_path, "prod", {})


def test_problems_name_the_stacks_file(project: Path) -> None:
    file = project / "stacks" / "prod.yaml"
    file.write_text(BASE.replace("version: 1", "version: 2"))
    with pytest.raises(InvalidSpecError) as caught:
        load_stack(project, "prod", {})
    assert str(caught.value).startswith(f"{file}:1:10: version")
