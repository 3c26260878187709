"""What the pipeline needs of a secret store, and no more.

A store holds versions of a secret. At most one version is *current* (what a reader gets by default), one is the
*candidate* (written, not yet proven) and one is *previous*. Every move is a compare-and-set against the version
that was read. Absent is a value (`None`); failure is a `StoreError` that never carries a response body.

Each back end implements the underscored methods; the public ones are final, and guarantee the error type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import ClassVar, Final, final

from tba_secrets.errors import StoreError
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.journal import JournalEntry, refuse_open
from tba_secrets.stores.versions import (
    Candidate as Candidate,  # part of this contract, as are
    SecretName as SecretName,
    VersionId as VersionId,
)

ABOUT: Final = ("account", "role", "verified_at", "evidence")
"""What can be noted beside a version that is promoted: what NetSuite named, when, and what was proven."""
_PARALLEL_READS: Final = 8


class Stage(Enum):
    """The part that a version plays: AWS's staging labels, and what stands for them in Vault."""

    CURRENT = "current"
    CANDIDATE = "candidate"
    PREVIOUS = "previous"


class Unseen(Enum):
    """Says that nobody looked, which differs from having seen that there is no secret."""

    UNSEEN = "unseen"


UNSEEN: Final = Unseen.UNSEEN


@dataclass(frozen=True)
class OwnerMark:
    """Who manages a secret, written beside it (AWS tags, Vault custom_metadata) and kept in Pulumi's state."""

    stack: str
    """`organization/project/stack`."""
    record: str
    """`integration/token`, as in the environment's YAML."""
    claim: str
    """Random, made anew by each Create: a replaced resource never deletes its successor's secret."""


def stages_of(
    current: VersionId | None, candidate: VersionId | None, previous: VersionId | None = None
) -> dict[Stage, VersionId]:
    """Return the versions that play a part; one that is current is no candidate, whatever label was left on it."""
    parts = {Stage.CURRENT: current, Stage.CANDIDATE: candidate, Stage.PREVIOUS: previous}
    if candidate == current:
        del parts[Stage.CANDIDATE]
    return {stage: version for stage, version in parts.items() if version is not None}


@dataclass(frozen=True)
class Snapshot:
    """What a store tells of a secret that exists, without its value."""

    location: str
    """The ARN (AWS), or `mount/path` (Vault): what a consumer is given."""
    stages: Mapping[Stage, VersionId]
    """The versions that play a part now; see `stages_of`."""
    placeholder: VersionId | None = None
    """The current version, where it is our placeholder and no credential has been promoted yet."""
    foreign_candidate: bool = False
    """The candidate was not written by tba-secrets: another rotation is in progress."""
    owner: OwnerMark | None = None
    managed_by: str | None = None
    """What else rotates or owns the secret ("a rotation function", "the service rds"); None if nothing does."""
    deletion_at: datetime | None = None
    """When a secret that is scheduled for deletion goes for good (AWS), or when it was deleted (Vault's soft delete has
    no end); None if it is neither."""
    journal: tuple[JournalEntry, ...] = ()
    """What is to be retired and what was, oldest first."""
    notices: tuple[str, ...] = field(default=(), compare=False)
    """What a person should know of the move that gave this: a changed key leaves versions under the old one."""
    native: object = field(default=None, repr=False, compare=False)
    """What the back end saw, for its own use: it spares a look where the snapshot is handed back as `seen`."""

    @property
    def deleted(self) -> str | None:
        """For people: `scheduled for deletion on 2026-01-31`, `deleted on 2026-01-01`; None if it is neither."""
        if self.deletion_at is None:
            return None
        ahead = self.deletion_at > datetime.now(UTC)
        return (
            f"{'scheduled for deletion on' if ahead else 'deleted on'} {self.deletion_at:%Y-%m-%d}"
        )


Seen = Snapshot | Unseen | None
"""What was seen of a secret that is to be claimed; None for a secret that was seen to be absent."""


@dataclass(frozen=True)
class StoredVersion:
    """One version and its value: the text of a flat JSON object of strings."""

    version: VersionId
    value: Sensitive


