"""What all resources of a run share, asked from many threads at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tba_secrets.errors import StoreUnavailableError
from tba_secrets.places import Place
from tba_secrets.provider.host import Host
from tba_secrets.stores.interface import OwnerMark, Preflight, SecretName
from tests.provider.bench import unheard
from tests.stores.memory import MemoryStore

NOBODY = OwnerMark("", "", "")


class SlowStore(MemoryStore):
    """It takes a while to say who we are, and fails as often as it is told."""

    def __init__(self, failing: int = 0) -> None:
        super().__init__()
        self.asked = 0
        self.failing = failing
        self.together = threading.Barrier(4, timeout=10)

    def _preflight(self, names: tuple[SecretName, ...]) -> Preflight:
        self.asked += 1
        time.sleep(0.05)  # long enough that every thread waits
        if self.failing:
            self.failing -= 1
            raise StoreUnavailableError("no route to the store", "try again")
        return super()._preflight(names)


def ask(host: Host, store: SlowStore) -> Preflight | None:
    store.together.wait()
    return host.preflight(Place(store, SecretName("orders"), NOBODY))


def test_threads_that_begin_together_ask_a_store_once_who_we_are() -> None:
    host, store = Host(log=unheard), SlowStore()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: ask(host, store), range(4)))

    assert store.asked == 1
    assert sum(one is not None for one in found) == 1


def test_a_store_that_could_not_say_is_asked_again() -> None:
    host, store = Host(log=unheard), SlowStore(failing=1)
    place = Place(store, SecretName("orders"), NOBODY)

    with pytest.raises(StoreUnavailableError):
        host.preflight(place)

    assert host.preflight(place) is not None
    assert host.preflight(place) is None
    assert store.asked == 2
