"""A simulator on the computer's clock, with one full account and the keys to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.simulator import Simulator
from tests.netsuite.support import RECORD, KeepingSender, credential
from tests.simulator.accounts import Keys, config

MakeClient = Callable[..., Client]


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def simulator(keys: Keys) -> Iterator[Simulator]:
    with Simulator(config(keys)) as running:
        yield running


@pytest.fixture
def sender() -> KeepingSender:
    return KeepingSender()


@pytest.fixture
def client(simulator: Simulator, keys: Keys, sender: KeepingSender) -> MakeClient:
    """Makes clients of the simulator that never really sleep."""

    def make(changed: Keys | None = None, **settings: object) -> Client:
        arguments: dict[str, object] = {
            "record": RECORD,
            "sender": sender,
            "sleep": lambda _: None,
            "probe": ClockProbe(),
        }
        return Client(credential(changed or keys), simulator.url, **(arguments | settings))  # type: ignore[arg-type]

    return make
