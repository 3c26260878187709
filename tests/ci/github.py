"""Runs the pipeline of `tba init --ci github` as GitHub Actions would, on this machine.

Source: GitHub Docs, "Workflow syntax for GitHub Actions", "Contexts reference", "Workflow commands".
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.ci.conditions import Condition, Lookup, holds
from tests.ci.shop import Cause, Event, JobRun, Shop, bash, pipeline_of_readme

TEXT: Final = pipeline_of_readme("github")
REPOSITORY: Final = "acme/secrets"
MINE: Final = 1
FORKED: Final = 2
"""The ids of the repository, and of a fork."""
_EVENTS: Final = {
    Cause.REVIEW: "pull_request",
    Cause.FORK: "pull_request",
    Cause.MERGE: "push",
    Cause.NIGHT: "schedule",
    Cause.BY_HAND: "workflow_dispatch",
}
_EXPRESSION: Final = re.compile(r"\$\{\{(.*?)\}\}")


def workflow() -> dict[str, Any]:
    """The file; YAML 1.1 reads the key `on` as true."""
    read: dict[Any, Any] = yaml.safe_load(TEXT)
    return {"on" if key is True else key: value for key, value in read.items()}


@dataclass
class Artefacts:
    """GitHub's store of artefacts, and `gh` on the PATH, which looks into it.

    Args:
        folder: Empty.
    """

    folder: Path
    runs: int = 0

    @property
    def bin(self) -> Path:
        """Holds `gh`."""
        folder = self.folder / "bin"
        if not folder.exists():
            folder.mkdir(parents=True)
            command = [sys.executable, str(Path(__file__).with_name("gh.py")), str(self.folder)]
            (folder / "gh").write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
            (folder / "gh").chmod(0o755)
        return folder

    def keep(self, name: str, files: Mapping[str, Path], *, of: int = MINE, **more: Any) -> None:
        """In place of actions/upload-artifact: in a run of its own."""
        self.runs += 1
        kept = self.folder / str(self.runs) / name
        kept.mkdir(parents=True)
        for target, source in files.items():
            shutil.copy(source, kept / target)
        run = {"id": self.runs, "repository_id": MINE, "head_repository_id": of}
        created = f"2026-01-01T00:00:{self.runs:02}Z"
        told = {"name": name, "expired": False, "created_at": created, "workflow_run": run}
        (kept.parent / "artefact.json").write_text(json.dumps({**told, **more}))

    def newest(self, name: str) -> Path:
        """The folder of the artefact that was kept last under a name."""
        runs = (self.folder / str(run) / name for run in range(self.runs, 0, -1))
        return next(folder for folder in runs if folder.is_dir())

    def files(self) -> Iterator[Path]:
        """All that anybody can download."""
        return (path for path in self.folder.rglob("*") if path.is_file())


@dataclass
class _Job:
    """One job under way."""

    shop: Shop
    artefacts: Artefacts
    event: Event
    contexts: dict[str, Any]
    environment: dict[str, str]
    """What later steps see."""
    folder: Path = field(default_factory=Path)
    status: int = 0
    output: str = ""

    def lookup(self, name: str) -> str:
        """A context's text."""
        return look_up(self.contexts, name)

    def filled(self, texts: Mapping[str, Any]) -> dict[str, str]:
        """`env:` or `with:`, its expressions evaluated."""
        return {name: fill(str(text), self.lookup) for name, text in texts.items()}

    def step(self, step: dict[str, Any]) -> None:
        """Run a step, unless a failure before it or its own condition forbids that."""
        condition = str(step.get("if", "true")).removeprefix("${{").removesuffix("}}")
        if (self.status and "cancelled()" not in condition) or not self._wanted(condition):
            return
        if "uses" in step:
            action = step["uses"].partition("@")[0]
            _ACTIONS[action](self, self.filled(step.get("with", {})))
        else:
            self._run(step)

    def _wanted(self, condition: str) -> bool:
        return condition == "true" or holds(condition, self.lookup)

    def _run(self, step: dict[str, Any]) -> None:
        outputs = self.folder / ".git" / "outputs"  # where no job looks for files of its own
        added = self.folder / ".git" / "path"
        for file in (outputs, added):
            file.write_text("")
        told = {"GITHUB_OUTPUT": str(outputs), "GITHUB_PATH": str(added)}
        told["GITHUB_STEP_SUMMARY"] = str(self.summary)
        environment = {**self.environment, **told, **self.filled(step.get("env", {}))}
        run = bash(step["run"], self.folder, environment)
        self.output += run.output
        self.status = self.status or run.status
        pairs = (line.partition("=") for line in outputs.read_text().splitlines())
        said = {name: value for name, _, value in pairs}
        self.contexts["steps"][step.get("id", "")] = {"outputs": said}
        path = [*added.read_text().splitlines(), self.environment["PATH"]]
        self.environment["PATH"] = ":".join(path)

    @property
    def summary(self) -> Path:
        """The file behind GITHUB_STEP_SUMMARY."""
        return self.folder / ".git" / "summary"

    def check_out(self, _inputs: dict[str, str]) -> None:
        """In place of actions/checkout: a clean clone."""
        self.folder = self.shop.clone(self.event.commit)

    def set_up_python(self, _inputs: dict[str, str]) -> None:
        """In place of actions/setup-python: the Python that runs the tests."""

    def become(self, inputs: dict[str, str]) -> None:
        """In place of aws-actions/configure-aws-credentials: the role's access key, from here on."""
        self.environment |= self.shop.identity(inputs["role-to-assume"])
        self.environment["AWS_REGION"] = inputs["aws-region"]

    def upload(self, inputs: dict[str, str]) -> None:
        """In place of actions/upload-artifact: a copy; a missing file is an error."""
        of = FORKED if self.event.cause is Cause.FORK else MINE
        paths = inputs["path"].split()
        self.artefacts.keep(inputs["name"], {path: self.folder / path for path in paths}, of=of)

    def download(self, inputs: dict[str, str]) -> None:
        """In place of actions/download-artifact: what this run kept under the name."""
        for file in self.artefacts.newest(inputs["name"]).iterdir():
            shutil.copy(file, self.folder)


