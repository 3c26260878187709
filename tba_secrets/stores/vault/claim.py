"""A secret's beginning and end on a KV version 2 mount: claim, remove, restore."""

from __future__ import annotations

from tba_secrets.stores.interface import OwnerMark, SecretName
from tba_secrets.stores.vault.access import SecretAccess
from tba_secrets.stores.vault.owner import all_of_ours, owner_metadata
from tba_secrets.stores.vault.stage import KvStages


class KvLifecycle:
    """Makes, marks, deletes and restores secrets.

    Args:
        access: The mount.
        stages: Finishes what a killed promotion left.
    """

    def __init__(self, access: SecretAccess, stages: KvStages) -> None:
        self._access = access
        self._kv = access.kv
        self._stages = stages

    def claim(self, name: SecretName, mark: OwnerMark, description: str | None) -> None:
        """See `Store.claim`. Metadata can be there before any version, so no placeholder is needed."""
        told = owner_metadata(mark, description)
        path = self._access.paths(name).current
        secret = self._kv.look(path)
        if secret is None:
            self._kv.create(path, told)
            return
        if secret.removed is not None:
            raise self._access.deleted(name, secret.removed)
        changes = {key: text for key, text in told.items() if secret.custom.get(key) != text}
        self._kv.annotate(path, changes)
        self._stages.settle(name)

    def remove(self, name: SecretName) -> None:
        """See `Store.remove`. Where no version was ever written nothing can be recovered: our marks are taken off."""
        secret = self._access.look(name)
        if secret is None or secret.removed is not None:
            return
        candidate = self._access.candidate(name)
        paths = self._access.paths(name)
        if candidate.exists and not candidate.foreign:
            self._kv.drop(paths.candidate)
        if secret.live is None:
            self._kv.annotate(paths.current, all_of_ours(secret.custom))
        else:
            self._kv.delete_version(paths.current, secret.live.number)

    def restore(self, name: SecretName) -> None:
        """See `Store.restore`."""
        secret = self._access.look(name)
        if secret is not None and secret.removed is not None:
            self._kv.undelete_version(self._access.paths(name).current, secret.removed.number)
