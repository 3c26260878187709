"""The fault matrix: each call of each story on each store, harmed on the wire in every way; then the same run again.

    python -m tests.proof.matrix [--cells N] [--seed N] [--store aws|vault]

The real handlers, stores and client, on the strict Secrets Manager, a real Vault and the NetSuite simulator, without
the engine. A kill is a wire that is dead from there on, and a state that is not kept: what it looks like from outside.
Pauses take no time. After each run: what readers get has passed, nothing that worked is lost or revoked, nothing is
there twice, no login is tried again, and no value is in an error, a log or the state. At the end of a story stands
what it is about, and a plain update has nothing more to do. Certificates are not among the stories: what is cut and
lost there is in tests/faults/test_certificate_kills.py.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import botocore.endpoint

from tba_secrets.errors import TbaError
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.concurrency import Concurrency
from tba_secrets.netsuite.gate import Gate
from tba_secrets.payload import parse
from tba_secrets.provider.host import Host, LogSeverity
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.spec.model import Format
from tba_secrets.stores.aws import AwsStore
from tba_secrets.stores.aws.session import Transport
from tba_secrets.stores.interface import SecretName, Snapshot, Stage, Store, VersionId
from tba_secrets.stores.rate_limit import TokenBucket
from tba_secrets.stores.vault import VaultStore
from tba_secrets.stores.vault.transport import Deadline
from tba_secrets.stores.versions import is_placeholder
from tests import conftest
from tests.faults.provider_run import URN, Order, Provider, _handed_over, _update
from tests.netsuite_account import NetSuiteAccount, Values
from tests.proof.wire import FAULTS, SLOW, Proxy, Wire
from tests.stores.aws_bench import QUICK as QUICK_AWS
from tests.stores.aws_bench import aws_store
from tests.stores.aws_bench import settings as aws_settings
from tests.stores.vault_bench import QUICK as QUICK_VAULT
from tests.stores.vault_bench import TOKEN_VARIABLE, vault_store
from tests.stores.vault_bench import settings as vault_settings
from tests.stores.vault_server import ROOT_TOKEN, Api, dev_server

assert conftest, "it has AWS's models read once"
NOW: Final = 1_800_000_000
PREFIX: Final = "netsuite/sandbox/"
FIRST, SECOND, WRONG = range(3)
PROVEN: Final = "GET /rest/tokeninfo"
UNHEARD: Final = frozenset(
    {
        "the answer is lost",
        "reset in the middle of the answer",
        "garbage for an answer",
        "a byte at a time",
    }
)
"""What reaches the server, whose answer is not heard."""


@dataclass(frozen=True)
class Story:
    """What the run that is harmed is about."""

    order: str
    """`up`, `rotate`, `retire`, `rollback` or `destroy`."""
    given: int = FIRST
    """The token that the source has, or that the rotation brings."""
    before: tuple[str, ...] = ("create",)
    """The stories that come before."""
    ends: int | None = FIRST
    """The token that is current in the end; None where the secret is gone."""
    refused: bool = False
    """NetSuite refuses the token: the story ends with an error."""
    returns: bool = False
    """The token was current before: what comes back is a version of its own, and its line keeps the one that it was."""


STORIES: Final = {
    "create": Story("up", before=()),
    "no-op": Story("up"),
    "update": Story("up", SECOND, ends=SECOND),
    "mistyped": Story("up", WRONG, refused=True),
    "rotate": Story("rotate", SECOND, ends=SECOND),
    "retire": Story("retire", SECOND, before=("create", "rotate"), ends=SECOND),
    "rollback": Story("rollback", SECOND, before=("create", "rotate"), returns=True),
    "update back": Story("up", before=("create", "update"), returns=True),
    "destroy": Story("destroy", ends=None),
}


@dataclass(frozen=True)
class Cell:
    """One call of one story on one store, and what happens to it."""

    store: str
    story: str
    at: int
    call: str
    fault: str

    def __str__(self) -> str:
        return f"{self.store}, {self.story}, call {self.at} ({self.call}), {self.fault}"


@dataclass
class Scene:
    """A record and everything that it is in touch with."""

    kind: str
    folder: Path
    account: NetSuiteAccount
    netsuite: Simulator
    wire: Wire
    endpoint: str
    declared: Mapping[str, Any]
    inside: Store
    """The store, past the wire."""
    tokens: list[Values]
    number: int = 0
    brief: bool = False
    said: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    provider: Provider = field(init=False)
    log: io.StringIO = field(default_factory=io.StringIO)
    _clients: dict[bool, Any] = field(default_factory=dict)
    _probe: ClockProbe = field(default_factory=ClockProbe)
    _trail: int = 0
    _was: str | None = None
    _were: list[str] = field(default_factory=list)
    """The versions that were current, in their order."""

    @property
    def name(self) -> SecretName:
        return SecretName(PREFIX + self.provider.secret)

    def begin(self) -> None:
        """Take another secret, with nothing in it and no state."""
        self.number += 1
        folder = self.folder / str(self.number)
        folder.mkdir()
        os.environ["XDG_STATE_HOME"] = str(folder)
        state = self.netsuite.state
        for token in state.account(self.account.id).tokens:
            token.revoked = False
        state.clear_lockout(self.account.id, self.account.user_of("orders"))
        secret = f"orders-{self.kind}-{self.number}"
        self.provider = Provider(
            folder, self.account, self.endpoint, self.declared, {}, secret=secret
        )
        self.said, self.violations, self._was, self._were = [], [], None, []
        self._trail = len(state.audit())
        self.log.seek(0)
        self.log.truncate()
        self.wire.elsewhere.clear()

    def run(self, story: Story, fault: str = "", at: int = 0) -> str:
        """Play a story, harmed or not; why it failed, empty if it did not. `killed` keeps no state."""
        kept = {path: path.read_text() for path in self.provider.folder.glob("*.json")}
        self.wire.harm(fault, at)
        self.brief = fault in SLOW
        before = len(self.netsuite.state.audit())
        error = self._carried_out(story)
        if self.wire.dead:
            for path in self.provider.folder.glob("*.json"):
                path.unlink()
            for path, text in kept.items():
                path.write_text(text)
            error = "killed"
        harmed = self.wire.calls[at - 1] if 0 < at <= len(self.wire.calls) else ""
        self.wire.harm()
        unheard = fault in UNHEARD and harmed.startswith("netsuite")
        self._check(story, self.netsuite.state.audit()[before:], unheard=unheard)
        return error

    def _carried_out(self, story: Story) -> str:
        given = self.tokens[story.given]
        token = {} if story.order == "rotate" else {"orders": given}
        os.environ.update(self.account.environment(**token))
        order = Order(
            given=given if story.order == "rotate" else None,
            rollback=story.order == "rollback",
            retire=story.order == "retire",
            at_once=story.order == "retire",
            overlap_seconds=86400,
            now=NOW,
        )
        intent, provider = order.intent(), self.provider
        host = Host(log=self._hear, intents={} if intent is None else {"warehouse/orders": intent})
        opened: dict[str, Mapping[str, Store]] = {}

        def open_once(settings: Any) -> Mapping[str, Store]:
            key = settings.model_dump_json()
            if key not in opened:
                opened[key] = self._open(settings)
            return opened[key]

        host.open_stores, host.clock = open_once, lambda: float(NOW)
        self._probe = ClockProbe()
        host.gate = Gate(host.clock, Concurrency())
        host.client = self._client
        staged, smoke = StagedCredentialHandler(host), SmokeTestHandler(host)
        kept = provider.folder / "staged.json"
        try:
            if story.order == "destroy":
                if kept.exists():
                    staged.delete(URN, json.loads(kept.read_text())["state"])
                    kept.unlink()
                    (provider.folder / "smoke.json").unlink()
                return ""
            if intent is not None:
                _handed_over(host, provider.folder)
            state = _update(staged, kept, provider.staged_inputs())
            _update(smoke, provider.folder / "smoke.json", provider.smoke_inputs(state))
        except TbaError as failure:
            self.said += [f"{failure!r} {failure}"]
            return f"{type(failure).__name__}: {failure}"
        return ""

    def _open(self, settings: Any) -> Mapping[str, Store]:
        """Open as a new process does, with pauses that take no time; boto3's clients, which are slow to make, stay."""
        wait = 0.5 if self.brief else 10.0
        if settings.aws is None:
            vault = VaultStore(settings.vault, deadline=Deadline(wait, wait), retry=QUICK_VAULT)
            return {"vault": vault}
        transport, bucket = Transport(wait, wait, total_max_attempts=3), TokenBucket(10_000)
        aws = AwsStore(settings.aws, transport=transport, patience=QUICK_AWS, bucket=bucket)
        if self.brief not in self._clients:
            self._clients[self.brief] = aws._client._opened()
        aws._client._clients = self._clients[self.brief]
        return {"aws": aws}

    def _client(self, credential: Any, endpoint: str | None, record: str) -> Client:
        wait = 1.0 if self.brief else 30.0
        return Client(
            credential,
            endpoint,
            record=record,
            deadline_seconds=wait,
            sleep=lambda _: None,
            probe=self._probe,
            concurrency=Concurrency(),
        )

    def _hear(self, severity: LogSeverity, message: str, urn: str, ephemeral: bool) -> None:
        self.said.append(message)

    # --- what must hold ---------------------------------------------------------------------------

    def snapshot(self) -> Snapshot | None:
        return self.inside.describe(self.name)

    def current(self) -> str | None:
        """The token that readers get, both halves; None where there is none."""
        seen = self.snapshot()
        version = None if seen is None or seen.deleted else seen.stages.get(Stage.CURRENT)
        if version is None or is_placeholder(version):
            return None
        stored = self.inside.read(self.name, Stage.CURRENT)
        assert stored is not None
        held = parse(stored.value, Format(), self.name)
        return f"{held.token_id.reveal()} {held.token_secret.reveal()}"

    def _check(self, story: Story, trail: list[Any], *, unheard: bool) -> None:
        seen = self.snapshot()
        self._check_readers(story, seen)
        self._check_logins(story, trail, unheard=unheard)
        if story.order == "retire" and not self._owed_or_revoked(seen):
            self.violations.append("neither revoked nor on a line")
        if self.wire.elsewhere:
            self.violations.append("followed a redirect")
        shown = "\n".join(
            [*self.said, self.log.getvalue()]
            + [path.read_text() for path in self.provider.folder.rglob("*") if path.is_file()]
        )
        pairs = [*self.tokens, *self.account.consumers.values()]
        if any(value in shown for pair in pairs for value in (pair.identifier, pair.secret)):
            self.violations.append("a value in an output")

    def _check_readers(self, story: Story, seen: Snapshot | None) -> None:
        """What readers get has passed and is not revoked, and what they got before is still there."""
        current = self.current()
        names = {self._token_name(number): self._whole(number) for number in (FIRST, SECOND)}
        audit = self.netsuite.state.audit()[self._trail :]
        proven = {
            names[e.token_name] for e in audit if e.success and e.request == PROVEN and e.token_name
        }
        if current is not None and current not in proven:
            self.violations.append("promoted unproven")
        named = self.netsuite.state.account(self.account.id).tokens
        if current is not None and any(t.revoked for t in named if t.token_id == current[:64]):
            self.violations.append("revoked what readers get")
        if self._was not in (None, current) and story.order != "destroy":
            kept = self.inside.read(self.name, Stage.PREVIOUS)
            if current is None or kept is None or str(self._was)[:64] not in kept.value.reveal():
                self.violations.append("lost")
        self._was = current
        version = seen.stages.get(Stage.CURRENT, "") if seen is not None else ""
        # A rollback is the one order to make an old version current again. All others write what comes back anew: under
        # the old id nobody could tell a run that was killed from one that has not begun.
        if version in self._were[:-1] and story.order != "rollback":
            self.violations.append("an old version is current again")
        if version not in self._were[-1:]:
            self._were.append(version)

    def _check_logins(self, story: Story, trail: list[Any], *, unheard: bool) -> None:
        """One refused login tells that a token is mistyped, or that one to be retired was revoked before.

        A second one comes only after an answer of NetSuite that was lost: nobody knows then what it said, and a proof
        asks again. A revoke is sent once.
        """
        refused = sum(not entry.success for entry in trail)
        may = 1 if story.refused or story.order == "retire" else 0
        if refused > may + (story.refused and unheard):
            self.violations.append(f"blind retry: {refused} refused logins")

    def _owed_or_revoked(self, seen: Snapshot | None) -> bool:
        """Whether the superseded token is revoked, or a line still says that it is to be."""
        named = self.netsuite.state.account(self.account.id).tokens
        revoked = any(t.revoked for t in named if t.name == self._token_name(FIRST))
        return revoked or (seen is not None and any(line.open for line in seen.journal))

    def _texts(self, seen: Snapshot | None) -> list[str]:
        """The text of each version that a label or a line holds, once a version."""
        if seen is None or seen.deleted:
            return []
        versions = {*seen.stages.values(), *(line.version for line in seen.journal)}
        stored = [
            self.inside.read(self.name, VersionId(one))
            for one in versions
            if not is_placeholder(one)
        ]
        return [one.value.reveal() for one in stored if one is not None]

    def _whole(self, number: int) -> str:
        return f"{self.tokens[number].identifier} {self.tokens[number].secret}"

    def _token_name(self, number: int) -> str:
        return f"orders {number}"

    def settled(self, story: Story) -> None:
        """At the end of the story stands what it is about, and nothing is left to do."""
        if story.ends is None:
            seen = self.snapshot()
            if seen is not None and not seen.deleted:
                self.violations.append("not destroyed")
            return
        if self.current() != self._whole(story.ends):
            self.violations.append("not at its end")
            return
        before = self.snapshot()
        texts = Counter(self._texts(before))
        if any(number > 1 + story.returns for number in texts.values()):
            self.violations.append("duplicate")
        # a source that gives what NetSuite refuses is put right first: as long as it is not, each update asks anew
        given = FIRST if story.refused else story.given
        error = self.run(replace(story, order="up", given=given, refused=False))
        if error or before is None or self.snapshot() != before:
            self.violations.append(f"not settled: {error}")
        waiting = None if before is None else before.stages.get(Stage.CANDIDATE)
        if before is not None and waiting not in (None, before.stages[Stage.CURRENT]):
            self.violations.append("a candidate is left")


