"""HashiCorp Vault as a store: one KV mount.

The policies that it needs are made by `policy`; preflight and every refusal print what is missing, ready to
paste. Logins: see `auth`. What the Vault CLI and hvac take from the environment (VAULT_ADDR, VAULT_NAMESPACE,
~/.vault-token) is not taken here: the environment's YAML says it all, and preflight shows what applies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import ClassVar

from tba_secrets.errors import StoreError, StoreUnavailableError
from tba_secrets.spec.model import VaultSettings
from tba_secrets.stores.failures import StoreFailure
from tba_secrets.stores.interface import (
    Candidate,
    OwnerMark,
    Preflight,
    SecretName,
    Seen,
    Snapshot,
    Stage,
    Store,
    StoredVersion,
    VersionId,
)
from tba_secrets.stores.journal import JournalEntry
from tba_secrets.stores.vault.client import VaultClient
from tba_secrets.stores.vault.kv2 import KvV2, canonical
from tba_secrets.stores.vault.preflight import examined, kv_version_of
from tba_secrets.stores.vault.retry import VaultRetry
from tba_secrets.stores.vault.secret import Enclosed, Entry
from tba_secrets.stores.vault.transport import Deadline
from tba_secrets.stores.vault.unversioned import KvV1, UnversionedMount
from tba_secrets.stores.vault.versioned import VersionedMount
from tba_secrets.stores.versions import derived_version_id


class VaultStore(Store):
    """Secrets of one KV mount. Thread-safe; asks Vault nothing until it is used."""

    kind: ClassVar[str] = "vault"

    def __init__(
        self,
        settings: VaultSettings,
        *,
        deadline: Deadline | None = None,
        retry: VaultRetry | None = None,
    ) -> None:
        self._settings = settings
        self._client = VaultClient(settings, deadline, retry)
        self._opening = Lock()
        self._mount: VersionedMount | UnversionedMount | None = None

    def restore_command(self, name: SecretName) -> str:
        with self._typed_errors():
            return self._opened().restore_command(name)

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except StoreFailure as failure:
            error: StoreError = failure.error
        except (AttributeError, KeyError, TypeError, ValueError) as unexpected:
            error = StoreUnavailableError(
                f"Vault at {self._settings.address_url} gave an answer that cannot be read "
                f"({type(unexpected).__name__})",
                "check `store.vault.address`; then run the command again, which reads back what was done",
            )
        else:
            return
        try:
            raise error
        finally:
            error.__context__ = None  # what was caught may hold a part of the answer

    def _preflight(self, names: tuple[SecretName, ...]) -> Preflight:
        return examined(self._client, names, self._opened)

    def _describe(self, name: SecretName) -> Snapshot | None:
        return self._opened().describe(name)

    def _names(self, prefix: str) -> Iterator[SecretName]:
        """List folder by folder; softly deleted secrets are among the names.

        What ends in a slash is a folder, and an empty folder is a 404 (Vault API, "KV secrets engine", "List Secrets").
        """
        self._opened()
        mount = self._settings.mount + ("/metadata" if self._client.kv_version == 2 else "")
        folders = [prefix[: prefix.rfind("/") + 1]]
        while folders:
            folder = folders.pop()
            told = self._client.call("LIST", f"{mount}/{folder}", expected=(404,)).data
            paths = [folder + key for key in told.get("keys", ())]
            found = [path for path in paths if path.startswith(prefix)]
            folders += [path for path in found if path.endswith("/")]
            yield from (SecretName(path) for path in found if not path.endswith("/"))

    def _read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        return self._opened().read(name, which)

    def _claim(
        self, name: SecretName, mark: OwnerMark, description: str | None, seen: Seen
    ) -> Snapshot:
        return self._opened().claim(name, mark, description, seen)

    def _stage(
        self,
        name: SecretName,
        candidate: Candidate,
        replacing: VersionId | None,
        seen: Snapshot | None,
    ) -> VersionId:
        version = derived_version_id(name, candidate, replacing)
        entry, mount = Entry(version, candidate.fingerprint), self._opened()
        mount.stage(name, Enclosed(entry, canonical(candidate.value)), replacing, seen)
        return version

    def _restage(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> bool:
        return self._opened().restage(name, version, seen)

    def _promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> None:
        self._opened().promote(name, version, replacing, about, seen)

    def _discard(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> None:
        self._opened().discard(name, version, seen)

    def _note(self, name: SecretName, entry: JournalEntry, seen: Snapshot | None) -> None:
        self._opened().note(name, entry, seen)

    def _remove(self, name: SecretName, seen: Snapshot) -> None:
        self._opened().remove(name)

    def _restore(self, name: SecretName) -> None:
        self._opened().restore(name)

    def _opened(self) -> VersionedMount | UnversionedMount:
        """Return the mount; its version is asked once."""
        with self._opening:
            if self._mount is None:
                self._client.kv_version = kv_version_of(self._client)
                if self._client.kv_version == 2:
                    self._mount = VersionedMount(KvV2(self._client))
                else:
                    self._mount = UnversionedMount(KvV1(self._client))
            return self._mount
