"""The world of an engine test: a NetSuite account, a strict Secrets Manager, a project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tests.engine.project import Project, environment_yaml, new_project
from tests.netsuite_account import NetSuiteAccount, Values


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

    def withhold(self, *variables: str) -> None:
        """From here on these variables are not set."""
        for variable in variables:
            self.project.environment.pop(variable, None)

    def current(self, token: str) -> str:
        """What a reader gets by default: the whole stored text."""
        secret = self.aws.state.secret(f"netsuite/test/{token}")
        return str(secret.versions[secret.labels["AWSCURRENT"]].value.string)

    def labels(self, token: str) -> dict[str, str]:
        """Staging label -> version id."""
        return dict(self.aws.state.secret(f"netsuite/test/{token}").labels)

    def writes(self) -> int:
        """How many calls so far have changed, or tried to change, a secret."""
        reads = {"DescribeSecret", "GetSecretValue", "GetCallerIdentity", "ListSecretVersionIds"}
        return sum(call.operation not in reads for call in self.aws.calls)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    account = NetSuiteAccount()
    config = SimulatorConfig.from_dict(account.simulator_config())
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        settings = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "TBA_SIMULATOR": netsuite.url,
        }
        project = new_project(tmp_path / "project", {**settings, **account.environment()})
        project.write(environment_yaml(account))
        project.init()
        yield World(account, netsuite, aws, project)
