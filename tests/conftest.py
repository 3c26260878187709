"""Every test is hermetic: AWS, Vault, Pulumi and NetSuite settings of whoever runs it are not in its environment."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

STRIPPED = ("AWS_", "VAULT_", "PULUMI_", "TBA_")


@pytest.fixture(autouse=True)
def no_local_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(STRIPPED)]:
        monkeypatch.delenv(name)
