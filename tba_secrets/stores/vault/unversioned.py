"""A KV version 1 mount behind the store's contract, as far as that goes: only with `allow_unversioned: true`.

Version 1 keeps one value at a path: no previous version, no check-and-set, no metadata, no undelete (Vault API, "KV
secrets engine - version 1"). So there is no rollback, two runs at once are told apart within this process only, and
deletion leaves the secret as it is. What version 2 keeps beside a secret is kept at a path of its own here.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from threading import RLock
from typing import Final

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores import refusals
from tba_secrets.stores.failures import Outcome, allowing
from tba_secrets.stores.interface import (
    OwnerMark,
    SecretName,
    Seen,
    Snapshot,
    Stage,
    StoredVersion,
    Unseen,
    VersionId,
    stages_of,
)
from tba_secrets.stores.journal import JournalEntry
from tba_secrets.stores.vault.client import VaultClient
from tba_secrets.stores.vault.journal import JournalStorage, kept_journal, note, pinned
from tba_secrets.stores.vault.kv2 import data_of, text_of
from tba_secrets.stores.vault.owner import has_proof, owner_metadata, owner_of, proof_metadata
from tba_secrets.stores.vault.secret import Enclosed, KvPath, Paths, merged, paths_of

UNMARKED: Final = VersionId("unversioned")
"""Names the value of a secret that is not ours yet: there is nothing to tell it from another by."""
_VALUE, _ID = "value", "tba_version"
_KEY, _CURRENT_ID, _CURRENT_DIGEST = "tba_key", "tba_current_id", "tba_current_digest"


class KvV1:
    """The calls of a KV version 1 mount."""

    def __init__(self, client: VaultClient) -> None:
        self.client = client

    def read(self, path: KvPath) -> dict[str, str] | None:
        """Read what is at a path; None if it is absent."""
        with allowing(Outcome.ABSENT):
            return dict(self.client.call("GET", self._at(path)).data)
        return None

    def write(self, path: KvPath, data: Mapping[str, str]) -> None:
        """Put a value in the place of what is there. Carried out twice it is the same."""
        self.client.call("POST", self._at(path), dict(data))

    def delete(self, path: KvPath) -> None:
        """Delete for good."""
        self.client.call("DELETE", self._at(path))

    def _at(self, path: KvPath) -> str:
        return f"{self.client.settings.mount}/{path}"


@dataclass(frozen=True)
class _Look:
    """One secret with all that belongs to it."""

    paths: Paths
    value: Sensitive | None
    notes: Mapping[str, str] = field(repr=False)
    """Empty if the secret was not claimed. They hold the key that tells values apart."""
    candidate: Mapping[str, str] | None = field(repr=False)

    @property
    def current(self) -> VersionId | None:
        """Our id while the value is the one that we wrote, else one that changes with the value."""
        if self.value is None:
            return None
        if not self.notes:
            return UNMARKED
        digest = _digest(self.notes, self.value)
        if self.notes.get(_CURRENT_DIGEST) == digest:
            return VersionId(self.notes[_CURRENT_ID])
        return VersionId(f"{UNMARKED}@{digest}")

    @property
    def foreign(self) -> bool:
        """Whether something else wrote the candidate."""
        return self.candidate is not None and _ID not in self.candidate

    @property
    def waiting(self) -> VersionId | None:
        """The candidate."""
        if self.candidate is None:
            return None
        return VersionId(self.candidate.get(_ID, f"{UNMARKED}-candidate"))

    @property
    def waiting_value(self) -> Sensitive | None:
        """The candidate's value."""
        if self.candidate is None:
            return None
        text = None if self.foreign else self.candidate.get(_VALUE)
        return text_of(self.candidate) if text is None else Sensitive(text)

    def find(self, which: Stage | VersionId) -> StoredVersion | None:
        """Return the version that plays a part, or has an id; None if it is gone."""
        for stage, version, value in (
            (Stage.CURRENT, self.current, self.value),
            (Stage.CANDIDATE, self.waiting, self.waiting_value),
        ):
            if which in (stage, version) and version is not None and value is not None:
                return StoredVersion(version, value)
        return None


