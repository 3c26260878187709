"""The AWS store keeps the contract, on our strict fake and on moto."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
from moto.server import ThreadedMotoServer

from tba_secrets.simulator.aws import SecretsManagerServer
from tests.stores.aws_bench import AwsBench
from tests.stores.conformance import StoreConformance
from tests.stores.support import Bench


class TestAwsStrict(StoreConformance):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with SecretsManagerServer() as server:
            yield AwsBench(server.url)


class TestAwsMoto(StoreConformance):
    """moto 5.2.5; each gap is AWS's rule by the API reference that moto does not keep."""

    gaps: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture(scope="class")
    def moto_url(self) -> Iterator[str]:
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()

    @pytest.fixture
    def bench(self, moto_url: str) -> Iterator[Bench]:
        import urllib.request

        request = urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")
        urllib.request.urlopen(request).close()
        yield AwsBench(moto_url)


@pytest.mark.parametrize("name", TestAwsMoto.gaps)
def test_gap_names_a_test(name: str) -> None:
    assert hasattr(StoreConformance, name)
