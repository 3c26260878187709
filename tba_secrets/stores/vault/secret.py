"""A secret as Vault's KV version 2 shows it: its versions, and what our custom_metadata says of them. Pure.

A version number is no identity: after the metadata is deleted, numbering starts at 1 again. So each entry of ours names
the `created_time` with the number, and is ignored where the version of that number has another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tba_secrets.sensitive import Fingerprint
from tba_secrets.stores.interface import VersionId

ENTRY: Final = "tba_version_"
"""Before a version's number: `created_time version-id fingerprint` of a version that we wrote."""
ANNOUNCED: Final = "tba_announced"
"""The number that a version of ours is about to get: it says whose a version without an entry is after a kill."""
_NATIVE: Final = re.compile(r"([1-9][0-9]*)@(.+)")
_FRACTION: Final = re.compile(r"\.(\d+)")
_DELETION_GRANULARITY: Final = 1.0
"""Seconds: of the Date header, which deletion times are compared with."""


@dataclass(frozen=True)
class KvVersion:
    """One version, without its value."""

    number: int
    created_time: str
    """As Vault wrote it, to the nanosecond: compared as text."""
    deletion_time: datetime | None
    """When it was deleted or, with `delete_version_after`, will be."""
    destroyed: bool

    @property
    def native_id(self) -> VersionId:
        """What names a version that others wrote: `3@2026-01-02T03:04:05.678901234Z`."""
        return VersionId(f"{self.number}@{self.created_time}")


@dataclass(frozen=True)
class Entry:
    """What our metadata says of one version."""

    version: VersionId
    fingerprint: Fingerprint


@dataclass(frozen=True)
class KvSecret:
    """One path of a KV version 2 mount, without its values."""

    number: int
    """The newest version's; 0 where none was ever written. What check-and-set compares with."""
    versions: Mapping[int, KvVersion]
    custom: Mapping[str, str]
    """The whole custom_metadata, what others wrote included."""
    now: datetime
    """The server's clock."""

    @property
    def newest(self) -> KvVersion | None:
        """The version that a reader gets by default, or would if it was not deleted."""
        return self.versions.get(self.number)

    @property
    def live(self) -> KvVersion | None:
        """The newest version, where it can be read."""
        newest = self.newest
        return newest if newest is not None and self.is_live(newest) else None

    @property
    def removed(self) -> KvVersion | None:
        """The newest version, where it is deleted and can be restored."""
        newest = self.newest
        if newest is None or newest.destroyed or self.is_live(newest):
            return None
        return newest

    def is_live(self, version: KvVersion) -> bool:
        """Whether a version can be read: neither destroyed nor deleted by now."""
        if version.destroyed:
            return False
        deleted = version.deletion_time
        return deleted is None or (deleted - self.now).total_seconds() > _DELETION_GRANULARITY

    def entry(self, version: KvVersion) -> Entry | None:
        """What our metadata says of this very version."""
        return entry_of(self.custom, version)

    def id_of(self, version: KvVersion) -> VersionId:
        """Our id where we wrote it, else Vault's number and time."""
        entry = self.entry(version)
        return version.native_id if entry is None else entry.version

    def age(self, version: KvVersion) -> float:
        """Seconds since a version was written, by the server's clock."""
        created = _time(version.created_time)
        return 0.0 if created is None else (self.now - created).total_seconds()

    def version_of(self, version: VersionId) -> KvVersion | None:
        """The newest version that can be read and has the id."""
        for number in sorted(self.versions, reverse=True):
            found = self.versions[number]
            if version in (self.id_of(found), found.native_id) and self.is_live(found):
                return found
        return None

    @property
    def announced(self) -> bool:
        """Whether the newest version is ours although no entry speaks of it: a kill came between."""
        return self.custom.get(ANNOUNCED) == str(self.number)


def described(answer: Mapping[str, Any], date: float | None) -> KvSecret:
    """Read the answer to `GET metadata`.

    Args:
        answer: Its `data`.
        date: The server's clock, epoch seconds; this machine's where it is not told.
    """
    versions = {
        int(number): kv_version(int(number), told)
        for number, told in (answer.get("versions") or {}).items()
    }
    return KvSecret(
        number=int(answer.get("current_version") or 0),
        versions=versions,
        custom=answer.get("custom_metadata") or {},
        now=datetime.fromtimestamp(date, UTC) if date is not None else datetime.now(UTC),
    )


def kv_version(number: int, told: Mapping[str, Any]) -> KvVersion:
    """One version's metadata, as every endpoint of KV version 2 writes it."""
    return KvVersion(
        number=number,
        created_time=str(told.get("created_time", "")),
        deletion_time=_time(str(told.get("deletion_time") or "")),
        destroyed=bool(told.get("destroyed")),
    )


def entry_of(custom: Mapping[str, str], version: KvVersion) -> Entry | None:
    """The entry in `custom` that speaks of this very version."""
    created_time, _, rest = custom.get(f"{ENTRY}{version.number}", "").partition(" ")
    named, _, fingerprint = rest.partition(" ")
    if created_time != version.created_time or not named:
        return None
    return Entry(VersionId(named), Fingerprint(fingerprint))


def entry_for(version: KvVersion, entry: Entry) -> dict[str, str]:
    """The metadata that `entry_of` reads."""
    text = f"{version.created_time} {entry.version} {entry.fingerprint}"
    return {f"{ENTRY}{version.number}": text}


def entries_beyond(custom: Mapping[str, str], oldest: int) -> dict[str, None]:
    """The entries of versions older than `oldest`, as a merge patch takes them away."""
    numbers = {key: key.removeprefix(ENTRY) for key in custom if key.startswith(ENTRY)}
    return {key: None for key, n in numbers.items() if not n.isdigit() or int(n) < oldest}


def _time(text: str) -> datetime | None:
    """RFC 3339, of which Vault writes nine digits after the point and Python reads six."""
    if not text:
        return None
    shortened = _FRACTION.sub(lambda match: f".{match.group(1)[:6]:0<6}", text)
    return datetime.fromisoformat(shortened)
