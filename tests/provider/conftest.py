"""A bench for each test: with a NetSuite that answers, or offline for what asks nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tba_secrets.simulator import Simulator, SimulatorConfig
from tests.netsuite_account import NetSuiteAccount
from tests.provider.bench import Bench


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Whoever calls NetSuite here finds nobody."""
    return Bench(monkeypatch)


@pytest.fixture
def netsuite() -> Iterator[tuple[NetSuiteAccount, Simulator]]:
    account = NetSuiteAccount()
    with Simulator(SimulatorConfig.from_dict(account.simulator_config())) as running:
        yield account, running


@pytest.fixture
def simulator(netsuite: tuple[NetSuiteAccount, Simulator]) -> Simulator:
    return netsuite[1]


@pytest.fixture
def bench(netsuite: tuple[NetSuiteAccount, Simulator], monkeypatch: pytest.MonkeyPatch) -> Bench:
    account, running = netsuite
    return Bench(monkeypatch, account, running.url)
