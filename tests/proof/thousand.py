"""A thousand credentials into one AWS account, of whose calls many are throttled and some lose their reply.

    python -m tests.proof.thousand [--count N] [--throttled 0.2] [--lost 0.05] [--seed N]

The real handlers and the real store on the strict Secrets Manager, which refuses more than 50 writes a second, as AWS
does. The clock is the limiter's: only waiting for it moves it. A credential whose update failed is updated again, as
the next `up` does. NetSuite accepts everything: here the store is what is proven.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any, Final

import botocore.endpoint

from tba_secrets.errors import TbaError
from tba_secrets.netsuite.evidence import Verification
from tba_secrets.provider.handler import Handler, PartialFailureError
from tba_secrets.provider.host import Host
from tba_secrets.provider.proof import Proof
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler
from tba_secrets.read_back import ReadBack
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.simulator.aws.errors import ThrottlingException
from tba_secrets.simulator.aws.faults import AwsFaults, FaultRule, Kind
from tba_secrets.spec.model import AwsSettings
from tba_secrets.stores.aws import AwsStore
from tba_secrets.stores.interface import VersionId
from tba_secrets.stores.rate_limit import TokenBucket
from tba_secrets.stores.versions import is_placeholder
from tests.lifecycle.world import _passed
from tests.netsuite_account import Values
from tests.provider.bench import unheard
from tests.stores.aws_bench import QUICK, settings

PREFIX: Final = "netsuite/thousand/"
OWN_LIMIT: Final = AwsSettings.model_fields["writes_per_second"].default
LIMITED: Final = frozenset(
    [
        "CreateSecret",
        "DeleteSecret",
        "PutSecretValue",
        "RemoveRegionsFromReplication",
        "ReplicateSecretToRegions",
        "RestoreSecret",
        "StopReplicationToReplica",
        "TagResource",
        "UntagResource",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    ]
)
"""What AWS takes 50 of a second (Secrets Manager User Guide, "Quotas")."""
CEILING: Final = 50.0


class Clock:
    """Moved by waiting alone."""

    now = 0.0

    def read(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Chance(FaultRule):
    """Fires on some of all calls to Secrets Manager."""

    def __init__(self, kind: Kind, share: float, chance: random.Random, **settings: Any) -> None:
        super().__init__(kind, times=None, **settings)
        self.share, self.chance = share, chance

    def take(self, operation: str, secret: str) -> bool:
        fires = bool(secret) and self.chance.random() < self.share
        self.fired += fires
        return fires


class _Accepted(Proof):
    """NetSuite accepts."""

    def verify(self, back: ReadBack) -> Verification:
        return _passed(1_800_000_000)


class Bucket(TokenBucket):
    """The limiter, on the clock, and how often it was asked."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(OWN_LIMIT, clock.read, clock.wait)
        self.asked = 0

    def acquire(self) -> None:
        self.asked += 1
        super().acquire()


def _inputs(number: int) -> dict[str, Any]:
    return {
        "record": f"warehouse/t{number}",
        "account": "1234567",
        "stores": {"aws": settings("http://127.0.0.1:9", prefix=PREFIX).model_dump(mode="json", exclude_none=True)},
        "secret": f"t{number}",
    }  # fmt: skip


def _up(host: Host, number: int, kept: dict[str, Any]) -> None:
    """Update one credential, from what an earlier try left."""
    handlers: dict[str, Handler] = {
        "staged": StagedCredentialHandler(host),
        "smoke": SmokeTestHandler(host, _Accepted),
    }
    wanted: dict[str, dict[str, Any]] = {
        "staged": {
            "owner": "organization/netsuite/test",
            "consumer": {"env": {"key": "WAREHOUSE_KEY", "secret": "WAREHOUSE_SECRET"}},
            "token": {"env": {"id": f"T{number}_ID", "secret": f"T{number}_SECRET"}},
        },
        "smoke": {"role": {"name": "warehouse"}, "user": {"email": f"t{number}@example.com"}},
    }
    for name, handler in handlers.items():
        urn = f"urn:pulumi:test::netsuite::tba:index:{name}::t{number}"
        new: dict[str, Any] = {**_inputs(number), **wanted[name]}
        if name == "smoke":
            new |= {one: kept["staged"][one] for one in ("versions", "fingerprint")}
        inputs = dict(handler.check(urn, {}, new).inputs)
        try:
            kept[name] = handler.update(urn, kept.get(name, {}), inputs)
        except PartialFailureError as failure:
            kept[name] = failure.state
            raise


