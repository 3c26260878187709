"""A store in memory that remembers its writes and fails on request, and what a record needs to be staged in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from tba_secrets.digest import DigestKeys
from tba_secrets.errors import StoreError
from tba_secrets.lifecycle import act
from tba_secrets.lifecycle.decide import decide, versions_to_read
from tba_secrets.lifecycle.facts import PARTS, Declared, Remembered, Up
from tba_secrets.lifecycle.look import Looked, look
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse, render
from tba_secrets.places import Place
from tba_secrets.sensitive import Sensitive, fingerprint
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import (
    Candidate,
    OwnerMark,
    SecretName,
    Snapshot,
    StoredVersion,
    Unseen,
    VersionId,
)
from tba_secrets.stores.journal import JournalEntry
from tests.stores.memory import MemoryStore

NAME = SecretName("netsuite/test/orders")
MARK = OwnerMark(stack="acme/netsuite/test", record="warehouse/orders", claim="claim-one")
KEY = b"k" * 32
ACCOUNT = "1234567_SB1"


class RecordingStore(MemoryStore):
    """Notes each write before it is done; a write named in `failing` fails instead."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.failing: dict[str, StoreError] = {}
        self.managed_by: str | None = None

    def lose(self, name: SecretName) -> None:
        """As if it had been deleted for good."""
        del self._secrets[name]

    def _wrote(self, write: str) -> None:
        if write in self.failing:
            raise self.failing[write]
        self.writes.append(write)

    def _describe(self, name: SecretName) -> Snapshot | None:
        snapshot = super()._describe(name)
        return None if snapshot is None else replace(snapshot, managed_by=self.managed_by)

    def _claim(
        self,
        name: SecretName,
        mark: OwnerMark,
        description: str | None,
        seen: Snapshot | Unseen | None,
    ) -> Snapshot:
        self._wrote("claim")
        return super()._claim(name, mark, description, seen)

    def _stage(
        self,
        name: SecretName,
        candidate: Candidate,
        replacing: VersionId | None,
        seen: Snapshot | None,
    ) -> VersionId:
        self._wrote("stage")
        return super()._stage(name, candidate, replacing, seen)

    def _restage(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> bool:
        self._wrote("restage")
        return super()._restage(name, version, seen)

    def _promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> None:
        self._wrote("promote")
        super()._promote(name, version, replacing, about, seen)

    def _discard(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> None:
        self._wrote("discard")
        super()._discard(name, version, seen)

    def _note(self, name: SecretName, entry: JournalEntry, seen: Snapshot | None) -> None:
        if "note" in self.failing:  # lines are looked at in the journal, and not among the writes
            raise self.failing["note"]
        super()._note(name, entry, seen)

    def _remove(self, name: SecretName, seen: Snapshot) -> None:
        self._wrote("remove")
        super()._remove(name, seen)

    def _restore(self, name: SecretName) -> None:
        self._wrote("restore")
        super()._restore(name)


class AwsMemory(RecordingStore):
    """Stands where `store: {aws: ...}` is declared."""

    kind: ClassVar[str] = "aws"


class VaultMemory(RecordingStore):
    """Stands where `store: {vault: ...}` is declared."""

    kind: ClassVar[str] = "vault"


class StoppedError(Exception):
    """The run was cancelled."""


@dataclass
class Proceed:
    """Lets so many writes through, then stops the run."""

    left: int = 1000
    asked: int = field(default=0, init=False)

    def __call__(self) -> None:
        self.asked += 1
        if self.asked > self.left:
            raise StoppedError


def credential(token_secret: str = "token-secret-a") -> TbaCredential:
    """An obviously fake credential; only its token secret differs."""
    return TbaCredential(
        account=ACCOUNT,
        consumer_key=Sensitive("consumer-key"),
        consumer_secret=Sensitive("consumer-secret"),
        token_id=Sensitive("token-id"),
        token_secret=Sensitive(token_secret),
    )


def candidate(token_secret: str = "token-secret-a") -> Candidate:
    """The credential as it is stored."""
    value = render(credential(token_secret), Format())
    return Candidate(value, fingerprint(KEY, value.reveal()))


def place(store: RecordingStore, *, adopt: bool = False, restore: bool = False) -> Place:
    """Where the record is kept."""
    return Place(store, NAME, MARK, adopt, restore)


def current(store: MemoryStore, value: Candidate) -> VersionId:
    """Make `value` what readers get, as a run that passed would have."""
    store.claim(NAME, MARK)
    snapshot = store.describe(NAME)
    assert snapshot is not None
    before = next(iter(snapshot.stages.values()))
    version = store.stage(NAME, value, replacing=before)
    store.promote(NAME, version, replacing=before)
    return version


def held(store: MemoryStore, version: VersionId) -> StoredVersion:
    """The version, which must be there."""
    stored = store.read(NAME, version)
    assert stored is not None
    return stored


@dataclass(frozen=True)
class Staged:
    """The version that holds the wanted content, and what to tell consumers."""

    version: VersionId
    location: str


def stage(
    place: Place,
    value: Candidate,
    proceed: Callable[[], None] = lambda: None,
    remembered: Remembered | None = None,
) -> Staged:
    """Bring a credential into one store as a plain update does: look, decide, act."""
    looked, remembered = Looked(), remembered or Remembered()
    act.admit(place, looked.snapshot(place), remembered)
    claimed = act.claim(looked, place, proceed)
    wanted = parse(value.value, Format(), "")
    keys = DigestKeys.of(None, None, ACCOUNT, MARK.record)
    declared = Declared(MARK.record, ACCOUNT, Format(), keys)
    where = {place.store.kind: place}
    offered = {part: wanted.pair(part) for part in PARTS}
    needed = versions_to_read(declared, remembered, look(looked, where), offered, Up())
    seen = look(looked, where, [Format()], needed)
    plan = decide(declared, remembered, seen, offered, Up(), now=1)
    written = act.carry_out(looked, place, plan.steps, declared, proceed)
    return Staged(written or plan.versions[place.store.kind], claimed.location)
