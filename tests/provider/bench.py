"""One resource as the engine drives it, on stores in memory: Check, Diff, Create or Update, and what is kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tba_secrets.provider.codec import Properties, decode, encode
from tba_secrets.provider.handler import Handler, PartialFailureError
from tba_secrets.provider.host import Host, LogSeverity
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import Stores
from tba_secrets.stores.interface import SecretName, Snapshot, Stage, Store
from tests.netsuite_account import NetSuiteAccount, Values
from tests.pipeline.support import AwsMemory, RecordingStore, VaultMemory

URN = "urn:pulumi:test::netsuite::tba:index:StagedCredential::orders"
NOWHERE = "http://127.0.0.1:9"
AWS = {"region": "us-east-1", "prefix": "netsuite/test/"}
VAULT = {"address": "http://127.0.0.1:8200", "mount": "secret", "prefix": "netsuite/test/"}
BOTH = {"aws": AWS, "vault": VAULT, "order": ["aws", "vault"]}
NAME = SecretName("netsuite/test/orders")


def unheard(severity: LogSeverity, message: str, urn: str, ephemeral: bool) -> None:
    """Log to nobody: for a process without an engine."""


@dataclass(frozen=True)
class Kept:
    """What the engine keeps of one resource."""

    inputs: Properties
    state: Properties
    failure: PartialFailureError | None = None
    """It was recorded as half done (ErrorResourceInitFailed): the next update is made whatever Diff says."""


@dataclass
class Bench:
    """Two stores, the variables of an account, and a provider process that is new for each `up`."""

    monkeypatch: pytest.MonkeyPatch
    account: NetSuiteAccount = field(default_factory=NetSuiteAccount)
    endpoint: str = NOWHERE
    stores: dict[str, RecordingStore] = field(
        default_factory=lambda: {"aws": AwsMemory(), "vault": VaultMemory()}
    )
    said: list[tuple[LogSeverity, str, bool]] = field(default_factory=list)
    """Severity, words, and whether they are for the status column only."""

    def __post_init__(self) -> None:
        self.give()
        self.new_process()

    def new_process(self) -> None:
        """As each `pulumi` command starts one: nothing is remembered."""
        self.host = Host(log=self._hear, open_stores=self._open)
        self.staged = StagedCredentialHandler(self.host)
        self.smoke = SmokeTestHandler(self.host)

    def hand_over(self, tested: Kept | None) -> None:
        """As `tba` does: let the process know what state's SmokeTest says; it has none where a run was killed."""
        self.host.record("warehouse/orders").tested = tested.state if tested is not None else {}

    def give(self, **tokens: Values) -> None:
        """What the sources have from the next process on."""
        for name, value in self.account.environment(**tokens).items():
            self.monkeypatch.setenv(name, value)

    def withhold(self, *names: str) -> None:
        """These variables are not set from the next process on; all of them where none is named."""
        for name in names or tuple(self.account.environment()):
            self.monkeypatch.delenv(name)

    @property
    def aws(self) -> RecordingStore:
        return self.stores["aws"]

    @property
    def vault(self) -> RecordingStore:
        return self.stores["vault"]

    def writes(self) -> list[str]:
        """`store write`, since they were last asked for."""
        made = [f"{kind} {write}" for kind, store in self.stores.items() for write in store.writes]
        for store in self.stores.values():
            store.writes.clear()
        return made

    def snapshot(self, kind: str = "aws") -> Snapshot:
        found = self.stores[kind].describe(NAME)
        assert found is not None
        return found

    def version(self, stage: Stage, kind: str = "aws") -> str | None:
        return self.snapshot(kind).stages.get(stage)

    def write_as_another(self, text: str, stage: Stage = Stage.CURRENT) -> str:
        return self.aws.write_as_another(NAME, Sensitive(text), stage)

    @property
    def warnings(self) -> list[str]:
        return [words for severity, words, _ in self.said if severity is LogSeverity.WARNING]

    @property
    def informed(self) -> list[str]:
        return [w for severity, w, live in self.said if severity is LogSeverity.INFO and not live]

    @property
    def statuses(self) -> list[str]:
        return [words for _, words, ephemeral in self.said if ephemeral]

    def staged_inputs(self, **changes: Any) -> Properties:
        """A StagedCredential for `warehouse/orders` in AWS."""
        inputs = {
            "record": "warehouse/orders",
            "owner": "acme/netsuite/test",
            "account": self.account.id,
            "endpoint": self.endpoint,
            "stores": {"aws": AWS},
            "secret": "orders",
            "consumer": {"env": {"key": "WAREHOUSE_KEY", "secret": "WAREHOUSE_SECRET"}},
            "token": {"env": {"id": "ORDERS_TOKEN_ID", "secret": "ORDERS_TOKEN_SECRET"}},
        }
        return _without_none({**inputs, **changes})

    def smoke_inputs(self, staged: Kept, **changes: Any) -> Properties:
        """A SmokeTest of what was staged."""
        inputs = {
            "record": "warehouse/orders",
            "account": self.account.id,
            "endpoint": self.endpoint,
            "stores": staged.inputs["stores"],
            "secret": "orders",
            "role": {"name": "warehouse role"},
            "user": {"email": self.account.user_of("orders")},
            "versions": staged.state["versions"],
            "fingerprint": staged.state["fingerprint"],
        }
        return _without_none({**inputs, **changes})

    def stage(self, before: Kept | None = None, **changes: Any) -> Kept:
        """`pulumi up` of the StagedCredential."""
        return self.up(self.staged, before, self.staged_inputs(**changes))

    def test(self, staged: Kept, before: Kept | None = None, **changes: Any) -> Kept:
        """`pulumi up` of the SmokeTest."""
        return self.up(self.smoke, before, self.smoke_inputs(staged, **changes))

    def up(self, handler: Handler, before: Kept | None, new: Properties) -> Kept:
        """Check, then Create, or Diff and Update if there is something to do; over the wire's types."""
        checked = handler.check(URN, before.inputs if before else {}, new)
        assert checked.failures == {}
        inputs = wired(checked.inputs)
        try:
            if before is None:
                return Kept(inputs, wired(handler.update(URN, {}, inputs)))
            changes = handler.diff(URN, before.inputs, before.state, inputs)
            if before.failure is None and not changes:
                return before
            return Kept(inputs, wired(handler.update(URN, before.state, inputs)))
        except PartialFailureError as failure:
            return Kept(inputs, wired(failure.state), failure)

    def refresh(self, handler: Handler, kept: Kept) -> Kept | None:
        """Read, in a process of its own: None where it is gone."""
        reading = type(handler)(Host(log=self._hear, open_stores=self._open))  # type: ignore[call-arg]
        found = reading.read(URN, "id", kept.inputs, kept.state)
        return None if found is None else Kept(wired(found[0]), wired(found[1]), kept.failure)

    def _open(self, settings: Stores) -> Mapping[str, Store]:
        return {kind: self.stores[kind] for kind in settings.listed}

    def _hear(self, severity: LogSeverity, message: str, urn: str, ephemeral: bool) -> None:
        assert urn == URN
        self.said.append((severity, message, ephemeral))


@dataclass
class CancelAfter(threading.Event):
    """A cancellation that comes after so many writes were let through."""

    left: int

    def __post_init__(self) -> None:
        super().__init__()

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def wired(properties: Properties) -> Properties:
    """As it arrives on the other side."""
    return decode(encode(properties))


def _without_none(inputs: dict[str, Any]) -> Properties:
    return {name: value for name, value in inputs.items() if value is not None}
