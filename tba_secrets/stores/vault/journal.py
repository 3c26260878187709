"""The journal in Vault: lines in the metadata beside a secret, and copies of the versions that are to be retired.

KV keeps a number of versions (`max_versions`: the greater of the key's and the mount's, else ten; KV version 2 API,
"Create/Update Metadata") and not the ones that are named to it, version 1 only the newest. So what Vault may drop soon
is copied into the candidates' tree, which readers do not see.

The order, repeated at each block:
1. refuse what the journal cannot hold;
2. delete the copies that no open line needs, unless a copy is all that is left of the version: a run that is killed
   here must still find it;
3. write the line, and announce the copy that it needs with it: a copy is never there without its announcement;
4. copy; a run that is killed before leaves an announcement, and the next one reads back whether the copy is there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import SecretName, StoredVersion, VersionId
from tba_secrets.stores.journal import JournalEntry, journal_of, noted
from tba_secrets.stores.refusals import refuse_version_gone

LINE: Final = "tba_journal_"
"""Before the key of a journal's line."""
PIN: Final = "tba_retiring_"
"""Before the key of a version that is copied, or about to be: holds its id."""

_WRITES_TO_OUTLAST: Final = 4
"""A pinned version that this many more writes cannot drop needs no copy yet: our own, and some of others between two
runs of ours."""


class JournalStorage(ABC):
    """What the journal asks of a mount, for one secret."""

    @property
    @abstractmethod
    def custom(self) -> Mapping[str, str]:
        """What is kept beside the secret, as it was seen or written last."""

    @abstractmethod
    def annotate(self, changes: Mapping[str, str | None]) -> None:
        """Merge into it; None takes a key away."""

    @abstractmethod
    def find(self, version: VersionId) -> StoredVersion | None:
        """Read a version where it is without a copy; None if it is gone."""

    @abstractmethod
    def writes_left(self, version: VersionId) -> int:
        """Return how many writes cannot drop a version; below 0 if it may be gone already."""

    @abstractmethod
    def copied(self, key: str) -> Sensitive | None:
        """Read a copy; None if it is not there."""

    def has_copy(self, key: str) -> bool:
        """Return whether a copy is there that was announced."""
        return self.copied(key) is not None

    @abstractmethod
    def copy(self, key: str, value: Sensitive) -> None:
        """Write a copy."""

    @abstractmethod
    def drop(self, key: str) -> None:
        """Delete a copy for good; nothing if it is absent."""


def note(name: SecretName, storage: JournalStorage, entry: JournalEntry) -> None:
    """See `Store.note`. One write for a line, two for one that needs a copy or ends one; none if nothing differs."""
    version = VersionId(entry.version)
    # 1. refuse
    lines = noted(name, kept_journal(storage.custom), entry)
    missing = _missing_copy(name, storage, entry)
    changes = _line_changes(storage.custom, lines)
    # 2. delete
    loose = _loose(storage.custom, lines)
    if entry.key in loose and storage.writes_left(version) < 0:
        storage.annotate(changes)
        changes = {}
    for key in loose:
        storage.drop(key)
    # 3. write
    changes |= {f"{PIN}{key}": None for key in loose}
    if missing is not None:
        changes |= {f"{PIN}{entry.key}": version}
    storage.annotate(
        {key: text for key, text in changes.items() if storage.custom.get(key) != text}
    )
    # 4. copy
    if missing is not None:
        storage.copy(entry.key, missing)


def keep_pinned(name: SecretName, storage: JournalStorage) -> None:
    """Copy, before a write, what is pinned and may be dropped by one of the next few."""
    for entry in kept_journal(storage.custom):
        # What is gone has its copy, or is past saving: no reason to refuse the write.
        there = storage.writes_left(VersionId(entry.version)) >= 0
        if there and (missing := _missing_copy(name, storage, entry)) is not None:
            storage.annotate({f"{PIN}{entry.key}": entry.version})
            storage.copy(entry.key, missing)


def pinned(storage: JournalStorage, version: VersionId) -> StoredVersion | None:
    """Read a version from its copy; None if it has none."""
    for key, text in storage.custom.items():
        if key.startswith(PIN) and text == version:
            value = storage.copied(key.removeprefix(PIN))
            return None if value is None else StoredVersion(version, value)
    return None


def _missing_copy(
    name: SecretName, storage: JournalStorage, entry: JournalEntry
) -> Sensitive | None:
    """Return the value that is yet to be copied; None if the version needs no copy, or has it."""
    version = VersionId(entry.version)
    if not entry.pinned or storage.writes_left(version) >= _WRITES_TO_OUTLAST:
        return None
    if storage.custom.get(f"{PIN}{entry.key}") == version and storage.has_copy(entry.key):
        return None
    if (found := storage.find(version)) is None:
        refuse_version_gone(name, entry)
        return None
    return found.value


def kept_journal(custom: Mapping[str, str]) -> tuple[JournalEntry, ...]:
    """Return the journal in the metadata; see `journal_of`."""
    return journal_of(custom, LINE)


def _line_changes(
    custom: Mapping[str, str], lines: tuple[JournalEntry, ...]
) -> dict[str, str | None]:
    """Return what differs from the lines that are to be kept, as a merge patch."""
    wanted = {f"{LINE}{line.key}": line.line() for line in lines}
    gone: dict[str, str | None] = {
        key: None for key in custom if key.startswith(LINE) and key not in wanted
    }
    return gone | {key: text for key, text in wanted.items() if custom.get(key) != text}


def _loose(custom: Mapping[str, str], lines: tuple[JournalEntry, ...]) -> list[str]:
    """Return the keys of the copies that no open line needs."""
    needed = {entry.key for entry in lines if entry.pinned}
    announced = {key.removeprefix(PIN) for key in custom if key.startswith(PIN)}
    return sorted(announced - needed)
