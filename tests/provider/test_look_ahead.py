"""What an environment announces is looked at side by side, once, and by nobody whom it does not concern."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from tba_secrets.errors import StoreError, StoreUnavailableError
from tba_secrets.provider.codec import encode
from tba_secrets.provider.intents import Rollback
from tba_secrets.spec.model import Stores
from tba_secrets.stores.interface import SecretName, Snapshot
from tests.pipeline.support import AwsMemory
from tests.provider.bench import AWS, Bench
from tests.provider.test_server import Rpc

NAMES = ("orders", "stock", "invoices")
HANG_GUARD_SECONDS = 30


class Watched(AwsMemory):
    """Counts its looks; where they have to meet, none ends before as many have begun."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[str] = []
        self.meet: Barrier | None = None
        self.error: StoreError | None = None

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        """Without the lock of a store in memory, under which no two looks meet."""
        yield

    def _describe(self, name: SecretName) -> Snapshot | None:
        self.looks.append(name.rpartition("/")[2])
        if self.meet is not None:
            self.meet.wait(HANG_GUARD_SECONDS)
        if self.error is not None:
            raise self.error
        return super()._describe(name)


@pytest.fixture
def store(bench: Bench) -> Watched:
    store = Watched()
    bench.stores["aws"] = store
    return store


def announce(rpc: Rpc, **changes: Any) -> None:
    secrets = {f"warehouse/{name}": name for name in NAMES}
    asked = encode({"stores": {"aws": AWS}, "secrets": secrets, **changes})
    rpc.call("Invoke", provider_pb2.InvokeRequest(tok="tba:index:lookAhead", args=asked))


def look(rpc: Rpc, name: str) -> Any:
    """As Diff and Update of a record do."""
    host = rpc.provider.host
    places = host.places(Stores.model_validate({"aws": AWS}), name)
    return host.record(f"warehouse/{name}").looked.at(places)


def test_all_are_looked_at_side_by_side_and_once(bench: Bench, store: Watched) -> None:
    store.meet = Barrier(len(NAMES))
    rpc = Rpc(bench)

    announce(rpc)

    for name in NAMES:
        assert look(rpc, name) == {"aws": None}
    assert sorted(store.looks) == sorted(NAMES)


def test_a_create_takes_the_look(bench: Bench, store: Watched) -> None:
    rpc = Rpc(bench)
    announce(rpc)
    for name in NAMES:  # so that all looks ahead are over
        look(rpc, name)
    store.looks.clear()

    rpc.created()

    assert store.looks == []


def test_who_asks_first_gets_the_error_and_the_next_one_looks_again(
    bench: Bench, store: Watched
) -> None:
    store.error = StoreUnavailableError("no route to the store")
    rpc = Rpc(bench)
    announce(rpc)
    with pytest.raises(StoreUnavailableError, match="no route"):
        look(rpc, "orders")
    store.error = None

    assert look(rpc, "orders") == {"aws": None}
    assert store.looks.count("orders") == 2


def test_what_was_met_long_ago_is_looked_at_again(
    bench: Bench, store: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.error = StoreUnavailableError("no route to the store")
    rpc = Rpc(bench)
    announce(rpc)
    for name in NAMES[1:]:
        with pytest.raises(StoreUnavailableError):  # so that all looks ahead are over
            look(rpc, name)
    store.error = None
    monkeypatch.setattr("tba_secrets.lifecycle.look._FRESH_SECONDS", 0.0)

    assert look(rpc, "orders") == {"aws": None}


def test_what_is_about_some_records_looks_at_no_other(bench: Bench, store: Watched) -> None:
    rpc = Rpc(bench)
    rpc.provider.host.intents = {"warehouse/orders": Rollback()}

    announce(rpc)

    assert store.looks == []


def test_a_store_that_cannot_be_opened_is_told_by_whoever_needs_it(bench: Bench) -> None:
    rpc = Rpc(bench)

    def broken(_stores: Any) -> Any:
        raise StoreUnavailableError("the profile does not exist")

    rpc.provider.host.open_stores = broken

    announce(rpc)

    with pytest.raises(StoreUnavailableError, match="profile"):
        look(rpc, "orders")


def test_a_program_that_only_wakes_the_provider(bench: Bench, store: Watched) -> None:
    Rpc(bench).call("Invoke", provider_pb2.InvokeRequest(tok="tba:index:lookAhead"))

    assert store.looks == []


@pytest.mark.parametrize(
    ("token", "changes"),
    [("tba:index:other", {}), ("tba:index:lookAhead", {"secrets": 1})],
    ids=["no such function", "malformed"],
)
def test_what_it_does_not_know_is_refused(
    bench: Bench, token: str, changes: dict[str, Any]
) -> None:
    asked = encode({"stores": {"aws": AWS}, "secrets": {}, **changes})
    request = provider_pb2.InvokeRequest(tok=token, args=asked)

    assert Rpc(bench).aborted("Invoke", request).code is not None


def test_a_look_ahead_of_a_cancelled_run_is_not_made(bench: Bench, store: Watched) -> None:
    rpc = Rpc(bench)
    rpc.provider.host.cancelled.set()

    announce(rpc)

    assert store.looks == []
