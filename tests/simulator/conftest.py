"""A simulator with one full account, and the keys that open it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tba_secrets.simulator import Simulator
from tests.simulator.accounts import Keys, StandingClock, config

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW)


@pytest.fixture
def simulator(keys: Keys, clock: StandingClock) -> Iterator[Simulator]:
    with Simulator(config(keys), clock) as running:
        yield running


@pytest.fixture
def live_simulator(keys: Keys) -> Iterator[Simulator]:
    """On the computer's clock, for clients that take the time from there."""
    with Simulator(config(keys)) as running:
        yield running