def _judged(server: SecretsManagerServer, tokens: dict[int, Values]) -> tuple[int, int]:
    """Count what is not current, and which credential is there twice.

    AWS drops a version without a label when it likes. A placeholder is no credential: where the state of a create was
    lost, the next run claims the secret with one of its own.
    """
    missing = twice = 0
    for number, token in tokens.items():
        secret = server.state.secret(f"{PREFIX}t{number}")
        current = None if secret is None else secret.current()
        text = "" if current is None or current.value is None else current.value.string or ""
        missing += token.identifier not in text
        versions = (
            {} if secret is None else {one: secret.versions[one] for one in secret.labelled()}
        )
        held = [one for name, one in versions.items() if not is_placeholder(VersionId(name))]
        texts = Counter(one.value.string for one in held if one.value)
        twice += max(texts.values(), default=0) > 1
    return missing, twice


def main() -> int:
    """Print what became of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--throttled", type=float, default=0.2)
    parser.add_argument("--lost", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    chance, clock = random.Random(chosen.seed), Clock()  # noqa: S311 - where faults fall
    tokens = {number: Values() for number in range(chosen.count)}
    os.environ |= {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "WAREHOUSE_KEY": Values().identifier,
        "WAREHOUSE_SECRET": Values().secret,
    }
    for number, token in tokens.items():
        os.environ |= {f"T{number}_ID": token.identifier, f"T{number}_SECRET": token.secret}
    botocore.endpoint.time = SimpleNamespace(time=time.time, sleep=lambda _: None)
    bucket = Bucket(clock)
    with tempfile.TemporaryDirectory() as folder, SecretsManagerServer() as server:
        os.environ["XDG_STATE_HOME"] = folder
        faults: AwsFaults = server.faults
        faults._monotonic = clock.read
        faults.quota(CEILING)
        throttled = faults.add(
            Chance(Kind.ERROR, chosen.throttled, chance, error=ThrottlingException())
        )
        lost = faults.add(Chance(Kind.LOSE, chosen.lost, chance))
        store = AwsStore(settings(server.url, prefix=PREFIX), patience=QUICK, bucket=bucket)
        host = Host(log=unheard, open_stores=lambda _: {"aws": store})
        host.client = lambda *_: SimpleNamespace(reach=lambda: None)  # type: ignore[assignment]
        again, left = 0, list(tokens)
        kept: dict[int, dict[str, Any]] = {number: {} for number in tokens}
        for _ in range(10):
            failed = []
            for number in left:
                try:
                    _up(host, number, kept[number])
                except TbaError:
                    failed.append(number)
            if not failed:
                break
            again += len(failed)
            left = failed
            host.records.clear()  # the next `up` is another process
        faults.clear()
        calls = Counter(call.operation for call in server.calls)
        missing, twice = _judged(server, tokens)
    limited = sum(calls[name] for name in LIMITED)
    rate = limited / clock.now if clock.now else 0.0
    only = bucket.asked == limited
    said = (
        f"{chosen.count} credentials, {sum(calls.values())} calls, {throttled.fired} throttled, "
        f"{lost.fired} replies lost, {again} updated again"
    )
    result = (
        f"{missing} lost, {twice} duplicated; {rate:.1f} writes a second of {CEILING:.0f}; "
        f"the limiter held up {bucket.asked} calls, all of which AWS limits: {'yes' if only else 'no'}"
    )
    print(f"| a thousand | {said} | {result} |")  # noqa: T201
    return 1 if missing or twice or not only or rate > CEILING else 0


if __name__ == "__main__":
    sys.exit(main())
