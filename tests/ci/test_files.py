"""What the pipelines say: valid for their forge, least permissions, values only where they are used, same commands."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from importlib.resources import files
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from tba_secrets.cli.doctor.machine import OLDEST_TESTED
from tba_secrets.cli.init.pipelines import FORGES
from tests.ci import github, gitlab
from tests.ci.conditions import holds
from tests.ci.shop import Cause, Event
from tests.engine.project import ROOT

JOBS: Final = {
    Cause.REVIEW: ["install", "check", "plan"],
    Cause.FORK: ["install", "check"],
    Cause.MERGE: ["install", "deploy"],
    Cause.NIGHT: ["install", "rotate", "status"],
}
WITH_VALUES: Final = ("deploy", "rotate")
NOBODY: Final = ("install", "check")
"""The jobs without an identity."""
_INSTALLER: Final = re.compile(
    r"\b(make (?!-)|pip|pipx|uv|npm|npx|apt(-get)?|go (build|install|run)|install\.sh|pulumi plugin)\b|\|\s*(ba)?sh\b"
)
_PINNED: Final = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\n")
_SECRET: Final = re.compile(r"^\$\{\{ secrets\.(\w+) \}\}$")


def workflow_schema(name: str) -> Any:
    """A schema of SchemaStore or GitLab, as check-jsonschema ships it."""
    folder = files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text())


FILES: Final = {
    "github-workflows": github.workflow,
    "gitlab-ci": gitlab.pipeline,
}


@pytest.mark.parametrize("schema", FILES)
def test_the_file_is_valid_for_its_forge(schema: str) -> None:
    Draft7Validator(workflow_schema(schema)).validate(FILES[schema]())


@pytest.mark.parametrize(("schema", "path"), [("github-workflows", "jobs"), ("gitlab-ci", "")])
def test_a_mistake_in_it_would_be_seen(schema: str, path: str) -> None:
    broken = deepcopy(FILES[schema]())
    job = (broken[path] if path else broken)["check"]
    for key in ("steps", "script"):
        if key in job:
            job[f"{key}s"] = job.pop(key)
    assert list(Draft7Validator(workflow_schema(schema)).iter_errors(broken))


@pytest.mark.parametrize("forge", [github, gitlab])
@pytest.mark.parametrize("cause", JOBS)
def test_which_jobs_an_event_starts(forge: Any, cause: Cause) -> None:
    assert started(forge, Event(cause, "")) == JOBS[cause]


@pytest.mark.parametrize("forge", [github, gitlab])
def test_by_hand_it_plans_or_rotates_the_tokens_named(forge: Any) -> None:
    assert started(forge, Event(Cause.BY_HAND, "")) == ["install", "plan"]
    by_hand = Event(Cause.BY_HAND, "", tokens="warehouse-bot")
    assert started(forge, by_hand) == ["install", "rotate"]


def started(forge: Any, event: Event) -> list[str]:
    """The jobs that run."""
    jobs = github.workflow()["jobs"] if forge is github else gitlab.jobs()
    return [name for name, job in jobs.items() if forge.wanted(job, event)]


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it() -> None:
    lines = [f"{line}\n" for line in github.TEXT.splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not _PINNED.search(line)] == []


def test_permissions_are_the_least() -> None:
    file = github.workflow()
    assert file["permissions"] == {"contents": "read"}
    told = {name: job.get("permissions") for name, job in file["jobs"].items()}
    identity = {"contents": "read", "id-token": "write"}
    assert [told.pop(name) for name in NOBODY] == [None, None]
    assert told.pop("deploy") == {**identity, "actions": "read"}
    assert told == dict.fromkeys(("plan", "rotate", "status"), identity)


def test_values_are_given_to_the_step_that_uses_them_and_to_no_other() -> None:
    file = github.workflow()
    given = {
        (name, step.get("name")): sorted(variables)
        for name, job in file["jobs"].items()
        for step in job["steps"]
        if (variables := [key for key, text in step.get("env", {}).items() if _SECRET.match(text)])
    }
    names = sorted(readme_variables())
    webhook = ["TBA_WEBHOOK", "TBA_WEBHOOK_KEY"]
    assert given == {
        ("deploy", "Deploy"): names,
        ("rotate", "Rotate and retire"): names,
        ("status", "Report the status"): webhook,
    }
    everywhere = re.findall(r"\$\{\{[^}]*\bsecrets\b", github.TEXT)
    assert len(everywhere) == len([*names, *webhook]), "a secret is read outside of a step's env"


def readme_variables() -> set[str]:
    """The variables of README.md's first environment."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (example,) = (block for block in blocks if "integrations:" in block)
    (integration,) = yaml.safe_load(example)["integrations"]
    sources = [integration["consumer"], *(token["token"] for token in integration["tokens"])]
    return {name for source in sources for name in source["env"].values()}


