"""One run of the provider's two resources in a process of its own, driven as by the engine, and killed where ordered.

The state is kept after each resource, and what is killed before that is not in it: the next run starts from what the
last one kept, as after `pulumi refresh --clear-pending-creates`. The order of a run is Read, Diff, Update.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, Final

from tba_secrets.errors import TbaError
from tba_secrets.netsuite.gate import Gate
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.handler import Handler, PartialFailureError
from tba_secrets.provider.host import Host
from tba_secrets.provider.intents import Intent, Retire, Rollback, Rotation
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.versions import Origin
from tests.engine.project import HANG_GUARD_SECONDS
from tests.netsuite_account import NetSuiteAccount, Values
from tests.provider.bench import unheard

RECORD: Final = "warehouse/orders"
URN: Final = "urn:pulumi:test::netsuite::tba:index:StagedCredential::orders"
_METHODS: Final = (b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"LIST ", b"HEAD ")


@dataclass(frozen=True, repr=False)
class Order:
    """What one run is to do."""

    given: Values | None = None
    """The new token pair of a rotation; None for a plain `up`."""
    issued: bool = False
    """NetSuite issued it: no source gives it again."""
    consumer: Values | None = None
    """The new consumer pair of a rotation."""
    made: bool = False
    """A rotation to a key that the provider makes."""
    rollback: bool = False
    retire: bool = False
    at_once: bool = False
    """With `retire`: what is still in its overlap too."""
    overlap_seconds: int = 0
    now: int = 0
    """The journal's time, epoch seconds."""
    kill_before: int | None = None
    """The request, counted from 1 over stores and NetSuite, before which the process is killed; None for none."""

    def intent(self) -> Intent | None:
        """As `tba rotate` and `tba retire` make it."""
        if self.retire:
            return Retire(in_use=lambda _token: None, at_once=self.at_once)
        if self.rollback:
            return Rollback()
        if self.consumer is not None:
            consumer = _pair(self.consumer)
            return Rotation(lambda _obtaining: consumer, "consumer", Origin.CONSUMER)
        if self.made:
            return Rotation(None, origin=Origin.GENERATED, overlap_seconds=self.overlap_seconds)
        if self.given is None:
            return None
        token = _pair(self.given)
        return Rotation(
            lambda _obtaining: token,
            origin=Origin.ISSUED if self.issued else Origin.ROTATED,
            overlap_seconds=self.overlap_seconds,
        )


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    killed: bool
    requests: int
    """How many it sent; 0 where it was killed."""
    error: str = ""
    """Why it failed; empty where it did not."""


@dataclass
class Provider:
    """Runs, one after the other, on one record.

    Args:
        folder: Where the state is kept between runs.
        account: Whose record it is.
        endpoint: NetSuite's address.
        stores: `store` of the environment's YAML, without a prefix's secret.
        environment: What a run's process has in its environment.
    """

    folder: Path
    account: NetSuiteAccount
    endpoint: str
    stores: Mapping[str, Any]
    environment: Mapping[str, str]
    secret: str = "orders"
    token_source: object = field(
        default_factory=lambda: {"env": {"id": "ORDERS_TOKEN_ID", "secret": "ORDERS_TOKEN_SECRET"}}
    )
    certificate: Mapping[str, Any] | None = None
    """What is declared of a certificate; None for a token."""
    kills: int = 0
    _context: ForkServerContext = field(init=False)

    def __post_init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.faults.warm"])

    def run(self, order: Order) -> Ended:
        """Carry an order out in a process of its own."""
        told = self.folder / "told.json"
        told.unlink(missing_ok=True)
        process = self._context.Process(target=_carry_out, args=(self, order))
        process.start()
        process.join(HANG_GUARD_SECONDS)
        assert process.exitcode in (0, -signal.SIGKILL), f"the run ended with {process.exitcode}"
        if process.exitcode:
            self.kills += 1
            return Ended(killed=True, requests=0)
        return Ended(killed=False, **json.loads(told.read_text()))

    def done(self, order: Order) -> Ended:
        """Carry an order out that must succeed."""
        ended = self.run(order)
        assert not ended.error, ended.error
        return ended

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_context"}

    def staged_inputs(self) -> Properties:
        """The StagedCredential."""
        if self.certificate is not None:
            client = {"env": {"id": "WAREHOUSE_KEY"}}
            return {**self._record(), "client": client, "key": "generated"}
        return {
            **self._record(),
            "consumer": {"env": {"key": "WAREHOUSE_KEY", "secret": "WAREHOUSE_SECRET"}},
            "token": self.token_source,
        }

    def smoke_inputs(self, staged: Properties) -> Properties:
        """The SmokeTest of what was staged."""
        mapped = {} if self.certificate is None else {"checks": ["rest"]}
        return {
            **self._record(),
            **mapped,
            "role": {"name": "warehouse role", "id": "1001"},
            "user": {"email": self.account.user_of("orders"), "entity": "38"},
            "versions": staged["versions"],
            "fingerprint": staged["fingerprint"],
        }

    def _record(self) -> Properties:
        return {
            "record": RECORD,
            "owner": "organization/netsuite/test",
            "account": self.account.id,
            "endpoint": self.endpoint,
            "stores": dict(self.stores),
            "secret": self.secret,
            **({} if self.certificate is None else {"certificate": dict(self.certificate)}),
        }


