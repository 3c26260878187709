"""One bench for all fault tests: its servers stay, and each test begins from a copy of the same beginning."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.conftest import deployed, first_rotation, first_up, rotated, world
from tests.faults.bench import Bench, open_bench

__all__ = ["bench", "deployed", "first_rotation", "first_up", "rotated", "world"]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with open_bench(tmp_path_factory.mktemp("bench")) as opened:
        yield opened
