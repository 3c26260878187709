"""The AWS store keeps the contract, on our strict fake and on moto."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
from moto.server import ThreadedMotoServer

from tba_secrets.simulator.aws import SecretsManagerServer
from tests.stores.aws_bench import AwsBench, StrictAwsBench
from tests.stores.conformance import StoreConformance
from tests.stores.support import Bench

pytestmark = pytest.mark.long


class TestAwsStrict(StoreConformance):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with SecretsManagerServer() as server:
            yield StrictAwsBench(server)


class TestAwsMoto(StoreConformance):
    """moto 5.2.5; each gap is AWS's rule by the API reference that moto does not keep."""

    gaps: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("test_without_a_pin_it_would_be_gone", "test_a_closed_line_pins_nothing"),
        "versions without a label are never dropped",
    ) | dict.fromkeys(
        (
            "test_stage_leaves_current_alone",
            "test_values_come_back_as_they_went_in",
            "test_the_largest_value_is_taken",
            "test_promoted_value_is_what_readers_get",
            "test_a_value_comes_back_after_another",
            "test_rollback_reaches_readers",
        ),
        "GetSecretValue without a label returns the version that was current before "
        "UpdateSecretVersionStage moved AWSCURRENT",
    )

    @pytest.fixture
    def bench(self, moto_url: str) -> Bench:
        reset = urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")  # noqa: S310
        urllib.request.urlopen(reset).close()  # noqa: S310 - loopback
        return AwsBench(moto_url)


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    """One moto for all tests: it takes a while to start."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.parametrize("name", TestAwsMoto.gaps)
def test_gap_names_a_test(name: str) -> None:
    assert hasattr(StoreConformance, name)
