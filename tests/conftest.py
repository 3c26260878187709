"""Every test is hermetic: AWS, Vault, Pulumi and NetSuite settings of whoever runs it are not in its environment."""

from __future__ import annotations

import functools
import itertools
import os
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import HealthCheck, settings

from tests.order import in_order

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def _once(owner: type, method: str) -> None:
    """Have a method answer the same question of all of a class's objects from one answer."""
    kept = functools.cache(functools.partial(getattr(owner, method), owner()))
    setattr(owner, method, lambda _self, *given, **named: kept(*given, **named))


# Every AWS session reads the models of all of AWS, and keeps them. One copy serves all of a process's tests: that
# is a third of the time of tests/stores, and most of the memory.
_once(JSONFileLoader, "load_file")
_once(Loader, "list_available_services")

_numbers = itertools.count()
STRIPPED = ("AWS_", "VAULT_", "PULUMI_", "TBA_")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sample", type=int, help="of the selected tests, run so many, evenly spread")


@pytest.hookimpl(trylast=True)  # after `-m` and `-k`
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("sample") or len(items)
    if wanted < len(items):
        kept = {number * len(items) // wanted for number in range(wanted)}
        left_out = [item for number, item in enumerate(items) if number not in kept]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for number, item in enumerate(items) if number in kept]
    if workers := getattr(config, "workerinput", {}).get("workercount"):
        items[:] = in_order(items, workers)


@pytest.fixture(autouse=True)
def no_local_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in [name for name in os.environ if name.startswith(STRIPPED)]:
        monkeypatch.delenv(name)
    # A machine of its own: refused logins of one test are none of the next one's business. Most tests write nothing
    # there, so whoever does makes the folder.
    state: Path = tmp_path_factory.getbasetemp() / "states" / str(next(_numbers))
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
