"""The provider from a program in another language: examples/nodejs, as it is, on Pulumi's Node.js language host."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.engine.project import ROOT, Project, new_project
from tests.netsuite_account import Values
from tests.newcomer import Newcomer

pytestmark = pytest.mark.engine

EXAMPLE = ROOT / "examples" / "nodejs"


@pytest.fixture
def project(tmp_path: Path, person: Newcomer) -> Project:
    assert (EXAMPLE / "node_modules").is_dir(), "the npm packages are missing: run `make nodejs`"
    project = new_project(tmp_path / "other", person.environment)
    (project.folder / "__main__.py").unlink()
    for name in ("Pulumi.yaml", "package.json", "index.js"):
        shutil.copy(EXAMPLE / name, project.folder)
    (project.folder / "node_modules").symlink_to(EXAMPLE / "node_modules")
    project.init()
    run = project.pulumi("config", "set", "endpoint", person.netsuite.url)
    assert run.status == 0, run.output
    return project


def test_up_promotes_what_is_proven_and_refuses_what_is_not(
    project: Project, person: Newcomer
) -> None:
    run = project.up()

    assert run.status == 0, run.output
    assert person.current()["token_id"] == person.token.identifier
    assert project.outputs()["verifiedAs"] == "role Warehouse Integration in account 1234567_SB1"

    person.give(Values())
    project.environment.update(person.environment)
    refused = project.up()

    assert refused.status != 0
    assert "not promoted; current is unchanged" in refused.output
    assert "NetSuite refused the login" in refused.output
    assert person.current()["token_id"] == person.token.identifier
