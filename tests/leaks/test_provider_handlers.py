"""The provider's own handlers, where a library below them fails with words that quote what it was given."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import Any, Final

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tba_secrets.provider.server import Provider, serve
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.reader import SourceReader
from tba_secrets.spec.model import AwsSettings, Stores
from tba_secrets.stores import open_stores
from tests.leaks.canaries import odd_values
from tests.leaks.scanner import Canary, Scanner, text
from tests.netsuite.support import Said, told_server
from tests.netsuite_account import Values
from tests.stores.aws_bench import QUICK

PAIRS: Final = {"CONSUMER": odd_values(), "TOKEN": Values()}
SCANNER: Final = Scanner(
    Canary(f"{name}, {half}", value)
    for name, pair in PAIRS.items()
    for half, value in (("identifier", pair.identifier), ("secret", pair.secret))
)


class QuotingError(Exception):
    """What a careless library raises."""


class QuotingSource(Source):
    """Fails as no source of ours should."""

    place = "a careless source"

    def read(self) -> Pair | None:
        raise QuotingError(PAIRS["TOKEN"].secret)


@pytest.fixture
def provider() -> Provider:
    return Provider(None)


@pytest.fixture
def stub(provider: Provider) -> Iterator[Any]:
    server, port = serve(provider)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0).wait()


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """A store on a fake; the variables of the sources are set."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    for name, pair in PAIRS.items():
        monkeypatch.setenv(f"{name}_IDENTIFIER", pair.identifier)
        monkeypatch.setenv(f"{name}_SECRET", pair.secret)
    with SecretsManagerServer() as server, told_server(Said()) as netsuite:
        monkeypatch.setenv("NETSUITE", netsuite.url)
        yield Stores(aws=AwsSettings(region="us-east-1", endpoint=server.url))


def _inputs(stores: Stores) -> struct_pb2.Struct:
    inputs = struct_pb2.Struct()
    inputs.update(
        {
            "record": "warehouse/orders",
            "owner": "acme/netsuite/test",
            "account": "1234567_SB1",
            "endpoint": os.environ["NETSUITE"],
            "stores": stores.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
            "secret": "orders",
            "consumer": {"env": {"key": "CONSUMER_IDENTIFIER", "secret": "CONSUMER_SECRET"}},
            "token": {"env": {"id": "TOKEN_IDENTIFIER", "secret": "TOKEN_SECRET"}},
        }
    )
    return inputs


def _create(stub: Any, stores: Stores) -> Any:
    request = provider_pb2.CreateRequest(
        urn="urn", type="tba:index:StagedCredential", properties=_inputs(stores)
    )
    return stub.Create(request, timeout=60)


def _told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], said: str) -> str:
    return "\n".join([said, *map(logging.Formatter().format, caplog.records), *capfd.readouterr()])


def test_a_store_whose_sdk_quotes_the_request(
    stub: Any,
    stores: Stores,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    quoted: list[bytes] = []

    def quote(request: Any, **_: Any) -> None:
        if PAIRS["TOKEN"].secret.encode() in request.body:
            quoted.append(request.body)
            raise QuotingError(request.body)

    store: Any = open_stores(stores)["aws"]
    store._access.patience = QUICK
    client = store._client._opened().secretsmanager
    client.meta.events.register("before-send.secrets-manager.*", quote)

    with pytest.raises(grpc.RpcError) as caught:
        _create(stub, stores)

    assert quoted, "the value was not on its way to the store"
    error: Any = caught.value
    told = _told(caplog, capfd, error.details() + repr(error.trailing_metadata()))
    assert "QuotingError" in error.details()
    assert SCANNER.find([text("told", told)]) == []


def test_a_source_that_quotes_its_value(
    stub: Any,
    provider: Provider,
    stores: Stores,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.host.sources = SourceReader(lambda settings: QuotingSource())
    request = provider_pb2.CheckRequest(type="tba:index:StagedCredential", news=_inputs(stores))

    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(request, timeout=60)

    error: Any = caught.value
    assert "QuotingError" in error.details()
    assert SCANNER.find([text("told", _told(caplog, capfd, error.details()))]) == []


def test_what_is_checked_and_created_holds_digests_alone(stub: Any, stores: Stores) -> None:
    checked = stub.Check(
        provider_pb2.CheckRequest(type="tba:index:StagedCredential", news=_inputs(stores)),
        timeout=60,
    )
    created = _create(stub, stores)

    assert list(checked.failures) == []
    assert "digests" in checked.inputs
    assert created.properties["fingerprint"]
    assert SCANNER.find([text("answers", f"{checked}{created}")]) == []
