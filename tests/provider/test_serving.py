"""The provider served over real gRPC: what the process gives up for it, and a Cancel that waits for nobody."""

from __future__ import annotations

import gc
import os
import resource
import weakref
from collections.abc import Iterator
from pathlib import Path
from threading import Semaphore
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tba_secrets.engine import Engine
from tba_secrets.provider.codec import Properties, encode
from tba_secrets.provider.handler import Checked
from tba_secrets.provider.server import Provider, serve
from tests.faults.processes import wait_until

SECONDS = 60
"""A guard against hanging, and no measure."""
CALLS = 200
"""More than an engine has under way, unless it is told to."""


class Waits:
    """A resource whose every Check waits until the run is cancelled, as calls wait for their user's turn."""

    def __init__(self, provider: Provider) -> None:
        self._cancelled = provider.host.cancelled
        self.entered = Semaphore(0)

    def check(self, urn: str, old: Properties, new: Properties) -> Checked:
        self.entered.release()
        assert self._cancelled.wait(SECONDS)
        return Checked({}, {})


@pytest.fixture
def provider() -> Provider:
    return Provider(None)


@pytest.fixture
def engine(provider: Provider) -> Iterator[Any]:
    """The engine's end of the connection."""
    server, port = serve(provider)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0).wait()


def test_cancel_reaches_all_calls_at_once(provider: Provider, engine: Any) -> None:
    waits = Waits(provider)
    provider._handlers["test"] = waits  # type: ignore[assignment]
    request = provider_pb2.CheckRequest(type="test", olds=encode({}), news=encode({}))
    calls = [engine.Check.future(request, timeout=SECONDS) for _ in range(CALLS)]
    for _ in calls:
        assert waits.entered.acquire(timeout=SECONDS), "a call waits for another one to end"

    engine.Cancel(empty_pb2.Empty(), timeout=SECONDS)

    assert [call.result(SECONDS).failures for call in calls] == [[]] * CALLS


def test_only_the_engine_that_attached_last_can_cancel(provider: Provider) -> None:
    """It attaches anew where the configuration has changed, and then cancels the one of before."""
    server, port = serve(provider)
    with (
        grpc.insecure_channel(f"127.0.0.1:{port}") as one,
        # else gRPC would give both the same connection
        grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.channel_id", 2)]) as another,
    ):
        before, now = map(provider_pb2_grpc.ResourceProviderStub, (one, another))
        for engine in (before, now):
            engine.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:9"), timeout=SECONDS)

        before.Cancel(empty_pb2.Empty(), timeout=SECONDS)
        assert not provider.host.cancelled.is_set()

        now.Cancel(empty_pb2.Empty(), timeout=SECONDS)
        assert provider.host.cancelled.is_set()
    server.stop(0).wait()


def test_the_process_leaves_no_core_and_no_configuration(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever serves: the engine's plugin, or `tba` itself."""
    monkeypatch.setenv("PULUMI_CONFIG", '{"tba:digestKey": "in clear"}')

    server, _port = serve(provider)
    server.stop(0).wait()

    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    assert "PULUMI_CONFIG" not in os.environ


def test_an_engine_forgets_what_a_run_has_seen(tmp_path: Path) -> None:
    """A run of many stacks has an engine for each from the beginning to the end."""
    engine = Engine(tmp_path, "test")
    with engine._served({}):
        seen = weakref.ref(engine._provider.host)

    def forgotten() -> bool:
        gc.collect()  # gRPC lets go of a server when its threads have ended
        return seen() is None

    wait_until(forgotten, "the provider of a run that has ended is kept")