def play(scene: Scene, cell: Cell) -> list[str]:
    """Play one cell to its end, and again without the fault; the violations."""
    story = STORIES[cell.story]
    scene.begin()
    for before in story.before:
        error = scene.run(STORIES[before])
        assert not error, f"{cell}: {before}: {error}"
    error = scene.run(story, cell.fault, cell.at)
    if story.order == "retire":
        # A revoke whose outcome is not known is no error, for nothing is lost by it: the line stays, and `tba retire`
        # says so and is run again. So it is run again here whatever it said, and must do no harm where all was done.
        error = error or "run again in any case"
    if error:
        scene.brief = False
        again = scene.run(story)
        refused = story.refused and "NetSuite refused the login" in again
        if again and not refused:
            scene.violations.append(f"the same run again: {again}")
    scene.settled(story)
    return scene.violations


def cells(scene: Scene) -> Iterator[Cell]:
    """Record each story undisturbed, and yield what can happen to each of its calls."""
    scene.begin()
    assert not scene.run(STORIES["create"]), "the first run of all asks more"
    for name, story in STORIES.items():
        scene.begin()
        for before in story.before:
            assert not scene.run(STORIES[before])
        calls: list[str] = []
        scene.wire.harm()
        error = scene._carried_out(story)
        calls = list(scene.wire.calls)
        assert bool(error) is story.refused, f"{name}: {error}"
        for at, call in enumerate(calls, 1):
            for fault in FAULTS:
                yield Cell(scene.kind, name, at, call, fault)


