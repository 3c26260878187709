"""What the journal asks of a KV version 2 mount: versions by their id, and copies of them."""

from __future__ import annotations

from collections.abc import Mapping

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import SecretName, StoredVersion, VersionId
from tba_secrets.stores.refusals import not_claimed
from tba_secrets.stores.vault.access import SecretAccess
from tba_secrets.stores.vault.errors import Outcome, VaultFailure
from tba_secrets.stores.vault.journal import Shelf
from tba_secrets.stores.vault.kv2 import KvValue
from tba_secrets.stores.vault.paths import KvPath
from tba_secrets.stores.vault.secret import KvSecret, entry_of


class KvShelf(Shelf):
    """See `Shelf`.

    Args:
        access: The mount.
    """

    def __init__(self, access: SecretAccess) -> None:
        self._access = access
        self._kv = access.kv

    def metadata(self, name: SecretName) -> Mapping[str, str]:
        secret = self._access.writable(name)
        if secret is None:
            raise not_claimed(name)
        return secret.custom

    def annotate(self, name: SecretName, changes: Mapping[str, str | None]) -> None:
        self._kv.annotate(self._access.paths(name).current, changes)

    def find(self, name: SecretName, version: VersionId) -> StoredVersion | None:
        secret = self._access.writable(name)
        return None if secret is None else self.found(name, secret, version)

    def found(self, name: SecretName, secret: KvSecret, version: VersionId) -> StoredVersion | None:
        """As `find`, in a secret that was looked at."""
        if (there := secret.version_of(version)) is not None:
            return self.numbered(name, there.number, version)
        waiting = self.candidate(name, secret)
        return waiting if waiting is not None and waiting.version == version else None

    def candidate(self, name: SecretName, secret: KvSecret) -> StoredVersion | None:
        """The candidate that waits, where it is not current already."""
        waiting = self._access.candidate(name)
        current = None if secret.live is None else secret.id_of(secret.live)
        if waiting.id is None or waiting.id == current:
            return None
        found = self._access.candidate_value(name, waiting)
        if found is None or found.value is None:
            return None
        return StoredVersion(waiting.id, found.value)

    def numbered(
        self, name: SecretName, number: int, version: VersionId | None = None
    ) -> StoredVersion | None:
        """The version of a number, under the id that it was asked for by."""
        found = stored(self._kv.read(self._access.paths(name).current, number))
        if found is None or version is None:
            return found
        return StoredVersion(version, found.value)

    def candidate_path(self, name: SecretName) -> KvPath:
        return self._access.paths(name).candidate

    def copied(self, path: KvPath) -> Sensitive | None:
        found = self._kv.read(path)
        return None if found is None else found.value

    def copy(self, path: KvPath, value: Sensitive) -> None:
        there = self._kv.look(path)
        try:
            self._kv.write(path, value, 0 if there is None else there.number)
        except VaultFailure as failure:
            if failure.outcome is not Outcome.MISMATCH or self.copied(path) is None:
                raise

    def drop(self, path: KvPath) -> None:
        self._kv.drop(path)


def stored(found: KvValue | None) -> StoredVersion | None:
    """A version under our id where its own answer tells it, else under Vault's number and time."""
    if found is None or found.value is None:
        return None
    entry = entry_of(found.custom, found.version)
    return StoredVersion(found.version.native_id if entry is None else entry.version, found.value)
