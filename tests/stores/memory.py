"""A store in the memory of this process: the simplest one that keeps the contract. For tests, and to read.

It behaves like AWS Secrets Manager, the stricter of the two real stores: the first version of a secret is current by
itself, so `claim` writes the placeholder, and a version that carries no label can still be labelled again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import ClassVar

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import (
    UNSEEN,
    Candidate,
    OwnerMark,
    Preflight,
    SecretName,
    Snapshot,
    Stage,
    Store,
    StoredVersion,
    Unseen,
    VersionId,
)
from tba_secrets.stores.journal import JournalEntry, noted
from tba_secrets.stores.refusals import (
    claimed_by_another,
    foreign_candidate,
    not_claimed,
    not_the_candidate,
    placeholder_refused,
    refuse_moved,
    refuse_version_gone,
    scheduled_for_deletion,
)
from tba_secrets.stores.versions import (
    PLACEHOLDER,
    derived_version_id,
    is_ours,
    is_placeholder,
    placeholder_version_id,
)

RECOVERY_WINDOW = timedelta(days=30)


@dataclass
class _Secret:
    """One secret: every version that was ever written, and who plays which part."""

    versions: dict[VersionId, Sensitive] = field(default_factory=dict)
    stages: dict[Stage, VersionId] = field(default_factory=dict)
    owner: OwnerMark | None = None
    description: str | None = None
    deletion_at: datetime | None = None
    journal: dict[str, JournalEntry] = field(default_factory=dict)
    about: dict[VersionId, Mapping[str, str]] = field(default_factory=dict)

    def held(self) -> set[str]:
        """Return the versions that carry a label, or are pinned."""
        return {*self.stages.values(), *(e.version for e in self.journal.values() if e.pinned)}

    def foreign(self) -> VersionId | None:
        """Return the candidate, where somebody else wrote it; a rollback to a version of others is ours."""
        candidate = self.stages.get(Stage.CANDIDATE)
        if candidate is None or is_ours(candidate) or candidate == self.stages.get(Stage.PREVIOUS):
            return None
        return candidate

    def make_current(self, version: VersionId) -> None:
        """Move the current label; what was current becomes previous."""
        if (before := self.stages.get(Stage.CURRENT)) is not None and before != version:
            self.stages[Stage.PREVIOUS] = before
        self.stages[Stage.CURRENT] = version
        if self.stages.get(Stage.CANDIDATE) == version:
            del self.stages[Stage.CANDIDATE]


class MemoryStore(Store):
    """Secrets in a dictionary under one lock: every operation is atomic."""

    kind: ClassVar[str] = "memory"

    def __init__(self) -> None:
        self._secrets: dict[SecretName, _Secret] = {}
        self._lock = RLock()

    def write_as_another(
        self, name: SecretName, value: Sensitive, stage: Stage = Stage.CURRENT
    ) -> VersionId:
        """Write as somebody else's program does; the secret is made if it is absent. For tests."""
        with self._lock:
            secret = self._secrets.setdefault(name, _Secret())
            version = VersionId(str(uuid.uuid4()))
            secret.versions[version] = value
            if stage is Stage.CURRENT:
                secret.make_current(version)
            else:
                secret.stages[stage] = version
            return version

    def drop_unheld(self, name: SecretName) -> None:
        """Drop the versions without a label, as AWS does when it likes. For tests."""
        with self._lock:
            secret = self._secrets[name]
            held = secret.held()
            secret.versions = {v: value for v, value in secret.versions.items() if v in held}

    def about(self, name: SecretName) -> Mapping[str, str]:
        """Return what was noted beside the current version. For tests."""
        with self._lock:
            secret = self._secrets[name]
            return secret.about.get(secret.stages[Stage.CURRENT], {})

    def restore_command(self, name: SecretName) -> str:
        return f"MemoryStore.restore({name!r})"

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        with self._lock:
            yield

    def _preflight(self, names: tuple[SecretName, ...]) -> Preflight:
        return Preflight(identity="this process", settings={"secrets": str(len(names))})

    def _describe(self, name: SecretName) -> Snapshot | None:
        return self._snapshot(name) if name in self._secrets else None

    def _snapshot(self, name: SecretName) -> Snapshot:
        secret = self._secrets[name]
        current = secret.stages.get(Stage.CURRENT)
        return Snapshot(
            location=f"memory:{name}",
            stages=dict(secret.stages),
            placeholder=current if is_placeholder(current) else None,
            foreign_candidate=secret.foreign() is not None,
            owner=secret.owner,
            deletion_at=secret.deletion_at,
            journal=tuple(secret.journal.values()),
        )

    def _names(self, prefix: str) -> Iterable[SecretName]:
        return [name for name in self._secrets if name.startswith(prefix)]

    def _read(self, name: SecretName, which: Stage | VersionId) -> StoredVersion | None:
        if name not in self._secrets:
            return None
        secret = self._writable(name)
        version = secret.stages.get(which) if isinstance(which, Stage) else which
        if version is None or version not in secret.versions:
            return None
        return StoredVersion(version, secret.versions[version])

    def _claim(
        self,
        name: SecretName,
        mark: OwnerMark,
        description: str | None,
        seen: Snapshot | Unseen | None,
    ) -> Snapshot:
        if name in self._secrets:
            self._writable(name)
            owner = self._secrets[name].owner
            expected = owner if seen is UNSEEN else (None if seen is None else seen.owner)
            if (owner is not None or seen is None) and owner != expected:
                raise claimed_by_another(name, owner)
        secret = self._secrets.setdefault(name, _Secret())
        if Stage.CURRENT not in secret.stages:
            placeholder = placeholder_version_id(name, mark.claim)
            secret.versions[placeholder] = Sensitive(PLACEHOLDER)
            secret.make_current(placeholder)
        secret.owner = mark
        secret.description = description if description is not None else secret.description
        return self._snapshot(name)

    def _stage(
        self,
        name: SecretName,
        candidate: Candidate,
        replacing: VersionId | None,
        seen: Snapshot | None,
    ) -> VersionId:
        secret = self._claimed(name)
        self._expect_current(name, replacing)
        self._refuse_foreign(name)
        version = derived_version_id(name, candidate, replacing)
        secret.versions.setdefault(version, candidate.value)
        secret.stages[Stage.CANDIDATE] = version
        return version

    def _restage(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> bool:
        if is_placeholder(version):
            raise placeholder_refused(name)
        secret = self._claimed(name)
        if version not in secret.versions:
            return False
        self._refuse_foreign(name)
        if secret.stages[Stage.CURRENT] != version:
            secret.stages[Stage.CANDIDATE] = version
        return True

    def _promote(
        self,
        name: SecretName,
        version: VersionId,
        replacing: VersionId | None,
        about: Mapping[str, str],
        seen: Snapshot | None,
    ) -> None:
        secret = self._claimed(name)
        if secret.stages[Stage.CURRENT] == version:
            secret.about[version] = secret.about.get(version) or about
            return
        self._expect_current(name, replacing)
        if (candidate := secret.stages.get(Stage.CANDIDATE)) != version:
            raise not_the_candidate(name, version, candidate)
        secret.make_current(version)
        secret.about[version] = about

    def _discard(self, name: SecretName, version: VersionId, seen: Snapshot | None) -> None:
        if name in self._secrets:
            secret = self._writable(name)
            if secret.stages.get(Stage.CANDIDATE) == version:
                del secret.stages[Stage.CANDIDATE]

    def _note(self, name: SecretName, entry: JournalEntry, seen: Snapshot | None) -> None:
        secret = self._claimed(name)
        lines = noted(name, tuple(secret.journal.values()), entry)
        if entry.version not in secret.versions:
            refuse_version_gone(name, entry)
        secret.journal = {line.key: line for line in lines}

    def _remove(self, name: SecretName, seen: Snapshot) -> None:
        secret = self._secrets.get(name)
        if secret is not None and secret.deletion_at is None:
            secret.deletion_at = datetime.now(UTC) + RECOVERY_WINDOW

    def _restore(self, name: SecretName) -> None:
        if (secret := self._secrets.get(name)) is not None:
            secret.deletion_at = None

    def _writable(self, name: SecretName) -> _Secret:
        secret = self._secrets[name]
        if secret.deletion_at is not None:
            raise scheduled_for_deletion(name, secret.deletion_at, self.restore_command(name))
        return secret

    def _claimed(self, name: SecretName) -> _Secret:
        if name not in self._secrets or Stage.CURRENT not in self._writable(name).stages:
            raise not_claimed(name)
        return self._secrets[name]

    def _expect_current(self, name: SecretName, replacing: VersionId | None) -> None:
        refuse_moved(name, replacing, self._secrets[name].stages.get(Stage.CURRENT))

    def _refuse_foreign(self, name: SecretName) -> None:
        if (version := self._secrets[name].foreign()) is not None:
            raise foreign_candidate(name, version, None, "finish or cancel the other rotation")
