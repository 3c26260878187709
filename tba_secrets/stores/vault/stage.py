"""Candidates on a KV version 2 mount: stage, promote, discard, restage.

The order, repeated at each block:
1. look at the secret and at its candidate's path;
2. refuse what is not as it was when the change was decided;
3. announce on the candidate's path, then write with check-and-set against the number just seen;
4. write down whose version that is; a kill before this step is found by what was announced, or by equal contents;
5. take the candidate away, once its very bytes are current.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tba_secrets.errors import StoreError
from tba_secrets.sensitive import Fingerprint, Sensitive
from tba_secrets.stores.interface import Candidate, SecretName, VersionId
from tba_secrets.stores.refusals import (
    moved_by_another,
    not_claimed,
    not_the_candidate,
    placeholder_refused,
)
from tba_secrets.stores.vault.access import CandidateKey, SecretAccess
from tba_secrets.stores.vault.errors import Outcome, VaultFailure
from tba_secrets.stores.vault.journal import VaultJournal
from tba_secrets.stores.vault.kv2 import KvValue, data_of, text_of
from tba_secrets.stores.vault.owner import has_proof, promotion_metadata, proof_metadata
from tba_secrets.stores.vault.secret import (
    ANNOUNCED,
    Entry,
    KvSecret,
    KvVersion,
    entries_beyond,
    entry_for,
    entry_of,
)
from tba_secrets.stores.versions import derived_version_id, is_placeholder

_KEPT_ENTRIES: Final = 10
"""Vault keeps ten versions by default (KV version 2 API, max_versions); an entry has about 120 of 512 bytes."""
_ABANDONED: Final = 600.0
"""Seconds after which a candidate without an entry is no longer one that another run is about to finish."""
_LOOKS: Final = 3
"""How often a promotion that others overtook is looked at again: it may be our own, by another thread."""


class KvStages:
    """The moves of a candidate.

    Args:
        access: The mount.
        journal: Where a version that is to be retired is found after Vault dropped it.
    """

    def __init__(self, access: SecretAccess, journal: VaultJournal) -> None:
        self._access = access
        self._journal = journal
        self._kv = access.kv

    def stage(
        self, name: SecretName, candidate: Candidate, replacing: VersionId | None
    ) -> VersionId:
        """See `Store.stage`."""
        value = text_of(data_of(candidate.value))
        entry = Entry(derived_version_id(name, candidate, replacing), candidate.fingerprint)
        # 1. look  2. refuse
        secret = self._claimed(name)
        if (current := _current_id(secret)) != replacing:
            raise moved_by_another(name, replacing, current)
        waiting = self._access.candidate(name)
        self._access.refuse_foreign(name, waiting)
        if waiting.id != entry.version:
            self._place(name, waiting, value, entry)
        return entry.version

    def restage(self, name: SecretName, version: VersionId) -> bool:
        """See `Store.restage`: the bytes of an old version wait at the candidate's path, with the id that they had."""
        if is_placeholder(version):
            raise placeholder_refused(name)
        # 1. look  2. refuse
        secret = self._claimed(name)
        waiting = self._access.candidate(name)
        if version in (_current_id(secret), waiting.id):
            return True
        self._access.refuse_foreign(name, waiting)
        if (old := secret.version_of(version)) is None:
            entry, copy = None, self._journal.pinned(name, secret.custom, version)
            value = None if copy is None else copy.value
        else:
            stored = self._kv.read(self._access.paths(name).current, old.number)
            entry, value = secret.entry(old), None if stored is None else stored.value
        if value is None:
            return False
        self._place(name, waiting, value, entry or Entry(version, Fingerprint("")))
        return True

    def promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
    ) -> None:
        """See `Store.promote`. What another thread or a killed run has half done is finished."""
        for _ in range(_LOOKS):
            if self._promoted(name, version, replacing, about):
                # 5. take the candidate away
                self._access.drop_candidate(name, version)
                return
        raise moved_by_another(name, replacing, _current_id(self._claimed(name)))

    def discard(self, name: SecretName, version: VersionId) -> None:
        """See `Store.discard`."""
        if self._access.writable(name) is not None:
            self._access.drop_candidate(name, version)

    def settle(self, name: SecretName) -> None:
        """Finish what a killed promotion left: a version without its entry, or a candidate that is current by now."""
        secret = self._access.look(name)
        waiting = self._access.candidate(name)
        if waiting.version is not None and waiting.id is None and waiting.age > _ABANDONED:
            self._kv.drop(self._access.paths(name).candidate)
        if secret is None or secret.live is None or waiting.id is None or waiting.foreign:
            return
        if waiting.id != _current_id(secret):
            stored = self._access.candidate_value(name, waiting)
            if stored is None or not self._finished(name, secret, stored, {}):
                return
        self._access.drop_candidate(name, waiting.id)

    def _promoted(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
    ) -> bool:
        """Whether `version` is current now; False where another write came in between."""
        # 1. look
        secret = self._claimed(name)
        current, waiting = _current_id(secret), self._access.candidate(name)
        if current == version:
            self._note_again(name, secret, about)
            return True
        stored = self._access.candidate_value(name, waiting) if waiting.id == version else None
        if stored is None:
            return self._overtaken(name, version, replacing)
        # 4. alone, where it is written already
        if self._finished(name, secret, stored, about):
            return True
        # 2. refuse
        if current != replacing:
            raise moved_by_another(name, replacing, current)
        # 3. and 4.
        return self._written(name, secret, stored, about)

    def _note_again(self, name: SecretName, secret: KvSecret, about: Mapping[str, str]) -> None:
        """What a killed run did not get to write beside the version that is current; what is there stays."""
        if about and not has_proof(secret.custom):
            self._kv.annotate(self._access.paths(name).current, proof_metadata(about))

    def _overtaken(self, name: SecretName, version: VersionId, replacing: VersionId | None) -> bool:
        """No such candidate waits any more: True where another thread has promoted it meanwhile."""
        current = _current_id(self._claimed(name))
        if current == version:
            return True
        if current != replacing:
            raise moved_by_another(name, replacing, current)
        raise not_the_candidate(name, version, self._access.candidate(name).id)

    def _place(
        self, name: SecretName, waiting: CandidateKey, value: Sensitive, entry: Entry
    ) -> None:
        """Let a value wait at the candidate's path."""
        path = self._access.paths(name).candidate
        stored = self._access.candidate_value(name, waiting) if waiting.id is None else None
        if stored is not None and stored.value == value:
            version = stored.version
        else:
            # 3. announce, then write
            announced = {ANNOUNCED: str(waiting.number + 1)}
            try:
                if waiting.exists:
                    self._kv.annotate(path, announced)
                else:
                    self._kv.create(path, announced)
                version = self._kv.write(path, value, waiting.number)
            except VaultFailure as failure:
                if failure.outcome not in (Outcome.MISMATCH, Outcome.ABSENT):
                    raise
                found = self._access.candidate(name).id
                if found == entry.version:
                    return
                raise not_the_candidate(name, entry.version, found) from None
        # 4. write down whose it is
        self._label(name, version, entry)

    def _label(self, name: SecretName, version: KvVersion, entry: Entry) -> None:
        path = self._access.paths(name).candidate
        try:
            self._kv.annotate(path, entry_for(version, entry))
        except VaultFailure as failure:
            if failure.outcome is not Outcome.ABSENT:
                raise
            raise not_the_candidate(name, entry.version, None) from None

    def _finished(
        self, name: SecretName, secret: KvSecret, stored: KvValue, about: Mapping[str, str]
    ) -> bool:
        """Whether the newest version is the candidate's bytes, by a run that did not get to say so; now it is said."""
        newest = secret.live
        if newest is None or secret.entry(newest) is not None:
            return False
        current = self._access.current_value(name)
        if current is None or current.version != newest or current.value != stored.value:
            return False
        self._say_whose(name, secret, newest, stored, about)
        return True

    def _written(
        self, name: SecretName, secret: KvSecret, stored: KvValue, about: Mapping[str, str]
    ) -> bool:
        """Write the very bytes that were read back; False where another version was written since `secret` was seen."""
        if stored.value is None:
            return False
        try:
            version = self._kv.write(self._access.paths(name).current, stored.value, secret.number)
        except VaultFailure as failure:
            if failure.outcome is not Outcome.MISMATCH:
                raise
            return False
        self._say_whose(name, secret, version, stored, about)
        return True

    def _say_whose(
        self,
        name: SecretName,
        secret: KvSecret,
        version: KvVersion,
        stored: KvValue,
        about: Mapping[str, str],
    ) -> None:
        """Write beside the secret that `version` is ours. Entries of versions that Vault dropped are taken away."""
        entry = entry_of(stored.custom, stored.version)
        if entry is None:
            raise StoreError(
                f"the secret {name}: the candidate lost its entry while it was promoted",
                "run the command again: it reads the store anew",
            )
        changes: dict[str, str | None] = {
            **entries_beyond(secret.custom, version.number - _KEPT_ENTRIES + 1),
            **entry_for(version, entry),
            **promotion_metadata(version, entry),
            **proof_metadata(about),
        }
        self._kv.annotate(self._access.paths(name).current, changes)

    def _claimed(self, name: SecretName) -> KvSecret:
        secret = self._access.writable(name)
        if secret is None:
            raise not_claimed(name)
        return secret


def _current_id(secret: KvSecret) -> VersionId | None:
    return None if secret.live is None else secret.id_of(secret.live)
