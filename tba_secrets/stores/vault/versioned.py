"""A KV version 2 mount behind the store's contract.

The order of a move, repeated at each block:
1. look at the secret and its candidate, or take what the caller has just seen;
2. refuse what is not as it was when the change was decided;
3. name the candidate beside the secret, so that no later look misses it; then write with check-and-set against the
   number that was seen;
4. write down whose that version is; a kill before this step is found by equal contents;
5. take the candidate away, once its very bytes are current.

A write that is acknowledged is believed. Where check-and-set refuses one, the secret is looked at once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from tba_secrets.errors import ConflictError
from tba_secrets.sensitive import Fingerprint, Sensitive
from tba_secrets.stores import refusals
from tba_secrets.stores.failures import Outcome, StoreFailure, allowing
from tba_secrets.stores.interface import (
    OwnerMark,
    SecretName,
    Seen,
    Snapshot,
    Stage,
    StoredVersion,
    Unseen,
    VersionId,
)
from tba_secrets.stores.journal import JournalEntry
from tba_secrets.stores.vault.access import Look, VaultSecretAccess, Waiting
from tba_secrets.stores.vault.journal import JournalStorage, keep_pinned, note, pinned
from tba_secrets.stores.vault.kv2 import KvV2, KvValue, canonical
from tba_secrets.stores.vault.owner import (
    OWNER,
    all_of_ours,
    has_proof,
    owner_in,
    owner_metadata,
    owner_of,
    owner_text,
    promotion_metadata,
    proof_metadata,
)
from tba_secrets.stores.vault.secret import (
    CANDIDATE,
    Enclosed,
    Entry,
    KvPath,
    KvSecret,
    KvVersion,
    Paths,
    candidate_named,
    entries_beyond,
    entry_for,
    entry_of,
    naming,
)
from tba_secrets.stores.versions import is_placeholder

_KEPT_ENTRIES: Final = 10
"""Vault keeps ten versions by default (KV version 2 API, max_versions); an entry has about 120 of 512 bytes."""
_LOOKS: Final = 3
"""How often a promotion that others overtook is looked at again: it may be our own, by another thread."""


class VersionedMount:
    """See `Store` for each method."""

    def __init__(self, kv: KvV2) -> None:
        self.kv = kv
        self.access = VaultSecretAccess(kv)
        self.copies: set[KvPath] = set()
        """Copies that this process has written."""
        self._read_back: dict[SecretName, Enclosed] = {}
        """The candidates whose bytes a caller was given to prove: these are what promotion writes."""

    # --- look -------------------------------------------------------------------------------

    def describe(self, name: SecretName) -> Snapshot | None:
        look = self.access.look(name)
        return None if look is None else self.access.snapshot(name, look)

    def read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        if which is Stage.CURRENT:
            return _stored(self.access.current_value(name))
        last = self.access.last(name)
        if last and not isinstance(which, Stage) and (found := self.found(name, last, which)):
            # The last look says where to read; what is found there is checked, so that an old look does no harm.
            return found
        look = self.access.known(name, None)
        if look is None:
            return None
        if which is Stage.CANDIDATE:
            waiting = look.waiting.id
            return None if waiting == look.secret.current_id else self._candidate(name, look)
        if which is Stage.PREVIOUS:
            before = look.secret.previous
            return None if before is None else _stored(self._numbered(name, before))
        return self.found(name, look, which) or pinned(self._journal_storage(name, look), which)

    # --- claim, remove, restore -------------------------------------------------------------

    def claim(
        self, name: SecretName, mark: OwnerMark, description: str | None, seen: Seen
    ) -> Snapshot:
        """Metadata can be there before any version, so no placeholder is needed."""
        told = owner_metadata(mark, description)
        # 1. look  2. refuse
        look = None
        if seen is not None:
            look = self.access.known(name, None if isinstance(seen, Unseen) else seen)
        # 3. the owner's key decides between two that claim at once
        told[OWNER] = str(self._own(name, mark, look))
        # 4. the mark for people
        if look is None:
            self._mark_new(name, told)
            look = Look(KvSecret(0, {}, {}, datetime.now(UTC)), Waiting())
        else:
            changes = {k: text for k, text in told.items() if look.secret.custom.get(k) != text}
            self.kv.annotate(self.access.paths(name).current, changes)
        look = self.access.remember(name, self._settled(name, look.after(told)))
        return self.access.snapshot(name, look)

    def remove(self, name: SecretName) -> None:
        """Trust the look that `Store.remove` has just had.

        If no version was ever written nothing could be recovered, so our marks are taken off.
        """
        look = self.access.last(name) or self.access.look(name, closely=True)
        if look is None or look.secret.removed is not None:
            return
        paths, secret = self.access.paths(name), look.secret
        if look.waiting.number and not look.waiting.foreign:
            self.kv.drop(paths.candidate)
        if secret.live is None:
            self.kv.annotate(paths.current, all_of_ours(secret.custom))
            self.kv.drop(paths.owner)
        else:
            self.kv.delete_version(paths.current, secret.live.number)

    def restore(self, name: SecretName) -> None:
        look = self.access.look(name)
        if look is not None and look.secret.removed is not None:
            self.kv.undelete_version(self.access.paths(name).current, look.secret.removed.number)

    def restore_command(self, name: SecretName) -> str:
        look = self.access.look(name)
        return self.access.restore_command(name, None if look is None else look.secret.number)

    # --- candidates -------------------------------------------------------------------------

    def stage(
        self, name: SecretName, staged: Enclosed, replacing: VersionId | None, seen: Snapshot | None
    ) -> None:
        entry = staged.entry
        # 1. look  2. refuse
        look = self._claimed(name, seen)
        refusals.refuse_moved(name, replacing, look.secret.current_id)
        self.access.refuse_foreign(name, look.waiting)
        if look.waiting.id == entry.version:
            if self.access.enclosed(name) is not None:
                return
            # It is named and not there: a run was killed in between, and others may have written there since.
            look = self._claimed(name, None)
            self.access.refuse_foreign(name, look.waiting)
        # 3. name it, then write it
        paths, number = self.access.paths(name), look.waiting.number + 1
        self.kv.annotate(paths.current, naming(number, entry))
        written = None
        with allowing(Outcome.MISMATCH):
            written = self.kv.write(paths.candidate, staged.text(), look.waiting.number)
        if written is None:
            number = self._stage_over(name, staged, look.secret)
        waiting = Waiting(number, entry.version)
        self.access.remember(name, look.after(naming(number, entry), waiting))

    def restage(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> bool:
        """Let the bytes of an old version wait at the candidate's path, with the id that they had."""
        if is_placeholder(version):
            raise refusals.placeholder_refused(name)
        look = self._claimed(name, seen)
        if version in (look.secret.current_id, look.waiting.id):
            return True
        self.access.refuse_foreign(name, look.waiting)
        entry = None
        if (old := look.secret.version_of(version)) is None:
            found = pinned(self._journal_storage(name, look), version)
        else:
            found, entry = _stored(self._numbered(name, old)), look.secret.entry(old)
        if found is None:
            return False
        old_one = Enclosed(entry or Entry(version, Fingerprint("")), canonical(found.value))
        self.stage(name, old_one, look.secret.current_id, seen or self.access.snapshot(name, look))
        return True

    def promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> None:
        """Finish what another thread or a killed run has half done, too."""
        look = self._claimed(name, seen)
        enclosed = self._read_back.pop(name, None) if seen is not None else None
        if enclosed is None or enclosed.entry.version != version:
            enclosed = None if look.secret.current_id == version else self.access.enclosed(name)
        for _ in range(_LOOKS):
            after = self._promoted(name, look, enclosed, version, replacing, about, seen)
            if after is not None:
                self.access.remember(name, after)
                return
            seen, look, enclosed = None, self._claimed(name, None), self.access.enclosed(name)
        refusals.refuse_moved(name, replacing, look.secret.current_id)
        raise refusals.not_the_candidate(name, version, look.waiting.id)

    def discard(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> None:
        look = self.access.known(name, seen)
        if look is not None and seen is not None and look.waiting.id != version:
            # What was staged since it was seen is discarded too.
            look = self.access.known(name, None)
        if look is not None and look.waiting.id == version:
            self.access.remember(name, self._drop_candidate(name, look))

    def note(self, name: SecretName, entry: JournalEntry, seen: Snapshot | None) -> None:
        storage = self._journal_storage(name, self._claimed(name, seen), seen)
        note(name, storage, entry)
        self.access.remember(name, storage.look)

    # --- steps of claim ---------------------------------------------------------------------

    def _own(self, name: SecretName, mark: OwnerMark, look: Look | None) -> int:
        """Write `mark` as the next version of the owner's key, unless another stack has by now; return its number."""
        custom = {} if look is None else look.secret.custom
        before, number = owner_of(custom), int(custom.get(OWNER, 0))
        if before == mark and number:
            return number
        path = self.access.paths(name).owner
        with allowing(Outcome.MISMATCH):
            return self.kv.write(path, owner_text(mark), number).number
        found = self.kv.read(path)
        holder = None if found is None else owner_in(found.value)
        number = 0 if found is None else found.version.number
        if holder == mark:
            return number
        # A killed run of ours got no further than its claim; or the mark beside the secret lags behind the key.
        ours = holder is None or (holder.stack, holder.record) == (mark.stack, mark.record)
        if ours or holder == before:
            with allowing(Outcome.MISMATCH):
                return self.kv.write(path, owner_text(mark), number).number
        raise self._claimed_by_another(name, holder)

    def _claimed_by_another(self, name: SecretName, holder: OwnerMark | None) -> ConflictError:
        """Return the refusal; a claim that was never finished stands in the owner's key alone, so name that too."""
        error = refusals.claimed_by_another(name, holder)
        command = self.kv.client.command("kv metadata delete", self.access.paths(name).owner)
        return ConflictError(
            error.what, f"{error.remedy}; if that stack is gone, free the name with `{command}`"
        )

    def _mark_new(self, name: SecretName, told: Mapping[str, str]) -> None:
        """Write the mark beside a secret without versions. What others keep in its metadata stays."""
        path = self.access.paths(name).current
        if not self.access.was_absent(name):
            with allowing(Outcome.ABSENT):
                self.kv.annotate(path, told)
                return
        self.kv.make(path, told)

    def _settled(self, name: SecretName, look: Look) -> Look:
        """Finish what a killed promotion left: a version without its entry, or a candidate that is current by now."""
        secret, waiting = look.secret, look.waiting
        if secret.live is None or waiting.id is None or waiting.foreign:
            return look
        if waiting.id != secret.current_id:
            enclosed = self.access.enclosed(name) if secret.entry(secret.live) is None else None
            finished = None if enclosed is None else self._finished(name, look, enclosed, {})
            if finished is None:
                return look
            look = finished
        return self._drop_candidate(name, look)

    # --- steps of stage and promote -----------------------------------------------------------

    def _stage_over(self, name: SecretName, enclosed: Enclosed, secret: KvSecret) -> int:
        """Write over a candidate that nobody waits for, and return our number; refuse another run's or a stranger's."""
        paths, entry = self.access.paths(name), enclosed.entry
        there = self.kv.read(paths.candidate)
        held = None if there is None else Enclosed.parse(there.value)
        if there is not None and there.value is not None and held is None:
            self.kv.annotate(paths.current, {CANDIDATE: None})
            waiting = Waiting(there.version.number, there.version.native_id, foreign=True)
            self.access.refuse_foreign(name, waiting)
        number = 0 if there is None else there.version.number
        if held is not None and secret.version_of(held.entry.version) is None:
            # Another run's. Our name for it has replaced its own, which is put back.
            self.kv.annotate(paths.current, naming(number, held.entry))
            if held.entry.version == entry.version:
                return number
            raise refusals.not_the_candidate(name, entry.version, held.entry.version)
        self.kv.annotate(paths.current, naming(number + 1, entry))
        with allowing(Outcome.MISMATCH):
            return self.kv.write(paths.candidate, enclosed.text(), number).number
        raise refusals.not_the_candidate(name, entry.version, None)

    def _promoted(
        self,
        name: SecretName,
        look: Look,
        enclosed: Enclosed | None,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> Look | None:
        """Make `version` current; None if it is not the candidate, or current moved, as far as was seen."""
        if look.secret.current_id == version:
            look = self._note_again(name, look, about)
            return self._drop_candidate(name, look) if self._waits(name, look, version) else look
        if enclosed is None or enclosed.entry.version != version:
            return None
        # 4. alone, where it is written already
        after = self._finished(name, look, enclosed, about)
        if after is None:
            # 2. refuse
            if look.secret.current_id != replacing:
                return None
            storage = self._journal_storage(name, look, seen)
            keep_pinned(name, storage)
            # 3. and 4.
            after = self._written(name, storage.look, enclosed, about)
        # 5. take the candidate away
        if after is not None:
            self.kv.drop(self.access.paths(name).candidate)
        return after

    def _waits(self, name: SecretName, look: Look, version: VersionId) -> bool:
        """Return whether a version is still at the candidate's path: it may be there without its name, after a kill."""
        if look.waiting.id is not None:
            return look.waiting.id == version
        left = self.access.enclosed(name)
        return left is not None and left.entry.version == version

    def _note_again(self, name: SecretName, look: Look, about: Mapping[str, str]) -> Look:
        """Write what a killed run could not write beside the version that is current; what is there stays."""
        if not about or has_proof(look.secret.custom):
            return look
        changes = proof_metadata(about)
        self.kv.annotate(self.access.paths(name).current, changes)
        return look.after(changes)

    def _finished(
        self, name: SecretName, look: Look, enclosed: Enclosed, about: Mapping[str, str]
    ) -> Look | None:
        """Say whose the newest version is, if it is the candidate's bytes; None if it is not.

        A run was killed before it could say so.
        """
        newest = look.secret.live
        if newest is None or look.secret.entry(newest) is not None:
            return None
        current = self.access.current_value(name)
        if current is None or current.version != newest or current.value != enclosed.value:
            return None
        return self._say_whose(name, look, newest, enclosed.entry, about)

    def _written(
        self, name: SecretName, look: Look, enclosed: Enclosed, about: Mapping[str, str]
    ) -> Look | None:
        """Write the very bytes that were read back; None if another version was written since the look."""
        path, version = self.access.paths(name).current, None
        with allowing(Outcome.MISMATCH):
            version = self.kv.write(path, enclosed.value, look.secret.number)
        if version is None:
            return None
        look = replace(look, secret=look.secret.written(version))
        return self._say_whose(name, look, version, enclosed.entry, about)

    def _say_whose(
        self,
        name: SecretName,
        look: Look,
        version: KvVersion,
        entry: Entry,
        about: Mapping[str, str],
    ) -> Look:
        """Write beside the secret that `version` is ours, and that nothing waits any more.

        Entries of versions that Vault dropped are taken away.
        """
        changes: dict[str, str | None] = {
            **entries_beyond(look.secret.custom, version.number - _KEPT_ENTRIES + 1),
            **entry_for(version, entry),
            **promotion_metadata(version, entry),
            **proof_metadata(about),
            CANDIDATE: None,
        }
        self.kv.annotate(self.access.paths(name).current, changes)
        return look.after(changes, Waiting())

    def _drop_candidate(self, name: SecretName, look: Look) -> Look:
        """Delete the candidate's path, then its name: a look between the two finds nothing there."""
        paths = self.access.paths(name)
        self.kv.drop(paths.candidate)
        if candidate_named(look.secret.custom) is not None:
            self.kv.annotate(paths.current, {CANDIDATE: None})
        self._read_back.pop(name, None)
        return look.after({CANDIDATE: None}, Waiting())

    # --- steps of read ------------------------------------------------------------------------

    def _claimed(self, name: SecretName, seen: Snapshot | None) -> Look:
        look = self.access.known(name, seen)
        if look is None:
            raise refusals.not_claimed(name)
        return look

    def found(self, name: SecretName, look: Look, version: VersionId) -> StoredVersion | None:
        """Read the version of an id, current, old or waiting."""
        there = look.secret.version_of(version)
        if there is not None:
            stored = _stored(self._numbered(name, there))
            return None if stored is None else StoredVersion(version, stored.value)
        return self._candidate(name, look) if look.waiting.id == version else None

    def _candidate(self, name: SecretName, look: Look) -> StoredVersion | None:
        """Read the candidate back; another's under Vault's number and time."""
        if look.waiting.id is None:
            return None
        found = self.kv.read(self.access.paths(name).candidate)
        enclosed = None if found is None else Enclosed.parse(found.value)
        if enclosed is None:
            foreign = _stored(found)
            same = foreign is not None and foreign.version == look.waiting.id
            return foreign if same else None
        if enclosed.entry.version != look.waiting.id:
            return None
        self._read_back[name] = enclosed
        return StoredVersion(enclosed.entry.version, enclosed.value)

    def _numbered(self, name: SecretName, version: KvVersion) -> KvValue | None:
        """Read a version by its number; None if that number is another version by now."""
        found = self.kv.read(self.access.paths(name).current, version.number)
        same = found is not None and found.version.created_time == version.created_time
        return found if same else None

    def _journal_storage(
        self, name: SecretName, look: Look, seen: Snapshot | None = None
    ) -> _VersionedStorage:
        return _VersionedStorage(self, name, look, self.copies if seen is not None else set())


@dataclass
class _VersionedStorage(JournalStorage):
    """What the journal asks of the mount, for one secret."""

    mount: VersionedMount
    name: SecretName
    look: Look
    believed: set[KvPath]
    """Copies that need not be read back."""

    @property
    def paths(self) -> Paths:
        return self.mount.access.paths(self.name)

    @property
    def custom(self) -> Mapping[str, str]:
        return self.look.secret.custom

    def annotate(self, changes: Mapping[str, str | None]) -> None:
        self.mount.kv.annotate(self.paths.current, changes)
        self.look = self.look.after(changes)

    def find(self, version: VersionId) -> StoredVersion | None:
        return self.mount.found(self.name, self.look, version)

    def writes_left(self, version: VersionId) -> int:
        there = self.look.secret.version_of(version)
        return -1 if there is None else self.look.secret.writes_left(there)

    def copied(self, key: str) -> Sensitive | None:
        found = self.mount.kv.read(self.paths.copy(key))
        return None if found is None else found.value

    def has_copy(self, key: str) -> bool:
        """Believe a write that was acknowledged; read back what another process announced."""
        return self.paths.copy(key) in self.believed or self.copied(key) is not None

    def copy(self, key: str, value: Sensitive) -> None:
        path = self.paths.copy(key)
        try:
            self.mount.kv.write(path, value, 0)
        except StoreFailure as failure:
            there = self.mount.kv.read(path)
            if failure.outcome is not Outcome.MISMATCH or there is None:
                raise
            if there.value is None:  # somebody deleted the value, and left the number
                self.mount.kv.write(path, value, there.version.number)
        self.mount.copies.add(path)

    def drop(self, key: str) -> None:
        path = self.paths.copy(key)
        self.mount.copies.discard(path)
        self.mount.kv.drop(path)


def _stored(found: KvValue | None) -> StoredVersion | None:
    """Return a version under our id if its own answer tells it, else under Vault's number and time."""
    if found is None or found.value is None:
        return None
    entry = entry_of(found.custom, found.version)
    return StoredVersion(found.version.native_id if entry is None else entry.version, found.value)