def test_only_jobs_with_values_belong_to_an_environment_and_each_takes_its_turn() -> None:
    for name, job in github.workflow()["jobs"].items():
        assert ("environment" in job) == (name in WITH_VALUES), name
        if name in WITH_VALUES:
            assert job["concurrency"]["group"] == "tba-secrets-${{ matrix.environment }}"
            assert "cancel-in-progress" not in job["concurrency"]
    for name, one in gitlab.jobs().items():
        assert ("environment" in one) == (name in WITH_VALUES), name
        assert one.get("resource_group") == (
            "tba-secrets-$ENVIRONMENT" if name in WITH_VALUES else None
        )


def test_jobs_that_only_look_have_the_role_that_reads() -> None:
    for name, job in github.workflow()["jobs"].items():
        roles = {one["with"]["role-to-assume"] for one in job["steps"] if "aws-" in str(one)}
        role = "deploys-as" if name in WITH_VALUES else "reads-as"
        assert roles == (set() if name in NOBODY else {f"${{{{ matrix.{role} }}}}"}), name
    for name, one in gitlab.jobs().items():
        wanted = "$DEPLOYS_AS" if name in WITH_VALUES else "$READS_AS"
        assert one.get("variables", {}).get("AWS_ROLE_ARN", wanted) == wanted
        assert ("id_tokens" in one) == (name not in NOBODY)


def test_only_the_job_without_identity_and_values_runs_an_installer() -> None:
    github_jobs, gitlab_jobs = github.workflow()["jobs"], gitlab.jobs()
    assert installers(github_jobs) == installers(gitlab_jobs) == ["install"]
    for name, job in github_jobs.items():
        assert name == "install" or "install" in job["needs"], name
    assert not {"environment", "permissions", "env"} & github_jobs["install"].keys()
    assert not {"environment", "id_tokens", "variables"} & gitlab_jobs["install"].keys()


@pytest.mark.parametrize(
    "line",
    ["make install tools", "pip install x", "curl -fsS https://example.com | sh", "npm ci"],
)
def test_an_installer_elsewhere_would_be_seen(line: str) -> None:
    jobs = gitlab.jobs()
    jobs["deploy"]["script"] = [line, *jobs["deploy"]["script"]]
    assert installers(jobs) == ["install", "deploy"]
    steps = github.workflow()["jobs"]
    steps["deploy"]["steps"].append({"name": "More", "run": line})
    assert installers(steps) == ["install", "deploy"]


def installers(jobs: dict[str, Any]) -> list[str]:
    """The jobs whose scripts install something."""
    default = gitlab.pipeline()["default"]["before_script"]
    scripts = {
        name: [step.get("run", "") for step in job["steps"]]
        if "steps" in job
        else gitlab.flat([job.get("before_script", default), job["script"]])
        for name, job in jobs.items()
    }
    return [name for name, lines in scripts.items() if _INSTALLER.search("\n".join(lines))]


def test_the_cli_is_the_one_that_the_tests_run_on() -> None:
    tested = ".".join(map(str, OLDEST_TESTED))
    assert github.workflow()["env"]["PULUMI_VERSION"] == tested
    assert gitlab.pipeline()["variables"]["PULUMI_VERSION"] == tested


def test_nothing_that_somebody_typed_is_pasted_into_a_script() -> None:
    assert github.workflow()["defaults"]["run"]["shell"] == "bash"  # else without pipefail
    for job in github.workflow()["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")


def test_both_files_run_the_same_commands() -> None:
    steps = {name: job["steps"] for name, job in github.workflow()["jobs"].items()}
    for name, job in gitlab.jobs().items():
        mine = "\n".join(gitlab.flat([job["script"]])).splitlines()
        theirs = "\n".join(step.get("run", "") for step in steps[name]).replace("::error::", "")
        ours = [line.strip() for line in mine if re.search(r"\b(make|tba|pulumi|echo)\b", line)]
        assert ours
        assert [line for line in ours if line not in theirs] == [], name


def test_the_pages_name_every_job_and_every_setting() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    for name in gitlab.jobs():
        assert f"| `{name}` |" in page
    for forge in FORGES:
        assert f"(../tba_secrets/cli/init/{forge}.yaml)" in page
    (environment,) = github.workflow()["jobs"]["plan"]["strategy"]["matrix"]["include"]
    for setting in environment:
        assert f"`{setting}`" in page
    for setting in gitlab.pipeline()[".environments"]["parallel"]["matrix"][0]:
        assert f"`{setting}`" in page
    for code in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        in_files = github.TEXT + gitlab.TEXT
        assert code.strip() in in_files, "an excerpt that is not in the files"


@pytest.mark.parametrize(
    ("text", "names", "true"),
    [
        ("a == 'x' && !b", {"a": "x"}, True),
        ("a == 'x' && !b", {"a": "x", "b": "1"}, False),
        ("a != 'x' || (b && c)", {"a": "x", "b": "1"}, False),
        ('$A == "x" && $B', {"$A": "x", "$B": "y"}, True),
        ("!cancelled() && a.b-c == ''", {}, True),
    ],
)
def test_conditions(text: str, names: dict[str, str], true: bool) -> None:
    assert holds(text, lambda name: names.get(name, "")) is true


@pytest.mark.parametrize("text", ["a =~ /x/", "(a", "a b", "startsWith(a, 'x')"])
def test_a_condition_that_is_not_understood_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"what is|open|left over"):
        holds(text, lambda _name: "")
