"""A KV version 2 mount behind the store's contract."""

from __future__ import annotations

from tba_secrets.stores.interface import (
    Candidate,
    OwnerMark,
    SecretName,
    Snapshot,
    Stage,
    StoredVersion,
    VersionId,
)
from tba_secrets.stores.vault.access import SecretAccess
from tba_secrets.stores.vault.claim import KvLifecycle
from tba_secrets.stores.vault.kv2 import KvV2, KvValue
from tba_secrets.stores.vault.mount import Mount
from tba_secrets.stores.vault.secret import KvSecret, entry_of
from tba_secrets.stores.vault.stage import KvStages


class VersionedMount(Mount):
    """See `Store` for each method.

    Args:
        kv: The calls.
    """

    kv_version = 2

    def __init__(self, kv: KvV2) -> None:
        self._access = SecretAccess(kv)
        self._stages = KvStages(self._access)
        self._lifecycle = KvLifecycle(self._access, self._stages)

    def describe(self, name: SecretName) -> Snapshot | None:
        return self._access.snapshot(name)

    def read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        if which is Stage.CURRENT:
            return _stored(self._access.current_value(name))
        secret = self._access.writable(name)
        if secret is None:
            return None
        if which is Stage.CANDIDATE:
            return self._candidate(name, secret)
        if which is Stage.PREVIOUS:
            before = self._access.previous(secret)
            return None if before is None else self._numbered(name, before.number)
        found = secret.version_of(which)
        if found is not None:
            return self._numbered(name, found.number, which)
        stored = self._candidate(name, secret)
        return stored if stored is not None and stored.version == which else None

    def claim(self, name: SecretName, mark: OwnerMark, description: str | None) -> None:
        self._lifecycle.claim(name, mark, description)

    def stage(
        self, name: SecretName, candidate: Candidate, replacing: VersionId | None
    ) -> VersionId:
        return self._stages.stage(name, candidate, replacing)

    def restage(self, name: SecretName, version: VersionId) -> bool:
        return self._stages.restage(name, version)

    def promote(self, name: SecretName, version: VersionId, replacing: VersionId | None) -> None:
        self._stages.promote(name, version, replacing)

    def discard(self, name: SecretName, version: VersionId) -> None:
        self._stages.discard(name, version)

    def remove(self, name: SecretName) -> None:
        self._lifecycle.remove(name)

    def restore(self, name: SecretName) -> None:
        self._lifecycle.restore(name)

    def restore_command(self, name: SecretName) -> str:
        secret = self._access.look(name)
        return self._access.restore_command(name, None if secret is None else secret.number)

    def _candidate(self, name: SecretName, secret: KvSecret) -> StoredVersion | None:
        """The candidate that waits, where it is not current already."""
        waiting = self._access.candidate(name)
        current = None if secret.live is None else secret.id_of(secret.live)
        if waiting.id is None or waiting.id == current:
            return None
        found = self._access.candidate_value(name, waiting)
        if found is None or found.value is None:
            return None
        return StoredVersion(waiting.id, found.value)

    def _numbered(
        self, name: SecretName, number: int, version: VersionId | None = None
    ) -> StoredVersion | None:
        found = _stored(self._access.kv.read(self._access.paths(name).current, number))
        if found is None or version is None:
            return found
        return StoredVersion(version, found.value)


def _stored(found: KvValue | None) -> StoredVersion | None:
    if found is None or found.value is None:
        return None
    entry = entry_of(found.custom, found.version)
    return StoredVersion(found.version.native_id if entry is None else entry.version, found.value)
