"""The world of an engine test: a NetSuite account, a strict Secrets Manager, a project."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
from tests.engine.tba import tba
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


@pytest.fixture
def deployed(first_up: Beginning) -> Iterator[World]:
    """Every token is current: what the first `up` leaves."""
    with first_up.again() as opened:
        yield opened


@pytest.fixture
def rotated(first_rotation: Beginning) -> Iterator[World]:
    """`orders` was rotated to its spare, and the old token is in its overlap."""
    with first_rotation.again() as opened:
        yield opened


@pytest.fixture(scope="session")
def first_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    with open_beginning(tmp_path_factory.mktemp("first-up"), _bring_up) as beginning:
        yield beginning


@pytest.fixture(scope="session")
def first_rotation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    with open_beginning(tmp_path_factory.mktemp("first-rotation"), _rotate) as beginning:
        yield beginning


def _bring_up(world: World) -> None:
    run = world.project.up()
    assert run.status == 0, run.output


def _rotate(world: World) -> None:
    _bring_up(world)
    world.give(orders=world.account.spares["orders"])
    run = tba(world, "rotate", "test", "orders")
    assert run.status == 0, run.output


class Beginning:
    """What a world has come to, for other worlds to begin from: the engine takes seconds to come there again.

    They have its folder and its addresses, one after the other, since the state and the settings name these.
    """

    def __init__(self, world: World, copy: Path) -> None:
        self._project, self._copy = world.project, copy
        self._account = deepcopy(world.account)
        self._environment = dict(world.project.environment)
        self._secrets = list(world.aws.state.secrets("us-east-1"))
        self._records = world.netsuite.state.account(world.account.id).model_copy(deep=True)
        shutil.copytree(self._project.folder, copy, symlinks=True)
        self._netsuite, self._aws = world.netsuite, world.aws
        self._renew()

    @contextmanager
    def again(self) -> Iterator[World]:
        """Begin from here, on servers that nobody has asked anything."""
        folder = self._project.folder
        shutil.rmtree(folder)
        shutil.copytree(self._copy, folder, symlinks=True)
        for secret in self._secrets:
            self._aws.state.save(secret)
        self._aws.state.take_changes()
        project = Project(folder, dict(self._environment))
        try:
            yield World(deepcopy(self._account), self._netsuite, self._aws, project)
        finally:
            self._renew()

    def close(self) -> None:
        """Stop the servers."""
        self._netsuite.stop()
        self._aws.stop()

    def _renew(self) -> None:
        """Have new servers take the ports over at once, before anybody else does."""
        try:
            self.close()
        finally:
            config = SimulatorConfig.from_dict(self._account.simulator_config())
            self._netsuite, self._aws = Simulator(config), SecretsManagerServer()
            records = self._records.model_copy(deep=True)
            self._netsuite.state.accounts[self._account.id] = records
            self._netsuite.start(_port(self._environment["TBA_SIMULATOR"]))
            self._aws.start(_port(self._environment["AWS_ENDPOINT_URL"]))


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@contextmanager
def open_beginning(folder: Path, reach: Callable[[World], None]) -> Iterator[Beginning]:
    """A world as `reach` leaves it."""
    with open_world(folder) as world:
        reach(world)
        beginning = Beginning(world, folder / "beginning")
        yield beginning
        beginning.close()


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
