"""Every test is hermetic: AWS, Vault, Pulumi and NetSuite settings of whoever runs it are not in its environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

STRIPPED = ("AWS_", "VAULT_", "PULUMI_", "TBA_")


@pytest.fixture(autouse=True)
def no_local_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in [name for name in os.environ if name.startswith(STRIPPED)]:
        monkeypatch.delenv(name)
    # A machine of its own: refused logins of one test are none of the next one's business.
    state: Path = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
