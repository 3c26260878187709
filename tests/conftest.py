"""Every test is hermetic: AWS, Vault, Pulumi and NetSuite settings of whoever runs it are not in its environment."""

from __future__ import annotations

import functools
import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import HealthCheck, settings

from tests.order import in_order

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Every AWS session reads the models of all of AWS, and keeps them. One copy serves all of a process's tests: that
# is a third of the time of tests/stores, and most of the memory.
_load_file = functools.cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))


def _load_once(_loader: JSONFileLoader, file_path: str) -> Any:
    return _load_file(file_path)


_list_services = functools.cache(functools.partial(Loader.list_available_services, Loader()))


def _list_once(_loader: Loader, type_name: str) -> Any:
    return _list_services(type_name)


JSONFileLoader.load_file = _load_once
Loader.list_available_services = _list_once

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
