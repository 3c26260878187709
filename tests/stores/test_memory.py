"""The store in memory keeps the contract."""

from __future__ import annotations

import pytest

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import SecretName, Stage, VersionId
from tests.stores.conformance import StoreConformance
from tests.stores.memory import MemoryStore
from tests.stores.support import Bench


class MemoryBench:
    """Nothing but the store."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    def write_as_another(self, name: SecretName, value: str, stage: Stage) -> VersionId:
        return self.store.write_as_another(name, Sensitive(value), stage)

    def default_read(self, name: SecretName) -> str | None:
        stored = self.store.read(name, Stage.CURRENT)
        return None if stored is None else stored.value.reveal()

    def drop_unheld(self, name: SecretName) -> None:
        self.store.drop_unheld(name)


class TestMemory(StoreConformance):
    @pytest.fixture
    def bench(self) -> Bench:
        return MemoryBench()
