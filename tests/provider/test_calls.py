"""How many calls of the store each path of the provider costs, on the strict AWS fake: counted, and in the docs."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.client import BaseClient

from tba_secrets.provider.intents import Retire, Rollback, Rotation
from tba_secrets.sensitive import Sensitive
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.versions import Origin
from tests.provider.bench import URN, Bench, Kept
from tests.stores.aws_bench import AwsBench

RECORD: Final = "warehouse/orders"
DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "stores.md"
AWS_PART: Final = DOCUMENT.read_text(encoding="utf-8").partition("## HashiCorp Vault")[0]
BUDGET: Final = {
    "create, prove, promote": 7,
    "changed source": 9,
    "rotation": 9,
    "no-op, preview": 1,
    "rollback": 12,
    "retire, one line": 6,
    "destroy": 3,
}
"""The most that each path may cost; a line of the journal is two of the calls."""


class AwsProvider:
    """The provider on a bench, with a real AWS store on the strict fake, each command a process of its own."""

    def __init__(self, bench: Bench, server: SecretsManagerServer) -> None:
        self.bench = bench
        self.server = server
        store: Any = AwsBench(server.url).store
        bench.stores["aws"] = store
        self.staged: Kept | None = None
        self.tested: Kept | None = None

    def run(self, intent: Any = None) -> list[str]:
        """Run one update, and return the operations that it sent."""
        bench = self.bench
        bench.new_process()
        self.server.calls.clear()
        if intent is not None:
            bench.host.intents = {RECORD: intent}
            bench.hand_over(self.tested)
        self.staged = self._step(bench.staged, self.staged, bench.staged_inputs())
        self.tested = self._step(bench.smoke, self.tested, bench.smoke_inputs(self.staged))
        return self._sent()

    def destroy(self) -> list[str]:
        self.bench.new_process()
        self.server.calls.clear()
        assert self.staged is not None
        self.bench.staged.delete(URN, self.staged.state)
        return self._sent()

    def _step(self, handler: Any, before: Kept | None, new: Any) -> Kept:
        checked = handler.check(URN, before.inputs if before else {}, new)
        assert checked.failures == {}
        if before is None:
            return Kept(checked.inputs, handler.update(URN, {}, checked.inputs))
        if not handler.diff(URN, before.inputs, before.state, checked.inputs):
            return Kept(checked.inputs, before.state)
        return Kept(checked.inputs, handler.update(URN, before.state, checked.inputs))

    def _sent(self) -> list[str]:
        operations = [call.operation for call in self.server.calls]
        return [one for one in operations if one != "GetCallerIdentity"]  # once a run and account


@pytest.fixture
def aws(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsProvider]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    with SecretsManagerServer() as server:
        yield AwsProvider(bench, server)


def test_each_path_is_within_its_budget(aws: AwsProvider) -> None:
    spare = aws.bench.account.spares["orders"]
    new = Pair(Sensitive(spare.identifier), Sensitive(spare.secret))
    costs = {"create, prove, promote": aws.run()}
    costs["no-op, preview"] = aws.run()
    costs["rotation"] = aws.run(Rotation(lambda _: new, origin=Origin.TYPED, overlap_seconds=0))
    costs["rollback"] = aws.run(Rollback())
    aws.run(Rotation(lambda _: new, origin=Origin.TYPED, overlap_seconds=0, again=True))
    costs["retire, one line"] = aws.run(Retire(in_use=lambda _: None))
    costs["destroy"] = aws.destroy()

    counted = {path: len(sent) for path, sent in costs.items()}
    over = {path: Counter(sent) for path, sent in costs.items() if len(sent) > BUDGET[path]}
    assert not over
    text = AWS_PART
    assert [path for path, n in counted.items() if f"| {path} | {n} |" not in text] == [], (
        "\n".join(f"| {path} | {n} |" for path, n in counted.items())
    )


def test_a_changed_source_is_within_its_budget(aws: AwsProvider) -> None:
    aws.run()
    aws.bench.give(orders=aws.bench.account.spares["orders"])

    sent = aws.run()

    assert len(sent) <= BUDGET["changed source"], Counter(sent)
    assert f"| changed source | {len(sent)} |" in AWS_PART, len(sent)


def test_whoever_follows_a_write_passes_few_frames(
    aws: AwsProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From Update to boto3; on Vault three, and those that tests/stores/test_vault_calls.py counts."""
    aws.run()
    ways: list[list[str]] = []
    real = BaseClient._make_api_call

    def spy(client: Any, operation: str, parameters: Any) -> Any:
        if operation == "PutSecretValue":
            stack = traceback.extract_stack()
            ways.append([one.name for one in stack if "/tba_secrets/" in one.filename])
        return real(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", spy)
    aws.bench.give(orders=aws.bench.account.spares["orders"])
    aws.run()

    (way,) = ways
    assert way == ["update", "act", "carry_out", "stage", "_stage", "put", "call"]