@contextmanager
def open_scene(kind: str, folder: Path) -> Iterator[Scene]:
    """Servers, each behind the wire."""
    account, tokens = NetSuiteAccount(), [Values() for _ in range(2)]
    wire, log, found = Wire(), io.StringIO(), dict(os.environ)
    for name in [n for n in os.environ if n.startswith(("AWS_", "VAULT_", "TBA_"))]:
        del os.environ[name]
    os.environ.update(
        {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            TOKEN_VARIABLE: ROOT_TOKEN,
        }
    )
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    with ExitStack() as stack:
        stack.callback(os.environ.update, found)
        stack.callback(os.environ.clear)
        quiet = SimpleNamespace(time=time.time, sleep=lambda _: None)
        stack.callback(setattr, botocore.endpoint, "time", botocore.endpoint.time)
        botocore.endpoint.time = quiet
        netsuite = stack.enter_context(
            Simulator(SimulatorConfig.from_dict(account.simulator_config()))
        )
        for number, token in enumerate(tokens):
            netsuite.state.add_token(account.id, account.token("orders", token, f" {number}"))
        proxies = [Proxy(wire, "elsewhere", "")]
        elsewhere = proxies[0].url
        proxies.append(Proxy(wire, "netsuite", netsuite.url, elsewhere))
        if kind == "aws":
            server = stack.enter_context(SecretsManagerServer())
            proxies.append(Proxy(wire, kind, server.url, elsewhere))
            declared: Any = aws_settings(proxies[2].url, prefix=PREFIX)
            inside: Store = aws_store(server.url)
        else:
            vault = dev_server(folder)
            stack.callback(vault.stop)
            mount = Api(vault.url).mount_kv()
            proxies.append(Proxy(wire, kind, vault.url, elsewhere))
            declared = vault_settings(proxies[2].url, mount)
            inside = vault_store(vault.url, mount)
        for proxy in proxies:
            stack.callback(proxy.close)
        level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(handler)
        stack.callback(root.setLevel, level)
        stack.callback(root.removeHandler, handler)
        settings = {kind: declared.model_dump(mode="json", exclude_none=True)}
        tokens.append(Values(tokens[0].identifier, Values().secret))  # a mistyped secret
        scene = Scene(
            kind, folder, account, netsuite, wire, proxies[1].url, settings, inside, tokens
        )
        scene.log = log
        yield scene


