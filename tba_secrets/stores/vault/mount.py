"""A KV mount of either version, and how the version is found out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from tba_secrets.errors import AccessDeniedError, StoreError
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
from tba_secrets.stores.vault.client import VaultClient
from tba_secrets.stores.vault.errors import Outcome, VaultFailure
from tba_secrets.stores.vault.policy import pasted, policy_lines


class Mount(ABC):
    """What the store asks of a mount; see `Store` for each method."""

    kv_version: ClassVar[int]

    @abstractmethod
    def describe(self, name: SecretName) -> Snapshot | None: ...

    @abstractmethod
    def read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None: ...

    @abstractmethod
    def claim(self, name: SecretName, mark: OwnerMark, description: str | None) -> None: ...

    @abstractmethod
    def stage(
        self, name: SecretName, candidate: Candidate, replacing: VersionId | None
    ) -> VersionId: ...

    @abstractmethod
    def restage(self, name: SecretName, version: VersionId) -> bool: ...

    @abstractmethod
    def promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
    ) -> None: ...

    @abstractmethod
    def discard(self, name: SecretName, version: VersionId) -> None: ...

    @abstractmethod
    def note(self, name: SecretName, entry: JournalEntry) -> None: ...

    @abstractmethod
    def remove(self, name: SecretName) -> None: ...

    @abstractmethod
    def restore(self, name: SecretName) -> None: ...

    @abstractmethod
    def restore_command(self, name: SecretName) -> str: ...


def kv_version_of(client: VaultClient) -> int:
    """The version of the mount, asked before the first call: a write meant for version 2 "succeeds" on a mount of
    version 1, at the wrong path (Vault API, `/sys/internal/ui/mounts/:path`).

    Raises:
        StoreError: It is no KV mount, or one of version 1 that was not allowed.
        AccessDeniedError: It does not exist, or the login may see nothing on it.
        VaultFailure: Vault could not be asked.
    """
    settings = client.settings
    client.session.token()  # a login that is refused is no mount that is missing
    try:
        told = client.call("GET", f"sys/internal/ui/mounts/{settings.mount}").data
    except VaultFailure as failure:
        if failure.outcome is not Outcome.DENIED:
            raise
        raise AccessDeniedError(
            f"Vault at {settings.address_url} shows no mount {settings.mount}: there is none, "
            "or no policy of this login allows anything on it",
            "`vault secrets list` shows the mounts: correct `store.vault.mount` or `namespace`; "
            f"a login needs a policy with:\n{pasted(policy_lines(settings))}",
        ) from None
    version = (told.get("options") or {}).get("version") or "1"
    if told.get("type") not in ("kv", "generic") or str(version) not in ("1", "2"):
        raise StoreError(
            f"the mount {settings.mount} of Vault at {settings.address_url} is not a KV secrets engine",
            "`vault secrets list` shows the mounts and their types: correct `store.vault.mount`",
        )
    if version == "1" and not settings.allow_unversioned:
        raise StoreError(
            f"the mount {settings.mount} of Vault at {settings.address_url} is KV version 1, which keeps no "
            "previous version: there is no rollback, no check-and-set and no recoverable deletion",
            f"`vault kv enable-versioning {settings.mount}/` makes it version 2; "
            "or declare `allow_unversioned: true` and do without",
        )
    return int(version)
