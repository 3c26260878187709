"""Nothing of this machine's settings reaches a test; gaps of a fake are strict expected failures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tests.stores.aws_bench import AwsBench


@pytest.fixture(autouse=True)
def no_local_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take out what AWS tools read from the environment, and give them the simulator's key."""
    for name in os.environ:
        if name.startswith(("AWS_", "VAULT_", "PULUMI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect failure, strictly, where the class names a gap of the fake that it runs on."""
    for item in items:
        if isinstance(item, pytest.Function):
            gap = getattr(item.cls, "gaps", {}).get(item.originalname)
            if gap is not None:
                item.add_marker(pytest.mark.xfail(strict=True, reason=gap))


@pytest.fixture
def server() -> Iterator[SecretsManagerServer]:
    """The strict fake of AWS."""
    with SecretsManagerServer(kms_keys=["alias/netsuite"]) as running:
        yield running


@pytest.fixture
def aws(server: SecretsManagerServer) -> AwsBench:
    """A store on the strict fake, whose SDK asks once."""
    return AwsBench(server.url)
