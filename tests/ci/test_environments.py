"""A job for each environment: what docs/scale.md tells to write takes what `tba environments` prints."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

import jq  # type: ignore[import-not-found, unused-ignore]
import pytest
import yaml

from tests.ci.shop import bash
from tests.docs.documents import block
from tests.engine.project import ROOT, Run, environment_yaml
from tests.netsuite_account import NetSuiteAccount

SCALE: Final = ROOT / "docs" / "scale.md"
WORKFLOW: Final = yaml.safe_load(block(SCALE, "yaml", "A CI matrix"))["jobs"]
STORE: Final = '  aws: {region: eu-central-1, account_id: "111122223333"}'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    for name in ("prod", "sandbox"):
        text = environment_yaml(NetSuiteAccount(), store=STORE)
        (tmp_path / "stacks" / f"{name}.yaml").write_text(text)
    return tmp_path


def listed(project: Path) -> tuple[Run, str]:
    """Run the step that lists; how it ended, and what the next job is given."""
    (step,) = WORKFLOW["list"]["steps"]
    assert step["id"] == "list"
    output = project / "output"
    output.touch()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TBA_SIMULATOR": "http://127.0.0.1:9",
        "GITHUB_OUTPUT": str(output),
    }
    ended = bash(step["run"], project, environment)
    return ended, output.read_text()


def entries(project: Path) -> list[dict[str, Any]]:
    """The jobs of the matrix: `include: ${{ fromJSON(needs.list.outputs.environments) }}`."""
    ended, output = listed(project)
    assert ended.status == 0, ended.output
    name, _, value = output.partition("=")
    assert name == "environments"
    assert value.count("\n") == 1, "a step's output ends with its line"
    found: list[dict[str, Any]] = json.loads(value)
    return found


def test_the_step_lists_every_environment(project: Path) -> None:
    names = [entry["environment"] for entry in entries(project)]

    assert names == ["prod", "sandbox"]


def test_the_step_fails_where_one_has_a_mistake(project: Path) -> None:
    (project / "stacks" / "prod.yaml").write_text("version: 9\n")

    ended, output = listed(project)

    assert (ended.status != 0, output) == (True, ""), "no matrix is made of the others"
    assert "prod.yaml:1:" in ended.output


def test_every_name_that_the_workflow_uses_is_in_the_array(project: Path) -> None:
    assert WORKFLOW["up"]["strategy"]["matrix"] == {
        "include": "${{ fromJSON(needs.list.outputs.environments) }}"
    }
    assert WORKFLOW["list"]["outputs"] == {"environments": "${{ steps.list.outputs.environments }}"}
    used = set(re.findall(r"\$\{\{ matrix\.([\w.]+) \}\}", json.dumps(WORKFLOW["up"])))
    assert "stores.aws.account_id" in used

    for one in entries(project):
        for path in used:
            held: Any = one
            for name in path.split("."):
                held = held[name]
            assert isinstance(held, str), path


def test_the_jobs_of_one_account_wait_for_each_other(project: Path) -> None:
    group = WORKFLOW["up"]["concurrency"]["group"]
    groups = {group.replace("${{ matrix.account }}", one["account"]) for one in entries(project)}

    assert groups == {f"tba-secrets-{NetSuiteAccount().id}"}


def test_the_operator_s_objects_are_made_of_the_array(project: Path) -> None:
    program = jq.compile(block(SCALE, "jq", "The Pulumi Kubernetes Operator"))
    made = program.input_value(entries(project)).first()

    stacks = {one["metadata"]["name"]: one["spec"]["stack"] for one in made["items"]}
    assert stacks == {
        name: f"organization/tba-secrets/{name}" for name in ("prod", "sandbox")
    }  # one of a bucket's own organization