@dataclass(frozen=True)
class Preflight:
    """What was found out before anything is written."""

    identity: str
    """Who we are to the store, to be shown: an IAM ARN, or a Vault token's display name."""
    settings: Mapping[str, str]
    """The settings in force, those taken from the process environment included; never a secret."""


class Store(ABC):
    """One secret store, opened for one account and region, or one Vault mount.

    `seen` is what `describe` returned a moment ago: it spares a look. `replacing` is the version that was current when
    a move was decided; None if there was none.
    """

    kind: ClassVar[str]
    """`aws` or `vault`: the key under `store:` in the environment's YAML."""
    max_value_bytes: ClassVar[int] = 65536
    """The largest value, in bytes of UTF-8. AWS's limit (CreateSecret, SecretString) is the smallest of all stores'."""

    @final
    def preflight(self, names: Iterable[SecretName]) -> Preflight:
        """Find out who we are, and whether the secrets named can be written; writes nothing.

        Raises:
            AccessDeniedError: The wrong account, or a permission is missing: which one, ready to paste.
            StoreUnavailableError: The store could not be asked.
        """
        with self._typed_errors():
            return self._preflight(tuple(names))

    @final
    def describe(self, name: SecretName) -> Snapshot | None:
        """Return what the store knows of `name` without reading its value; None if it does not exist."""
        with self._typed_errors():
            return self._describe(name)

    @final
    def describe_many(self, names: Iterable[SecretName]) -> dict[SecretName, Snapshot | None]:
        """`describe` for each, some at a time: AWS's batch calls read values or lag by minutes, and KV has none."""
        from concurrent.futures import ThreadPoolExecutor

        wanted = tuple(names)
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            return dict(zip(wanted, pool.map(self.describe, wanted), strict=True))

    @final
    def names(self, prefix: str) -> tuple[SecretName, ...]:
        """Return the secrets whose names begin with `prefix`, sorted.

        A deleted one may be among them, and a very new one missing.

        Raises:
            AccessDeniedError: Listing is a permission of its own: which one, ready to paste.
        """
        with self._typed_errors():
            return tuple(sorted(self._names(prefix)))

    @final
    def read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        """Return the version that plays a part, or the version with an id; None if there is none."""
        with self._typed_errors():
            return self._read(name, which)

    @final
    def claim(
        self,
        name: SecretName,
        mark: OwnerMark,
        description: str | None = None,
        *,
        seen: Seen = UNSEEN,
    ) -> Snapshot:
        """Make the secret if it is absent, and write the owner mark, metadata and settings on it. Idempotent.

        Settings are description, tags, key and replicas. A new secret holds our placeholder, if the store would make a
        first version current. A current version that somebody wrote is left as it is. Whether an existing secret may be
        claimed is decided by the caller, from its Snapshot. The claim is a compare-and-set against `seen`, where given.
        `description` is what people read beside it, never secret; None leaves the one that is there.

        Raises:
            ScheduledForDeletionError: The secret has to be restored first.
            ConflictError: Somebody else made or claimed the secret since it was seen.
        """
        with self._typed_errors():
            return self._claim(name, mark, description, seen)

    @final
    def stage(
        self,
        name: SecretName,
        candidate: Candidate,
        replacing: VersionId | None,
        *,
        seen: Snapshot | None = None,
    ) -> VersionId:
        """Write `candidate` and label it so; it ends only when the version that holds it carries the candidate label.

        Idempotent: the same candidate over the same current version has the same id, and is never written twice.
        With `seen`, it is `promote` that finds out that current moved.

        Raises:
            ConflictError: Another version is current by now, or somebody else's candidate is in the way.
            StoreError: The value is larger than `max_value_bytes`, or the secret was not claimed.
        """
        self._refuse_oversize(name, candidate.value)
        with self._typed_errors():
            return self._stage(name, candidate, replacing, seen)

    @final
    def restage(
        self, name: SecretName, version: VersionId, *, seen: Snapshot | None = None
    ) -> bool:
        """Label an existing version as the candidate again (drift, rollback); False where it is gone.

        Nothing is done, and that is True, where the version is current.

        Raises:
            ConflictError: Somebody else's candidate is in the way.
            StoreError: `version` is the placeholder, which is no credential.
        """
        with self._typed_errors():
            return self._restage(name, version, seen)

    @final
    def promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str] | None = None,
        *,
        seen: Snapshot | None = None,
    ) -> None:
        """Make the candidate `version` current instead of `replacing`, which becomes previous. Idempotent.

        `about` is noted beside it for people (see `ABOUT`), and is never secret; a store without a place for it ignores
        it. A version that is current and has its note keeps it: to test it again writes nothing.

        Raises:
            ConflictError: Another version than `replacing` is current, or `version` is not the candidate any more.
        """
        with self._typed_errors():
            self._promote(name, version, replacing, about or {}, seen)

    @final
    def discard(
        self, name: SecretName, version: VersionId, *, seen: Snapshot | None = None
    ) -> None:
        """Take the candidate label off `version`; nothing where it is not the candidate. Current is untouched."""
        with self._typed_errors():
            self._discard(name, version, seen)

    @final
    def note(self, name: SecretName, entry: JournalEntry, *, seen: Snapshot | None = None) -> None:
        """Keep `entry` in the journal of a claimed secret, in the place of an earlier line for its version. Idempotent.

        While it is open its version is pinned: `read` and `restage` find it by its id, whatever is written since. The
        pin is there before the line, and is taken off after the line was closed. What a killed run left is put right.

        Raises:
            RetirementOpenError: More tokens wait to be revoked than the journal can hold.
            StoreError: The version is gone (a line for a person needs none), or the secret was not claimed.
            ScheduledForDeletionError: The secret has to be restored first.
        """
        with self._typed_errors():
            self._note(name, entry, seen)

    @final
    def remove(self, name: SecretName, *, seen: Snapshot | None = None) -> None:
        """Delete the secret recoverably (AWS's recovery window, Vault's soft delete); nothing where it is absent.

        Whether it is ours to delete is decided by the caller, from its Snapshot.

        Raises:
            RetirementOpenError: Its journal has an open line, which would be forgotten.
        """
        with self._typed_errors():
            snapshot = seen or self._describe(name)
            if snapshot is not None:
                refuse_open(name, snapshot.journal)
                self._remove(name, snapshot)

    @final
    def restore(self, name: SecretName) -> None:
        """Undo `remove`; nothing where the secret is not scheduled for deletion."""
        with self._typed_errors():
            self._restore(name)

    @abstractmethod
    def restore_command(self, name: SecretName) -> str:
        """Return the command that restores `name`, for messages."""

    def _refuse_oversize(self, name: SecretName, value: Sensitive) -> None:
        """Raise before any call where the value does not fit: the service would say so after it was sent."""
        size = len(value.reveal().encode())
        if not 0 < size <= self.max_value_bytes:
            raise StoreError(
                f"the secret {name}: the value has {size} bytes, and the store takes 1 to {self.max_value_bytes}",
                "see what the source gives: a credential has some hundred bytes",
            )

    @abstractmethod
    def _typed_errors(self) -> AbstractContextManager[None]:
        """Turn every error of the back end into a `StoreError` without bodies or values."""

    @abstractmethod
    def _preflight(self, names: tuple[SecretName, ...]) -> Preflight: ...

    @abstractmethod
    def _describe(self, name: SecretName) -> Snapshot | None: ...

    @abstractmethod
    def _names(self, prefix: str) -> Iterable[SecretName]: ...

    @abstractmethod
    def _read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None: ...

    @abstractmethod
    def _claim(
        self, name: SecretName, mark: OwnerMark, description: str | None, seen: Seen
    ) -> Snapshot: ...

    @abstractmethod
    def _stage(
        self,
        name: SecretName,
        candidate: Candidate,
        replacing: VersionId | None,
        seen: Snapshot | None,
    ) -> VersionId: ...

    @abstractmethod
    def _restage(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> bool: ...

    @abstractmethod
    def _promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> None: ...

    @abstractmethod
    def _discard(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> None: ...

    @abstractmethod
    def _note(self, name: SecretName, entry: JournalEntry, seen: Snapshot | None) -> None: ...

    @abstractmethod
    def _remove(self, name: SecretName, seen: Snapshot) -> None: ...

    @abstractmethod
    def _restore(self, name: SecretName) -> None: ...
