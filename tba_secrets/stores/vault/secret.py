"""A secret as Vault's KV version 2 shows it: its versions, and what our custom_metadata says of them. Pure.

A version number is no identity: after the metadata is deleted, numbering starts at 1 again. So each entry of ours names
the `created_time` with the number, and is ignored if the version of that number has another one.

Where a secret and its candidate are is said here too. The owner's key and the copies of versions that are to be
retired lie below the candidate's path, so one line of a policy covers them all and no reader of the prefix sees them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NewType

from tba_secrets.errors import StoreError
from tba_secrets.sensitive import Fingerprint, Sensitive
from tba_secrets.spec.model import VaultSettings
from tba_secrets.stores.interface import SecretName, VersionId

KvPath = NewType("KvPath", str)
"""A path under the mount, as the Vault CLI takes it with `-mount`."""

ENTRY: Final = "tba_version_"
"""Before a version's number: `created_time version-id fingerprint` of a version that we wrote."""
CANDIDATE: Final = "tba_candidate"
"""`number version-id fingerprint` of the candidate that waits at its path, or is about to. If it is absent nothing of
ours waits, so a look at the secret is one call."""
_ID, _FINGERPRINT, _VALUE = "tba_version", "tba_fingerprint", "value"
_DELETION_GRANULARITY: Final = 1.0
"""Seconds: of the Date header, which deletion times are compared with."""


@dataclass(frozen=True)
class Paths:
    """The places of one secret."""

    current: KvPath
    """What readers are given."""
    candidate: KvPath
    """Where a value waits for its checks."""

    @property
    def owner(self) -> KvPath:
        """The key whose versions say, by check-and-set, who manages the secret."""
        return KvPath(f"{self.candidate}/owner")

    @property
    def notes(self) -> KvPath:
        """What KV version 1 has no metadata for: `tba-candidates/notes/netsuite/a` for `netsuite/a`."""
        return KvPath(f"{self.candidate.removesuffix(self.current)}notes/{self.current}")

    def copy(self, key: str) -> KvPath:
        """Where a version that is to be retired is copied to."""
        return KvPath(f"{self.candidate}/retiring/{key}")


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
class Enclosed:
    """What is written at the candidate's path: the value, and whose it is, in one write."""

    entry: Entry
    value: Sensitive

    def text(self) -> Sensitive:
        """Return the object that is stored."""
        data = {
            _ID: self.entry.version,
            _FINGERPRINT: self.entry.fingerprint,
            _VALUE: self.value.reveal(),
        }
        return Sensitive(
            json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        )

    @classmethod
    def parse(cls, stored: Sensitive | None) -> Enclosed | None:
        """Return what was enclosed; None if something else wrote there."""
        data = {} if stored is None else json.loads(stored.reveal())
        if not {_ID, _FINGERPRINT, _VALUE} <= set(data):
            return None
        entry = Entry(VersionId(data[_ID]), Fingerprint(data[_FINGERPRINT]))
        return cls(entry, Sensitive(data[_VALUE]))


@dataclass(frozen=True)
class KvSecret:
    """One path of a KV version 2 mount, without its values."""

    number: int
    """The newest version's; 0 if none was ever written. What check-and-set compares with."""
    versions: Mapping[int, KvVersion]
    custom: Mapping[str, str]
    """The whole custom_metadata, what others wrote included."""
    now: datetime
    """The server's clock."""
    max_versions: int = 0
    """How many versions Vault keeps of this path; 0 if that is left to the mount."""
    kept: int = 0
    """How many versions were there when the secret was looked at."""

    @property
    def live(self) -> KvVersion | None:
        """The newest version, if it can be read: what a reader gets by default."""
        return self._readable(self.number)

    @property
    def previous(self) -> KvVersion | None:
        """The version before the newest, if it can be read."""
        return self._readable(self.number - 1)

    @property
    def removed(self) -> KvVersion | None:
        """The newest version, if it is deleted and can be restored."""
        newest = self.versions.get(self.number)
        if newest is None or newest.destroyed or self.is_live(newest):
            return None
        return newest

    def _readable(self, number: int) -> KvVersion | None:
        version = self.versions.get(number)
        return version if version is not None and self.is_live(version) else None

    def is_live(self, version: KvVersion) -> bool:
        """Return whether a version can be read: neither destroyed nor deleted by now."""
        if version.destroyed:
            return False
        deleted = version.deletion_time
        return deleted is None or (deleted - self.now).total_seconds() > _DELETION_GRANULARITY

    def entry(self, version: KvVersion) -> Entry | None:
        """Return what our metadata says of this very version."""
        return entry_of(self.custom, version)

    def id_of(self, version: KvVersion) -> VersionId:
        """Return our id if we wrote the version, else Vault's number and time."""
        entry = self.entry(version)
        return version.native_id if entry is None else entry.version

    def version_of(self, version: VersionId) -> KvVersion | None:
        """Return the newest version that can be read and has the id."""
        for number in sorted(self.versions, reverse=True):
            found = self.versions[number]
            if version in (self.id_of(found), found.native_id) and self.is_live(found):
                return found
        return None

    @property
    def current_id(self) -> VersionId | None:
        """The id of the version that a reader gets by default."""
        return None if self.live is None else self.id_of(self.live)

    def writes_left(self, version: KvVersion) -> int:
        """Return how many more versions can certainly be written before Vault may drop this one.

        Vault keeps the greater of the path's and the mount's number, or ten (KV version 2 API, max_versions). The
        mount's is not asked for: what was kept proves a lower bound.
        """
        return version.number + (self.max_versions or self.kept) - 1 - self.number

    def written(self, version: KvVersion) -> KvSecret:
        """Return the secret after a write that was acknowledged."""
        return replace(
            self, number=version.number, versions={**self.versions, version.number: version}
        )

    def annotated(self, changes: Mapping[str, str | None]) -> KvSecret:
        """Return the secret after its custom_metadata was merged with `changes`."""
        return replace(self, custom=merged(self.custom, changes))


