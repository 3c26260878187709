"""The mistakes that only the real engine shows: many bad tokens in one `pulumi up`, and what stops a run at once."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from tests.engine.project import HANG_GUARD_SECONDS, Project, Run, environment_yaml, new_project
from tests.mistakes.crowd import Case, one_up, said_of
from tests.mistakes.mistake import Mistake, complaints, mistakes
from tests.netsuite_account import NetSuiteAccount

pytestmark = pytest.mark.engine

CROWD: Final = mistakes("one_up.yaml")
_SOURCE: Final = "{env: {id: ORDERS_TOKEN_ID, secret: ORDERS_TOKEN_SECRET}}"
STOPPED: Final = mistakes("engine.yaml")


# --- one token each, all in one update ----------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Case], Run]]:
    with one_up(tmp_path_factory.mktemp("crowd"), CROWD) as (cases, run):
        yield {case.name: case for case in cases}, run


@pytest.mark.parametrize("mistake", CROWD, ids=lambda one: one.name)
def test_what_up_says_of_the_token(mistake: Mistake, crowd: tuple[dict[str, Case], Run]) -> None:
    cases, run = crowd

    said = said_of(cases[mistake.name], run.output)

    found = complaints(mistake, run.status, said)
    assert not found, "\n".join([*found, said or run.output])


def test_no_value_of_anybody_is_shown(crowd: tuple[dict[str, Case], Run]) -> None:
    cases, run = crowd
    assert not [v for case in cases.values() for v in case.values.values() if v in run.output]


# --- before anything is asked -------------------------------------------------------------------------


@dataclass
class Bare:
    """A project with a stack, and nothing behind its addresses."""

    project: Project
    account: NetSuiteAccount

    def run(self, mistake: Mistake) -> Run:
        """Make the mistake, run the command, and put everything right again."""
        pulumi_yaml = self.project.folder / "Pulumi.yaml"
        before, right = self.project.environment, pulumi_yaml.read_text()
        text = right
        for old, new in mistake.setup.get("pulumi_yaml", {}).items():
            assert old in text
            text = text.replace(old, new)
        pulumi_yaml.write_text(text)
        changes = mistake.setup.get("set", {})
        changed = {k: v for k, v in {**before, **changes}.items() if v is not None}
        yaml = environment_yaml(self.account, tokens=("orders",))
        if stack := mistake.setup.get("copied_to"):
            replace(self.project, stack=stack).write(yaml)
        if source := mistake.setup.get("token"):
            assert _SOURCE in yaml
            self.project.write(yaml.replace(_SOURCE, source))
        self.project.environment = changed
        try:
            return self._run(mistake.command)
        finally:
            self.project.environment = before
            pulumi_yaml.write_text(right)
            self.project.write(yaml)

    def _run(self, command: str) -> Run:
        program, *arguments = shlex.split(command)
        if program == "pulumi":
            return self.project.pulumi(*arguments)
        done = subprocess.run(
            [Path(".venv/bin") / program, *arguments],
            cwd=self.project.folder,
            env=self.project.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=HANG_GUARD_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Bare:
    account, nowhere = NetSuiteAccount(), "http://127.0.0.1:9"
    settings = {
        "TBA_SIMULATOR": nowhere,
        "AWS_ENDPOINT_URL": nowhere,
        "AWS_ACCESS_KEY_ID": "obviously-fake",
        "AWS_SECRET_ACCESS_KEY": "obviously-fake",
        "AWS_MAX_ATTEMPTS": "1",
    }
    project = new_project(
        tmp_path_factory.mktemp("bare") / "project", {**settings, **account.environment()}
    )
    project.write(environment_yaml(account, tokens=("orders",)))
    project.init()
    return Bare(project, account)


@pytest.mark.parametrize("mistake", STOPPED, ids=lambda one: one.name)
def test_what_stops_a_run(mistake: Mistake, bare: Bare) -> None:
    run = bare.run(mistake)

    found = complaints(mistake, run.status, run.output.strip())
    assert not found, "\n".join([*found, run.output])
    assert not [v for v in bare.account.environment().values() if v in run.output]
