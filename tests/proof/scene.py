"""A token that is provisioned through a wire that does harm, and what must hold whatever happens on it."""

from __future__ import annotations

import io
import itertools
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tba_secrets.errors import TbaError
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.concurrency import Concurrency
from tba_secrets.netsuite.gate import Gate
from tba_secrets.payload import parse
from tba_secrets.provider.host import Host, LogSeverity
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler
from tba_secrets.sensitive import Sensitive
from tba_secrets.simulator import Simulator
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
from tests.proof.wire import SLOW, Wire
from tests.stores.aws_bench import QUICK as QUICK_AWS
from tests.stores.vault_bench import QUICK as QUICK_VAULT

assert conftest, "it has AWS's models read once"
_numbers = itertools.count(1)
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
    ends_with: tuple[str, ...] = ()
    """The story ends with an error that has one of these in it; with none if empty."""
    returns: bool = False
    """The token was current before: what comes back is a version of its own, and its line keeps the one that it was."""
    certificate: bool = False
    """The credential is a key whose certificate NetSuite has."""

    def may_end_with(self, error: str) -> bool:
        """Whether the story may end with an error; empty is none."""
        return any(words in error for words in self.ends_with) if self.ends_with else not error


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
    log: io.StringIO
    brief: bool = False
    said: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    provider: Provider = field(init=False)
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
        number = next(_numbers)
        folder = self.folder / str(number)
        folder.mkdir()
        os.environ["XDG_STATE_HOME"] = str(folder)
        state = self.netsuite.state
        for token in state.account(self.account.id).tokens:
            token.revoked = False
        state.clear_lockout(self.account.id, self.account.user_of("orders"))
        secret = f"orders-{self.kind}-{number}"
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
        error = self.carried_out(story)
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

    def carried_out(self, story: Story) -> str:
        intent, provider = self.order(story).intent(), self.provider
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

    def order(self, story: Story) -> Order:
        """What the run is asked for; its environment has what the source gives."""
        given = self.tokens[story.given]
        token = {} if story.order == "rotate" else {"orders": given}
        os.environ.update(self.account.environment(**token))
        return Order(
            given=given if story.order == "rotate" else None,
            rollback=story.order == "rollback",
            retire=story.order == "retire",
            at_once=story.order == "retire",
            overlap_seconds=86400,
        )

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
        return Client(credential, endpoint, **self.patience(record))

    def patience(self, record: str) -> dict[str, Any]:
        """How a record's clients wait: as long as the fault needs, and without pauses."""
        return {
            "record": record,
            "deadline_seconds": 1.0 if self.brief else 30.0,
            "sleep": lambda _: None,
            "probe": self._probe,
            "concurrency": Concurrency(),
        }

    def _hear(self, severity: LogSeverity, message: str, urn: str, ephemeral: bool) -> None:
        self.said.append(message)

    # --- what must hold ---------------------------------------------------------------------------

    def snapshot(self) -> Snapshot | None:
        return self.inside.describe(self.name)

    def current(self) -> str | None:
        """What readers get, as `identity` has it; None where there is none."""
        return self.labelled(Stage.CURRENT)

    def labelled(self, stage: Stage) -> str | None:
        """The credential that a stage is on, as `identity` has it; None where there is none."""
        seen = self.snapshot()
        version = None if seen is None or seen.deleted else seen.stages.get(stage)
        if version is None or is_placeholder(version):
            return None
        stored = self.inside.read(self.name, stage)
        assert stored is not None
        return self.identity(stored.value)

    def identity(self, stored: Sensitive) -> str:
        """Which credential a stored text is: both halves of a token."""
        held = parse(stored, Format(), self.name)
        return f"{held.token_id.reveal()} {held.token_secret.reveal()}"

    def proven(self) -> set[str]:
        """The credentials that NetSuite has accepted in this scene."""
        names = {self._token_name(number): self._whole(number) for number in (FIRST, SECOND)}
        audit = self.netsuite.state.audit()[self._trail :]
        return {
            names[e.token_name] for e in audit if e.success and e.request == PROVEN and e.token_name
        }

    def revoked(self) -> set[str]:
        """The credentials that are revoked at NetSuite."""
        named = self.netsuite.state.account(self.account.id).tokens
        return {
            self._whole(number)
            for number in (FIRST, SECOND)
            if any(t.revoked for t in named if t.name == self._token_name(number))
        }

    def secrets(self) -> set[str]:
        """What no output may hold."""
        pairs = [*self.tokens, *self.account.consumers.values()]
        return {value for pair in pairs for value in (pair.identifier, pair.secret)}

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
        if any(value in shown for value in self.secrets()):
            self.violations.append("a value in an output")

    def _check_readers(self, story: Story, seen: Snapshot | None) -> None:
        """What readers get has passed and is not revoked, and what they got before is still there."""
        current = self.current()
        if current is not None and current not in self.proven():
            self.violations.append("promoted unproven")
        if current in self.revoked():
            self.violations.append("revoked what readers get")
        gone = story.order == "destroy" or self._was in (None, current)
        if not gone and (current is None or self.labelled(Stage.PREVIOUS) != self._was):
            self.violations.append("lost")
        self._was = current
        version = seen.stages.get(Stage.CURRENT, "") if seen is not None else ""
        # A rollback is the one order to make an old version current again. All others write what comes back anew: under
        # the old id nobody could tell a run that was killed from one that has not begun.
        if version in self._were[:-1] and story.order != "rollback":
            self.violations.append("an old version is current again")
        if version and version not in self._were[-1:]:
            self._were.append(version)

    def _check_logins(self, story: Story, trail: list[Any], *, unheard: bool) -> None:
        """One refused login tells that a token is mistyped, or that one to be retired was revoked before.

        A second one comes only after an answer of NetSuite that was lost: nobody knows then what it said, and a proof
        asks again. A revoke is sent once.
        """
        refused = sum(not entry.success for entry in trail)
        may = 1 if story.ends_with or story.order == "retire" else 0
        if refused > may + bool(story.ends_with and unheard):
            self.violations.append(f"blind retry: {refused} refused logins")

    def _owed_or_revoked(self, seen: Snapshot | None) -> bool:
        """Whether the superseded token is revoked, or a line still says that it is to be."""
        return bool(self.revoked()) or (
            seen is not None and any(line.open for line in seen.journal)
        )

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

    def ends(self, story: Story) -> bool:
        """Whether readers get what they are to get at the end of the story."""
        return self.current() == (None if story.ends is None else self._whole(story.ends))

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
        if not self.ends(story):
            self.violations.append("not at its end")
            return
        before = self.snapshot()
        texts = Counter(self._texts(before))
        if any(number > 1 + story.returns for number in texts.values()):
            self.violations.append("duplicate")
        # a source that gives what NetSuite refuses is put right first: as long as it is not, each update asks anew
        given = FIRST if story.ends_with else story.given
        error = self.run(replace(story, order="up", given=given, ends_with=()))
        if error or before is None or self.snapshot() != before:
            self.violations.append(f"not settled: {error}")
        waiting = None if before is None else before.stages.get(Stage.CANDIDATE)
        if before is not None and waiting not in (None, before.stages[Stage.CURRENT]):
            self.violations.append("a candidate is left")
