"""What a mistake is made in: a project whose YAML, shell, store and NetSuite are all right until a case spoils one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tests.cli.conftest import PERMISSIONS, YAML, own_environment, tba
from tests.mistakes.workshop import VARIABLES, Workshop
from tests.netsuite_account import NetSuiteAccount
from tests.stores.vault_server import FileServer, file_server, shared_server

__all__ = ["own_environment", "shared_server", "tba"]


@pytest.fixture
def sealed_vault(tmp_path: Path) -> Iterator[FileServer]:
    with file_server(tmp_path) as server:
        server.seal()
        yield server


@pytest.fixture
def workshop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Workshop]:
    account = NetSuiteAccount()
    config = SimulatorConfig.from_dict(account.simulator_config())
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        monkeypatch.chdir(tmp_path)
        for folder in ("stacks", "bin"):
            (tmp_path / folder).mkdir()
        made = Workshop(account, netsuite, aws, tmp_path, monkeypatch, request)
        made.set(
            {
                "PATH": str(tmp_path / "bin"),
                "AWS_ENDPOINT_URL": aws.url,
                "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
                "TBA_SIMULATOR": netsuite.url,
                **{variable: f"${variable}" for variable in VARIABLES},
            }
        )
        made.write(YAML.format(permissions=PERMISSIONS))
        yield made
