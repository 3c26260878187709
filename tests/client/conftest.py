"""A world for each test, and nothing from the machine's settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.support import World, world
from tests.netsuite_account import NetSuiteAccount
from tests.stores.conftest import no_local_settings

__all__ = ["no_local_settings"]


@pytest.fixture
def account() -> NetSuiteAccount:
    return NetSuiteAccount()


@pytest.fixture
def here(account: NetSuiteAccount, no_local_settings: None) -> Iterator[World]:
    with world(account) as made:
        yield made
