"""A server and clients for each test; nothing from the machine's AWS configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tba_secrets.simulator.aws import SecretsManagerServer
from tests.simulator.aws.support import client

START = 1_800_000_000.0


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def pass_days(self, days: float) -> None:
        """Let days go by."""
        self.now += days * 86400


@pytest.fixture(autouse=True)
def no_local_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep profiles and environment of the machine out."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/aws/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/aws/credentials")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[SecretsManagerServer]:
    with SecretsManagerServer(clock=clock, kms_keys=["alias/netsuite"]) as running:
        yield running


@pytest.fixture
def secrets(server: SecretsManagerServer) -> Iterator[Any]:
    made = client(server.url)
    yield made
    made.close()