def main() -> int:
    """Print each violation, and a table of what was tried."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, help="of each store, so many; without it all of them")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--store", choices=("aws", "vault"), action="append")
    parser.add_argument(
        "--only", default="", help="cells in whose description all of these are: A; B"
    )
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)  # noqa: S311 - picks a sample
    tried: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    for kind in chosen.store or ("aws", "vault"):
        with tempfile.TemporaryDirectory() as folder, open_scene(kind, Path(folder)) as scene:
            every = [
                one
                for one in cells(scene)
                if all(word in str(one) for word in chosen.only.split("; "))
            ]
            for cell in chance.sample(every, min(chosen.cells or len(every), len(every))):
                tried[kind, cell.story] += 1
                if violations := play(scene, cell):
                    bad[kind, cell.story] += 1
                    print(f"{cell}: {'; '.join(violations)}", flush=True)  # noqa: T201
            print(f"{kind}: {tried_of(tried, kind)} of {len(every)} cells", flush=True)  # noqa: T201
    print("| story | cells | passed | violations |\n|---|---|---|---|")  # noqa: T201
    for key, number in tried.items():
        print(f"| {', '.join(key)} | {number} | {number - bad[key]} | {bad[key]} |")  # noqa: T201
    total, wrong = sum(tried.values()), sum(bad.values())
    print(f"| fault matrix | {total} cells, {total - wrong} passed | {wrong} violations |")  # noqa: T201
    return 1 if wrong else 0


def tried_of(tried: Counter[tuple[str, str]], kind: str) -> int:
    """How many cells of one store were played."""
    return sum(number for (store, _), number in tried.items() if store == kind)


if __name__ == "__main__":
    sys.exit(main())