def merged(custom: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return metadata with a merge patch applied: None takes a key away."""
    both = {**custom, **changes}
    return {key: text for key, text in both.items() if text is not None}


def paths_of(name: SecretName, settings: VaultSettings) -> Paths:
    """Return the places of `name`.

    Raises:
        StoreError: A segment is empty, `.` or `..`: HTTP clients take `a/../b` for `b`, so another secret would be
            written. Or candidates would be where readers of `prefix` see them.
    """
    if any(segment in ("", ".", "..") for segment in name.split("/")):
        raise StoreError(
            f"the path {name} has a segment that is empty, `.` or `..`, or ends in a slash",
            "name every segment: such a path is another one by the time Vault gets it",
        )
    if settings.candidate_prefix.startswith(settings.prefix):
        raise StoreError(
            f"store.vault.candidate_prefix {settings.candidate_prefix} lies within prefix {settings.prefix}: "
            "whoever reads there would see values that are not tested",
            "choose a folder outside the prefix, or leave candidate_prefix out",
        )
    return Paths(KvPath(name), KvPath(settings.candidate_prefix + name))


def described(answer: Mapping[str, Any], date: float | None) -> KvSecret:
    """Read the `data` of `GET metadata`; `date` is the server's clock in epoch seconds, or this machine's if absent."""
    versions = {
        int(number): kv_version(int(number), told)
        for number, told in (answer.get("versions") or {}).items()
    }
    number = int(answer.get("current_version") or 0)
    return KvSecret(
        number=number,
        versions=versions,
        custom=answer.get("custom_metadata") or {},
        now=datetime.fromtimestamp(date, UTC) if date is not None else datetime.now(UTC),
        max_versions=int(answer.get("max_versions") or 0),
        kept=number - min(versions, default=number) + 1,
    )


def kv_version(number: int, told: Mapping[str, Any]) -> KvVersion:
    """Read one version's metadata, as every endpoint of KV version 2 writes it."""
    deleted = str(
        told.get("deletion_time") or ""
    )  # of its nine digits after the point, six are read
    return KvVersion(
        number=number,
        created_time=str(told.get("created_time", "")),
        deletion_time=datetime.fromisoformat(deleted) if deleted else None,
        destroyed=bool(told.get("destroyed")),
    )


def entry_of(custom: Mapping[str, str], version: KvVersion) -> Entry | None:
    """Return the entry in `custom` that speaks of this very version."""
    created_time, _, rest = custom.get(f"{ENTRY}{version.number}", "").partition(" ")
    named, _, fingerprint = rest.partition(" ")
    if created_time != version.created_time or not named:
        return None
    return Entry(VersionId(named), Fingerprint(fingerprint))


def entry_for(version: KvVersion, entry: Entry) -> dict[str, str]:
    """Return the metadata that `entry_of` reads."""
    text = f"{version.created_time} {entry.version} {entry.fingerprint}"
    return {f"{ENTRY}{version.number}": text}


def candidate_named(custom: Mapping[str, str]) -> tuple[int, Entry] | None:
    """Return the candidate that the secret's metadata names, with its number; None if it names none."""
    number, _, rest = custom.get(CANDIDATE, "").partition(" ")
    version, _, fingerprint = rest.partition(" ")
    if not number.isdigit() or not version:
        return None
    return int(number), Entry(VersionId(version), Fingerprint(fingerprint))


def naming(number: int, entry: Entry) -> dict[str, str | None]:
    """Return the metadata that `candidate_named` reads."""
    return {CANDIDATE: f"{number} {entry.version} {entry.fingerprint}"}


def entries_beyond(custom: Mapping[str, str], oldest: int) -> dict[str, None]:
    """Return a merge patch that takes away the entries of versions older than `oldest`."""
    numbers = {key: key.removeprefix(ENTRY) for key in custom if key.startswith(ENTRY)}
    return {key: None for key, n in numbers.items() if not n.isdigit() or int(n) < oldest}