_ACTIONS: Final = {
    "actions/checkout": _Job.check_out,
    "actions/download-artifact": _Job.download,
    "actions/setup-python": _Job.set_up_python,
    "actions/upload-artifact": _Job.upload,
    "aws-actions/configure-aws-credentials": _Job.become,
}


class GitHub:
    """The forge."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.artefacts = Artefacts(shop.runners / "artefacts")

    def run(self, event: Event) -> dict[str, JobRun]:
        """Run the jobs that the event calls for, by name; the matrix has one environment."""
        return {
            name: self._job(job, event)
            for name, job in workflow()["jobs"].items()
            if wanted(job, event)
        }

    def _job(self, job: dict[str, Any], event: Event) -> JobRun:
        file = workflow()
        contexts = _contexts(event, self.shop.values if "environment" in job else {})
        contexts["matrix"] = self._cell(job)
        machine = self.shop.machine()
        machine["PATH"] = f"{self.artefacts.bin}:{machine['PATH']}"
        under_way = _Job(self.shop, self.artefacts, event, contexts, machine)
        under_way.environment |= (
            under_way.filled({**file["env"], **job.get("env", {})}) | self.shop.mirror
        )
        for step in job["steps"]:
            under_way.step(step)
        shown = under_way.summary.read_text() if under_way.summary.exists() else ""
        warned = "::warning" in under_way.output
        return JobRun(under_way.status, under_way.output, shown, under_way.folder, warned)

    def _cell(self, job: dict[str, Any]) -> dict[str, str]:
        """The first environment of the matrix, its state in a folder instead of a bucket."""
        cells = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
        return {**cells[0], "backend": f"file://{self.shop.state}"}


def wanted(job: dict[str, Any], event: Event) -> bool:
    """Whether a job's `if:` lets it run; one without any always runs."""
    if "if" not in job:
        return True
    contexts = _contexts(event, {})
    condition = job["if"].removeprefix("${{").removesuffix("}}")
    return holds(condition, lambda name: look_up(contexts, name))


def look_up(contexts: Mapping[str, Any], name: str) -> str:
    """A context's text, empty where it is absent; nobody cancels a run here."""
    value: Any = contexts
    for part in name.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    return str(value)


def fill(text: str, lookup: Lookup) -> str:
    """A text with its expressions evaluated."""
    return _EXPRESSION.sub(lambda found: Condition(found[1], lookup).value(), text)


def _contexts(event: Event, secrets: Mapping[str, str]) -> dict[str, Any]:
    head = "somebody/fork" if event.cause is Cause.FORK else REPOSITORY
    pull_request = {"head": {"repo": {"full_name": head}}}
    in_review = event.cause in (Cause.REVIEW, Cause.FORK)
    return {
        "github": {
            "event_name": _EVENTS[event.cause],
            "event": {"pull_request": pull_request} if in_review else {},
            "ref": "refs/pull/1/merge" if in_review else "refs/heads/main",
            "repository": REPOSITORY,
            "token": "a token of this run",
        },
        "inputs": {"tokens": event.tokens},
        "secrets": dict(secrets),
        "steps": {},
    }