def _pair(values: Values) -> Pair:
    return Pair(Sensitive(values.identifier), Sensitive(values.secret))


def _carry_out(provider: Provider, order: Order) -> None:
    """In the new process: from its environment to the file that tells how it ended."""
    os.environ.clear()
    os.environ.update(provider.environment)
    # A machine of its own, as a pipeline's job has: what a killed run was asking counts as refused on its machine.
    os.environ["XDG_STATE_HOME"] = str(provider.folder / f"machine {os.getpid()}")
    sent = _count_requests(order.kill_before)
    intent = order.intent()
    host = Host(log=unheard, intents={RECORD: intent} if intent is not None else {})
    error = ""
    try:
        host.clock = lambda: float(order.now or time.time())
        host.gate = Gate(host.clock)
        smoke = SmokeTestHandler(host)
        if intent is not None:
            _handed_over(host, provider.folder)
        staged = _update(
            StagedCredentialHandler(host), provider.folder / "staged.json", provider.staged_inputs()
        )
        _update(smoke, provider.folder / "smoke.json", provider.smoke_inputs(staged))
    except TbaError as failure:
        error = f"{type(failure).__name__}: {failure}"
    told = json.dumps({"requests": sent(), "error": error})
    (provider.folder / "told.json").write_text(told)


def _count_requests(last: int | None) -> Callable[[], int]:
    """Count what goes out over HTTP (Python's audit event http.client.send), and die before the one that is `last`."""
    count = 0

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event == "http.client.send" and bytes(arguments[1])[:8].startswith(_METHODS):
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hear)
    return lambda: count


def _update(handler: Handler, kept: Path, new: Properties) -> Properties:
    """Check, Diff, Create or Update; what comes of it is kept, a failure's part too.

    Raises:
        TbaError: It failed.
    """
    before: Properties | None = json.loads(kept.read_text()) if kept.exists() else None
    checked = handler.check(URN, before["inputs"] if before else {}, new)
    assert checked.failures == {}, checked.failures
    inputs = dict(checked.inputs)
    try:
        if before is None:
            state = handler.update(URN, {}, inputs)
        elif handler.diff(URN, before["inputs"], before["state"], inputs) or before["failed"]:
            state = handler.update(URN, before["state"], inputs)
        else:
            state = before["state"]
    except PartialFailureError as failure:
        _keep(kept, inputs, failure.state, failed=True)
        raise
    _keep(kept, inputs, state, failed=False)
    return state


def _handed_over(host: Host, folder: Path) -> None:
    """As `tba` does: what has passed last, from the state of the stack."""
    kept = folder / "smoke.json"
    if kept.exists():
        host.record(RECORD).tested = json.loads(kept.read_text())["state"]
    elif (folder / "staged.json").exists():
        host.record(RECORD).tested = {}


def _keep(path: Path, inputs: Properties, state: Properties, *, failed: bool) -> None:
    """As the engine's backend does: the new state whole, or the old one."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"inputs": inputs, "state": state, "failed": failed}))
    draft.replace(path)