class UnversionedMount:
    """See `Store` for each method."""

    def __init__(self, kv: KvV1) -> None:
        self.kv = kv
        self._lock = RLock()

    def describe(self, name: SecretName) -> Snapshot | None:
        seen = self.look(name)
        if seen.value is None and not seen.notes:
            return None
        return Snapshot(
            location=f"{self.kv.client.settings.mount}/{name}",
            stages=stages_of(seen.current, seen.waiting),
            foreign_candidate=seen.foreign,
            owner=owner_of(seen.notes),
            journal=kept_journal(seen.notes),
        )

    def read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        seen = self.look(name)
        found = seen.find(which)
        if found is not None or isinstance(which, Stage):
            return found
        return pinned(_NotesStorage(self, name, seen), which)

    def claim(
        self, name: SecretName, mark: OwnerMark, description: str | None, before: Seen
    ) -> Snapshot:
        """Without check-and-set, two that claim at the same instant are not told apart."""
        with self._lock:
            seen = self.look(name)
            owner = owner_of(seen.notes)
            expected = owner if isinstance(before, Unseen) else before and before.owner
            if owner not in (None, expected):
                raise refusals.claimed_by_another(name, owner)
            told = owner_metadata(mark, description)
            notes = {_KEY: secrets.token_hex(32), **seen.notes, **told}
            if notes != seen.notes:
                self.kv.write(seen.paths.notes, notes)
            current_again = seen.value is not None and seen.waiting_value == seen.value
            if current_again and not seen.foreign:
                self._finish(replace(seen, notes=notes), {})
        if (claimed := self.describe(name)) is None:
            raise refusals.not_claimed(name)
        return claimed

    def stage(
        self, name: SecretName, staged: Enclosed, replacing: VersionId | None, _: Snapshot | None
    ) -> None:
        version = staged.entry.version
        with self._lock:
            seen = self.claimed(name)
            refusals.refuse_moved(name, replacing, seen.current)
            self._refuse_foreign(name, seen)
            if seen.waiting != version:
                self.kv.write(seen.paths.candidate, {_ID: version, _VALUE: staged.value.reveal()})

    def restage(self, name: SecretName, version: VersionId, _: Snapshot | None) -> bool:
        """Go back to what is pinned; nothing else is there."""
        with self._lock:
            seen = self.claimed(name)
            if version in (seen.current, seen.waiting):
                return True
            self._refuse_foreign(name, seen)
            copy = pinned(_NotesStorage(self, name, seen), version)
            if copy is None:
                return False
            self.kv.write(seen.paths.candidate, {_ID: version, _VALUE: copy.value.reveal()})
            return True

    def promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        _: Snapshot | None,
    ) -> None:
        """Write the value, then whose it is. A kill between the two is found by equal contents."""
        with self._lock:
            seen = self.claimed(name)
            value = seen.waiting_value
            if seen.current != version:
                if seen.waiting != version or value is None:
                    raise refusals.not_the_candidate(name, version, seen.waiting)
                if seen.value != value:
                    refusals.refuse_moved(name, replacing, seen.current)
                    self.kv.write(seen.paths.current, data_of(value))
            if seen.waiting == version:
                self._finish(seen, about)
            elif about and not has_proof(seen.notes):
                self.kv.write(seen.paths.notes, merged(seen.notes, proof_metadata(about)))

    def discard(self, name: SecretName, version: VersionId, _: Snapshot | None) -> None:
        with self._lock:
            seen = self.look(name)
            if seen.waiting == version:
                self.kv.delete(seen.paths.candidate)

    def note(self, name: SecretName, entry: JournalEntry, _: Snapshot | None) -> None:
        with self._lock:
            note(name, _NotesStorage(self, name, self.claimed(name)), entry)

    def remove(self, name: SecretName) -> None:
        """Delete the candidate. The secret stays: nothing could bring it back."""
        with self._lock:
            seen = self.look(name)
            if seen.waiting is not None and not seen.foreign:
                self.kv.delete(seen.paths.candidate)

    def restore(self, name: SecretName) -> None:
        """Do nothing: nothing was deleted."""

    def restore_command(self, name: SecretName) -> str:
        return self.kv.client.command("kv get", KvPath(name))

    def _refuse_foreign(self, name: SecretName, seen: _Look) -> None:
        if seen.foreign and seen.waiting is not None:
            command = self.kv.client.command("kv delete", seen.paths.candidate)
            raise refusals.foreign_candidate(name, seen.waiting, None, f"run `{command}`")

    def _finish(self, seen: _Look, about: Mapping[str, str]) -> None:
        """Note that the candidate's value is current, and take the candidate away."""
        version, value = seen.waiting, seen.waiting_value
        if version is None or value is None:
            return
        whose = {_CURRENT_ID: version, _CURRENT_DIGEST: _digest(seen.notes, value)}
        notes = merged(seen.notes, {**whose, **proof_metadata(about)})
        if notes != seen.notes:
            self.kv.write(seen.paths.notes, notes)
        self.kv.delete(seen.paths.candidate)

    def look(self, name: SecretName) -> _Look:
        paths = paths_of(name, self.kv.client.settings)
        data, notes = self.kv.read(paths.current), self.kv.read(paths.notes)
        value = None if data is None else text_of(data)
        return _Look(paths, value, notes or {}, self.kv.read(paths.candidate))

    def claimed(self, name: SecretName) -> _Look:
        """Look at the secret, which must have been claimed."""
        seen = self.look(name)
        if not seen.notes:
            raise refusals.not_claimed(name)
        return seen


@dataclass
class _NotesStorage(JournalStorage):
    """What the journal asks of the mount: the notes are its metadata, and the value lasts until the next write."""

    mount: UnversionedMount
    name: SecretName
    seen: _Look

    @property
    def custom(self) -> Mapping[str, str]:
        return self.seen.notes

    def annotate(self, changes: Mapping[str, str | None]) -> None:
        self.seen = self.mount.claimed(self.name)
        notes = merged(self.custom, changes)
        if notes != self.seen.notes:
            self.mount.kv.write(self.seen.paths.notes, notes)
        self.seen = replace(self.seen, notes=notes)

    def find(self, version: VersionId) -> StoredVersion | None:
        return self.seen.find(version)

    def writes_left(self, version: VersionId) -> int:
        return 0 if self.seen.current == version else -1

    def copied(self, key: str) -> Sensitive | None:
        data = self.mount.kv.read(self.seen.paths.copy(key))
        return None if data is None else Sensitive(data[_VALUE])

    def copy(self, key: str, value: Sensitive) -> None:
        self.mount.kv.write(self.seen.paths.copy(key), {_VALUE: value.reveal()})

    def drop(self, key: str) -> None:
        self.mount.kv.delete(self.seen.paths.copy(key))


def _digest(notes: Mapping[str, str], value: Sensitive) -> str:
    """Return what tells values apart, made with a random key that stays in Vault."""
    key = notes.get(_KEY, "").encode()
    return hmac.new(key, value.reveal().encode(), sha256).hexdigest()[:40]
