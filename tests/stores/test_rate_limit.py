"""The limiter lets no more writes through than asked for, and every attempt counts."""

from __future__ import annotations

import pytest

from tba_secrets.simulator.aws import ACCESS_KEY_ID, SecretsManagerServer
from tba_secrets.stores.aws import AwsStore
from tba_secrets.stores.aws.session import Transport
from tba_secrets.stores.rate_limit import TokenBucket, shared_bucket
from tests.stores.aws_bench import ONCE, QUICK, REGION, settings
from tests.stores.support import MARK, NAME


class Time:
    """A clock that only sleeping moves, and a list of the sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


class CountingBucket(TokenBucket):
    """Never waits, and counts."""

    def __init__(self) -> None:
        super().__init__(1e6)
        self.acquired = 0

    def acquire(self) -> None:
        self.acquired += 1


@pytest.mark.parametrize(("rate", "burst"), [(1, 1), (9, 1), (45, 4), (50, 5)])
def test_a_rest_saves_up_a_burst_and_no_more(rate: int, burst: int) -> None:
    time = Time()
    bucket = TokenBucket(rate, time.clock, time.sleep)
    time.now = 1000.0
    for _ in range(burst + 1):
        bucket.acquire()
    assert time.sleeps == [pytest.approx(1 / rate)]


def test_many_writes_take_as_long_as_the_rate_says() -> None:
    time = Time()
    bucket = TokenBucket(45, time.clock, time.sleep)
    for _ in range(454):
        bucket.acquire()
    assert time.now == pytest.approx(10.0)


def test_threads_queue_in_the_order_in_which_they_came() -> None:
    """The place is taken before the wait: nobody's sleep is in another's way, and no two have one place."""
    time = Time()
    waits: list[float] = []
    bucket = TokenBucket(10, time.clock, waits.append)
    for _ in range(5):
        bucket.acquire()
    assert waits == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_the_lowest_rate_asked_for_holds() -> None:
    bucket = shared_bucket("test: lowest", 45)
    assert shared_bucket("test: lowest", 10) is bucket
    assert shared_bucket("test: lowest", 45)._rate == 10
    assert shared_bucket("test: another", 45)._rate == 45


def test_every_attempt_of_a_write_waits_for_the_limiter(server: SecretsManagerServer) -> None:
    bucket = CountingBucket()
    store = AwsStore(
        settings(server.url),
        transport=Transport(total_max_attempts=3),
        patience=QUICK,
        bucket=bucket,
    )
    server.faults.throttle("CreateSecret")
    store.claim(NAME, MARK)
    assert bucket.acquired == 2
    store.describe(NAME)
    assert bucket.acquired == 2


@pytest.mark.parametrize(
    ("changes", "counted_by"),
    [
        ({}, ACCESS_KEY_ID),
        ({"account_id": "000000000000"}, "000000000000"),
        ({"role_arn": "arn:aws:iam::000000000000:role/deployer"}, "000000000000"),
    ],
)
def test_stores_of_one_account_share_the_limiter(
    server: SecretsManagerServer, changes: dict[str, str], counted_by: str
) -> None:
    """The quota is the account's and region's: two environments in one process must not have 45 a second each."""
    for rate in (7, 45):
        store = AwsStore(
            settings(server.url, writes_per_second=rate, **changes), transport=ONCE, patience=QUICK
        )
        store.claim(NAME, MARK)
    assert shared_bucket((counted_by, REGION, server.url), 50)._rate == 7
    assert shared_bucket((counted_by, "eu-west-1", server.url), 50)._rate == 50
