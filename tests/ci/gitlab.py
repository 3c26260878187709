"""Runs the pipeline of `tba init --ci gitlab` as GitLab CI would, on this machine.

Source: GitLab Docs, "CI/CD YAML syntax reference", "Predefined CI/CD variables reference", "GitLab generic packages
repository".
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from threading import Thread
from typing import Any, Final

import yaml

from tests.ci.conditions import holds
from tests.ci.shop import Cause, Event, JobRun, Shop, bash, pipeline_of_readme

TEXT: Final = pipeline_of_readme("gitlab")
JOB_TOKEN: Final = "a token of this job"
_PROJECT: Final = "1"
_SOURCES: Final = {
    Cause.REVIEW: "merge_request_event",
    Cause.FORK: "merge_request_event",
    Cause.MERGE: "push",
    Cause.NIGHT: "schedule",
    Cause.BY_HAND: "web",
}
_NOT_JOBS: Final = ("workflow", "stages", "variables", "default")


def pipeline() -> dict[str, Any]:
    """The file."""
    read: dict[str, Any] = yaml.safe_load(TEXT)
    return read


def jobs() -> dict[str, dict[str, Any]]:
    """Its jobs, with what they extend."""
    file = pipeline()
    names = [name for name in file if name not in _NOT_JOBS and not name.startswith(".")]
    return {name: _extended(file, file[name]) for name in names}


def _extended(file: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """Mappings are merged, anything else is replaced."""
    if "extends" not in job:
        return job
    merged = dict(_extended(file, file[job["extends"]]))
    for key, value in job.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    return merged


class Packages(ThreadingHTTPServer):
    """The generic packages repository: what is put under an address can be had from there."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """CI_API_V4_URL."""
        return f"http://127.0.0.1:{self.server_port}/api/v4"


class _Handler(BaseHTTPRequestHandler):
    server: Packages

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self._allowed():
            self.server.files[self.path] = content
            self._answer(201, b"{}")

    def do_GET(self) -> None:
        if self._allowed():
            found = self.server.files.get(self.path)
            self._answer(404 if found is None else 200, found or b"")

    def _allowed(self) -> bool:
        allowed = self.headers["JOB-TOKEN"] == JOB_TOKEN
        if not allowed:
            self._answer(401, b"")
        return allowed

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """No access log."""


@contextmanager
def packages() -> Iterator[Packages]:
    """The repository, up until the block ends."""
    with Packages() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class GitLab:
    """The forge."""

    def __init__(self, shop: Shop, packages: Packages) -> None:
        self.shop = shop
        self.packages = packages

    def run(self, event: Event) -> dict[str, JobRun]:
        """Run the jobs that the event calls for, by name; the matrix has one environment."""
        runs: dict[str, JobRun] = {}
        for name, job in jobs().items():
            if wanted(job, event):
                runs[name] = self._job(job, event, runs)
        return runs

    def _job(self, job: dict[str, Any], event: Event, before: Mapping[str, JobRun]) -> JobRun:
        environment = {**self.shop.machine(), **self._variables(job, event)}
        folder = self.shop.clone(event.commit)
        _take_artifacts(folder, {name: before[name] for name in job.get("needs", before)})
        first = job.get("before_script", pipeline()["default"]["before_script"])
        run = bash("\n".join(flat([first, job["script"]])), folder, environment)
        artifacts = job.get("artifacts", {})
        kept = [folder / path for path in artifacts.get("paths", []) if "expose_as" in artifacts]
        shown = "".join(path.read_text() for path in kept if run.status == 0 or path.exists())
        warned = run.status in job.get("allow_failure", {}).get("exit_codes", [])
        return JobRun(0 if warned else run.status, run.output, shown, folder, warned)

    def _variables(self, job: dict[str, Any], event: Event) -> dict[str, str]:
        """The variables of the job, the narrower ones over the wider ones, expanded."""
        cell = dict(job.get("parallel", {}).get("matrix", [{}])[0])
        declared = {**_declared(), **job.get("variables", {}), **cell, **predefined(event)}
        declared |= {"CI_API_V4_URL": self.packages.url, "CI_JOB_TOKEN": JOB_TOKEN}
        declared |= {name: f"a JWT for {token['aud']}" for name, token in _tokens(job).items()}
        if cell:
            declared["PULUMI_BACKEND_URL"] = f"file://{self.shop.state}"  # in place of the bucket
        variables = _expanded(declared)
        if (
            "AWS_ROLE_ARN" in variables
        ):  # in place of what AWS's SDKs ask STS for, with the JWT in the file
            variables |= self.shop.identity(variables["AWS_ROLE_ARN"])
        variables |= self.shop.mirror
        return {**variables, **(self.shop.values if "environment" in job else {})}


def _take_artifacts(folder: Path, jobs_before: Mapping[str, JobRun]) -> None:
    """Copy what earlier jobs kept; links stay links."""
    for name, run in jobs_before.items():
        for path in jobs()[name].get("artifacts", {}).get("paths", []):
            kept = run.folder / path
            if kept.is_dir() and not kept.is_symlink():
                shutil.copytree(kept, folder / path, symlinks=True)
            elif kept.exists():
                shutil.copy(kept, folder, follow_symlinks=False)


def wanted(job: dict[str, Any], event: Event) -> bool:
    """Whether one of a job's rules lets it run, in a pipeline that the file's own rules let run."""
    variables = {**_declared(), **predefined(event)}

    def lookup(name: str) -> str:
        return variables.get(name.removeprefix("$"), "")

    return all(
        any(holds(rule["if"], lookup) for rule in rules)
        for rules in (pipeline()["workflow"]["rules"], job.get("rules", [{"if": '"" == ""'}]))
    )


def predefined(event: Event) -> dict[str, str]:
    """What GitLab says of the pipeline."""
    told = {"CI_PIPELINE_SOURCE": _SOURCES[event.cause], "CI_PROJECT_ID": _PROJECT}
    told |= {"CI_DEFAULT_BRANCH": "main", "TOKENS": event.tokens}
    if event.cause in (Cause.REVIEW, Cause.FORK):
        source = _PROJECT if event.cause is Cause.REVIEW else "2"
        return {**told, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source}
    return {**told, "CI_COMMIT_BRANCH": "main"}


def flat(lines: Any) -> list[str]:
    """A script's lines; GitLab takes lists within lists."""
    return [lines] if isinstance(lines, str) else [line for one in lines for line in flat(one)]


def _declared() -> dict[str, str]:
    """`variables:` of the whole file."""
    declared = pipeline()["variables"].items()
    return {name: one["value"] if isinstance(one, dict) else one for name, one in declared}


def _tokens(job: dict[str, Any]) -> Mapping[str, Any]:
    tokens: Mapping[str, Any] = job.get("id_tokens", {})
    return tokens


def _expanded(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: Template(value).safe_substitute(variables) for name, value in variables.items()}
