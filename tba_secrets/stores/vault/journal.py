"""The journal in Vault: lines in the metadata beside a secret, and copies of the versions that are to be retired.

KV keeps a number of versions (`max_versions`: the greater of the key's and the mount's, else ten; KV version 2 API,
"Create/Update Metadata") and not the ones that are named to it, version 1 only the newest. So what must outlive later
writes is copied into the candidates' tree, which readers do not see.

The order, repeated at each block:
1. look at the secret;
2. refuse what the journal cannot hold;
3. pin the version: announce its copy, then write it, so that a line never speaks of one that Vault may drop;
4. write the line;
5. put right what another run did meanwhile, then delete the copies that nothing waits for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import SecretName, StoredVersion, VersionId
from tba_secrets.stores.journal import JournalEntry, journal_of, noted
from tba_secrets.stores.refusals import refuse_version_gone
from tba_secrets.stores.vault.paths import KvPath

LINE: Final = "tba_journal_"
"""Before the key of a journal's line."""
PIN: Final = "tba_retiring_"
"""Before the key of a version that is copied, or about to be: holds its id."""
_COPIES: Final = "/retiring/"


class Shelf(ABC):
    """What the journal asks of a mount."""

    @abstractmethod
    def metadata(self, name: SecretName) -> Mapping[str, str]:
        """What is kept beside a secret.

        Raises:
            StoreError: The secret was not claimed.
            ScheduledForDeletionError: It is deleted.
        """

    @abstractmethod
    def annotate(self, name: SecretName, changes: Mapping[str, str | None]) -> None:
        """Merge into it; None takes a key away."""

    @abstractmethod
    def find(self, name: SecretName, version: VersionId) -> StoredVersion | None:
        """A version where it is without a copy; None where it is gone."""

    @abstractmethod
    def candidate_path(self, name: SecretName) -> KvPath:
        """Where candidates of the secret wait."""

    @abstractmethod
    def copied(self, path: KvPath) -> Sensitive | None:
        """What is at a copy's path."""

    @abstractmethod
    def copy(self, path: KvPath, value: Sensitive) -> None:
        """Write it there, where nothing is."""

    @abstractmethod
    def drop(self, path: KvPath) -> None:
        """Delete it for good; nothing where it is absent."""


class VaultJournal:
    """Lines and copies.

    Args:
        shelf: The mount.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def note(self, name: SecretName, entry: JournalEntry) -> None:
        """See `Store.note`. Three writes for a new line and three to close it; none where all is as it should be."""
        # 1. look  2. refuse
        custom = self._shelf.metadata(name)
        lines = noted(name, kept_journal(custom), entry)
        # 3. pin
        self._pin(name, entry, custom)
        # 4. write
        self._shelf.annotate(name, _line_changes(custom, lines))
        # 5. put right
        custom = self._shelf.metadata(name)
        self._pin(name, entry, custom)
        self._drop_loose(name, _loose(custom))

    def pinned(
        self, name: SecretName, custom: Mapping[str, str], version: VersionId
    ) -> StoredVersion | None:
        """A version from its copy; None where it has none."""
        for key, text in custom.items():
            if key.startswith(PIN) and text == version:
                value = self._shelf.copied(self._path(name, key.removeprefix(PIN)))
                return None if value is None else StoredVersion(version, value)
        return None

    def _pin(self, name: SecretName, entry: JournalEntry, custom: Mapping[str, str]) -> None:
        """Let a copy be there, where the line is open."""
        version = VersionId(entry.version)
        if not entry.pinned or self.pinned(name, custom, version) is not None:
            return
        if (found := self._shelf.find(name, version)) is None:
            refuse_version_gone(name, entry)
            return
        self._shelf.annotate(name, {f"{PIN}{entry.key}": version})
        self._shelf.copy(self._path(name, entry.key), found.value)

    def _drop_loose(self, name: SecretName, keys: list[str]) -> None:
        """Delete copies, and make those again whose line another run has just written."""
        for key in keys:
            self._shelf.drop(self._path(name, key))
            self._shelf.annotate(name, {f"{PIN}{key}": None})
        if keys:
            custom = self._shelf.metadata(name)
            for entry in kept_journal(custom):
                if entry.key in keys:
                    self._pin(name, entry, custom)

    def _path(self, name: SecretName, key: str) -> KvPath:
        return KvPath(f"{self._shelf.candidate_path(name)}{_COPIES}{key}")


def kept_journal(custom: Mapping[str, str]) -> tuple[JournalEntry, ...]:
    """The journal in the metadata, oldest first.

    Raises:
        StoreError: A line is not one of ours.
    """
    return journal_of(custom, LINE)


def _line_changes(
    custom: Mapping[str, str], lines: tuple[JournalEntry, ...]
) -> dict[str, str | None]:
    """What differs from the lines that are to be kept, as a merge patch."""
    wanted = {f"{LINE}{line.key}": line.line() for line in lines}
    gone: dict[str, str | None] = {
        key: None for key in custom if key.startswith(LINE) and key not in wanted
    }
    return gone | {key: text for key, text in wanted.items() if custom.get(key) != text}


def _loose(custom: Mapping[str, str]) -> list[str]:
    """The keys of the copies of which no open line speaks."""
    needed = {entry.key for entry in kept_journal(custom) if entry.pinned}
    pinned = {key.removeprefix(PIN) for key in custom if key.startswith(PIN)}
    return sorted(pinned - needed)
