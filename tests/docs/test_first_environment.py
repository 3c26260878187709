"""README.md, "Your first environment", walked by a newcomer: its own YAML and its own commands, in its order."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from tests.docs.documents import block, commands
from tests.engine.project import HANG_GUARD_SECONDS, ROOT, Project, Run, new_project
from tests.netsuite_account import Values
from tests.newcomer import SECRET, Newcomer, newcomer

pytestmark = pytest.mark.engine

README = ROOT / "README.md"
SIMULATOR = ROOT / "docs" / "simulator.md"
SECTION = "Your first environment"
NOT_WALKED = {
    "pulumi login": "the test's own backend is in its environment",
    "pulumi login file://~/.pulumi-state": "the same",
    "python3 -m venv .venv": "the project has this one",
    "pip install 'tba-secrets[cli]'": "tests/packaging/test_wheel.py",
    "make dist": "the same",
    "pulumi install": "the project has its virtual environment already",
    "tba init sandbox": "tests/engine/test_init_and_checklist.py",
    "tba checklist sandbox": "the same",
    "tba doctor sandbox": "tests/engine/test_doctor.py",
    "tba up --all": "tests/engine/test_up.py",
    'export PATH="$PWD/.venv/bin:$PATH"': "the project's PATH is this one",
}


@dataclass
class Walk:
    """The newcomer's shell, in the project's folder."""

    person: Newcomer
    project: Project

    def types(self, command: str) -> Run:
        """A command as README.md has it; where Pulumi would ask, `--yes` is said."""
        program, *arguments = shlex.split(command)
        if program == "pulumi":
            answer = ["--yes"] if arguments == ["up"] else []
            return self.project.pulumi(*arguments, *answer)
        run = subprocess.run(
            [self.project.folder / ".venv" / "bin" / program, *arguments],
            cwd=self.project.folder,
            env={**self.project.environment, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=HANG_GUARD_SECONDS,
        )
        return Run(run.returncode, run.stdout)

    def gives(self, token: Values | None) -> None:
        """Sets the four variables to this token, or unsets them."""
        self.person.give(token or self.person.token)
        if token is None:
            for name in [n for n in self.person.environment if n.startswith("WAREHOUSE_")]:
                del self.person.environment[name]
                self.project.environment.pop(name, None)
        self.project.environment.update(self.person.environment)

    def reads(self) -> dict[str, str]:
        """What `aws secretsmanager get-secret-value --secret-id NAME` prints as SecretString."""
        client = boto3.client(
            "secretsmanager",
            region_name="us-east-1",
            endpoint_url=self.person.aws.url,
            aws_access_key_id=self.project.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.project.environment["AWS_SECRET_ACCESS_KEY"],
        )
        content: dict[str, str] = json.loads(
            client.get_secret_value(SecretId=SECRET)["SecretString"]
        )
        return content


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    with newcomer() as person:
        project = new_project(tmp_path / "tba-secrets", person.environment)
        project.cold = True
        yield Walk(person, project)


def test_it_works_offline_as_written(tmp_path: Path) -> None:
    """docs/simulator.md, "The first environment, offline": its own servers and what they print to export."""
    script = tmp_path / "offline.py"
    script.write_text(block(SIMULATOR, "python", "The first environment, offline"))
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as servers:
        assert servers.stdout is not None
        exports = [servers.stdout.readline() for _ in range(4)]
        words = [word for line in exports for word in shlex.split(line.removeprefix("export "))]
        given = dict(word.split("=", 1) for word in words)
        project = new_project(tmp_path / "tba-secrets", given)
        yaml = block(README, "yaml", SECTION)
        offline = yaml.replace("store:\n", "endpoint: {env: TBA_SIMULATOR}\nstore:\n", 1)
        (project.folder / "stacks" / "sandbox.yaml").write_text(offline)
        runs = [project.pulumi("stack", "init", "sandbox"), project.pulumi("up", "--yes")]
        servers.send_signal(signal.SIGINT)
    assert [run.status for run in runs] == [0, 0], runs[-1].output
    verified = "verified as role Warehouse Integration in account 1234567_SB1, promoted"
    assert verified in runs[-1].output
    assert not any(value in runs[-1].output for name, value in given.items() if "WAREHOUSE" in name)


def told() -> list[str]:
    """The commands of the section, in order."""
    section = README.read_text().partition(f"## {SECTION}\n")[2].partition("\n## ")[0]
    return [c.text for c in commands(README) if c.text in section and _in(section, c.text)]


def _in(section: str, text: str) -> bool:
    return re.search(rf"(`|^ +){re.escape(text)}(`|$)", section, re.MULTILINE) is not None


def test_it_works_as_written(walk: Walk) -> None:
    person = walk.person
    yaml = block(README, "yaml", SECTION)
    simulated = yaml.replace("store:\n", f"endpoint: {person.netsuite.url}\nstore:\n", 1)
    (walk.project.folder / "stacks" / "sandbox.yaml").write_text(simulated)
    typed: list[str] = []

    def types(command: str) -> str:
        typed.append(command)
        run = walk.types(command)
        assert run.status == 0, f"{command}\n{run.output}"
        return run.output

    assert "no problem found" in types("tba check sandbox")
    types("pulumi stack init sandbox")
    walk.gives(None)
    assert "create" in types("pulumi preview")
    walk.gives(person.token)
    assert "verified as role Warehouse Integration in account 1234567_SB1" in types("pulumi up")
    assert walk.reads() == {
        "account": "1234567_SB1",
        "consumer_key": person.consumer.identifier,
        "consumer_secret": person.consumer.secret,
        "token_id": person.token.identifier,
        "token_secret": person.token.secret,
    }

    walk.gives(person.second)
    types("tba rotate sandbox warehouse-bot")
    assert walk.reads()["token_id"] == person.second.identifier
    types("tba retire sandbox")
    types("tba rollback sandbox warehouse-bot")
    assert walk.reads()["token_id"] == person.token.identifier
    assert "warehouse-bot" in types("tba status")

    types("tba up sandbox")
    assert walk.reads()["token_id"] == person.token.identifier
    assert {c for c in told() if not c.startswith("aws ")} == {*typed, *NOT_WALKED}
