"""A KV version 2 mount behind the store's contract."""

from __future__ import annotations

from collections.abc import Mapping

from tba_secrets.stores.interface import (
    Candidate,
    OwnerMark,
    SecretName,
    Snapshot,
    Stage,
    StoredVersion,
    VersionId,
)
from tba_secrets.stores.journal import JournalEntry
from tba_secrets.stores.vault.access import SecretAccess
from tba_secrets.stores.vault.claim import KvLifecycle
from tba_secrets.stores.vault.journal import VaultJournal
from tba_secrets.stores.vault.kv2 import KvV2
from tba_secrets.stores.vault.mount import Mount
from tba_secrets.stores.vault.shelf import KvShelf, stored
from tba_secrets.stores.vault.stage import KvStages


class VersionedMount(Mount):
    """See `Store` for each method.

    Args:
        kv: The calls.
    """

    kv_version = 2

    def __init__(self, kv: KvV2) -> None:
        self._access = SecretAccess(kv)
        self._shelf = KvShelf(self._access)
        self._journal = VaultJournal(self._shelf)
        self._stages = KvStages(self._access, self._journal)
        self._lifecycle = KvLifecycle(self._access, self._stages)

    def describe(self, name: SecretName) -> Snapshot | None:
        return self._access.snapshot(name)

    def read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        if which is Stage.CURRENT:
            return stored(self._access.current_value(name))
        secret = self._access.writable(name)
        if secret is None:
            return None
        if which is Stage.CANDIDATE:
            return self._shelf.candidate(name, secret)
        if which is Stage.PREVIOUS:
            before = self._access.previous(secret)
            return None if before is None else self._shelf.numbered(name, before.number)
        found = self._shelf.found(name, secret, which)
        return found or self._journal.pinned(name, secret.custom, which)

    def claim(self, name: SecretName, mark: OwnerMark, description: str | None) -> None:
        self._lifecycle.claim(name, mark, description)

    def stage(
        self, name: SecretName, candidate: Candidate, replacing: VersionId | None
    ) -> VersionId:
        return self._stages.stage(name, candidate, replacing)

    def restage(self, name: SecretName, version: VersionId) -> bool:
        return self._stages.restage(name, version)

    def promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
    ) -> None:
        self._stages.promote(name, version, replacing, about)

    def discard(self, name: SecretName, version: VersionId) -> None:
        self._stages.discard(name, version)

    def note(self, name: SecretName, entry: JournalEntry) -> None:
        self._journal.note(name, entry)

    def remove(self, name: SecretName) -> None:
        self._lifecycle.remove(name)

    def restore(self, name: SecretName) -> None:
        self._lifecycle.restore(name)

    def restore_command(self, name: SecretName) -> str:
        secret = self._access.look(name)
        return self._access.restore_command(name, None if secret is None else secret.number)
