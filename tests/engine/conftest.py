"""The world of an engine test: a NetSuite account, a strict Secrets Manager, a project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import (
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    Secret,
    SecretsManagerServer,
)
from tests.engine.project import Project, environment_yaml, new_project
from tests.netsuite_account import TOKENS, NetSuiteAccount, Values


def telling(secret: Secret) -> dict[str, str]:
    """The labels that mean something: not our own, and not AWSPENDING where a promotion left it."""
    labels = {
        label: version
        for label, version in secret.labels.items()
        if label not in ("TBA_STAGED", "TBA_OWNER")
    }
    if labels.get("AWSPENDING") == labels["AWSCURRENT"]:
        del labels["AWSPENDING"]
    return labels


@dataclass
class World:
    """Everything an engine test looks at."""

    account: NetSuiteAccount
    netsuite: Simulator
    aws: SecretsManagerServer
    project: Project

    def give(self, **tokens: Values) -> None:
        """From here on the sources give these values for the tokens named."""
        self.project.environment.update(self.account.environment(**tokens))

    def write(self, *, extra: str = "", adopt: bool = False) -> None:
        """Put the environment's YAML in place again, with more said in it."""
        self.project.write(environment_yaml(self.account, extra=extra, adopt=adopt))

    def withhold(self, *variables: str) -> None:
        """From here on these variables are not set."""
        for variable in variables:
            self.project.environment.pop(variable, None)

    def secret(self, token: str, prefix: str = "netsuite/test/") -> Secret:
        """What the store holds under a token's name."""
        found = self.aws.state.secret(prefix + token)
        assert found is not None, f"there is no secret {prefix}{token}"
        return found

    def current(self, token: str) -> dict[str, str]:
        """What a reader gets by default."""
        version = self.secret(token).current()
        assert version is not None
        assert version.value is not None
        content: dict[str, str] = json.loads(version.value.string or "")
        return content

    def labels(self, token: str) -> dict[str, str]:
        """Staging label -> version id, for the labels that mean something."""
        return telling(self.secret(token))

    def logins(self) -> int:
        """How many signed calls NetSuite has seen so far."""
        return len(self.netsuite.state.audit())

    def reader(self) -> Any:
        """A boto3 client: what somebody else does to the store."""
        settings = self.project.environment
        return boto3.Session(region_name="us-east-1").client(
            "secretsmanager",
            endpoint_url=settings["AWS_ENDPOINT_URL"],
            aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        )

    def writes(self) -> int:
        """How many calls so far have changed, or tried to change, a secret."""
        reads = ("Describe", "Get", "List")
        return sum(not call.operation.startswith(reads) for call in self.aws.calls)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


@contextmanager
def open_world(folder: Path, tokens: tuple[str, ...] = TOKENS) -> Iterator[World]:
    """Servers, and a project whose stack was made and never brought up."""
    account = NetSuiteAccount()
    config = SimulatorConfig.from_dict(account.simulator_config())
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        settings = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "TBA_SIMULATOR": netsuite.url,
        }
        project = new_project(folder / "project", {**settings, **account.environment()})
        project.write(environment_yaml(account, tokens=tokens))
        project.init()
        yield World(account, netsuite, aws, project)
