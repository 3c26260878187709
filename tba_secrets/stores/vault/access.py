"""A secret and its candidate on a KV version 2 mount: looked at together, and told apart. Writes nothing but marks.

The candidate's path and the secret's are two keys; Vault has no transaction over both. Each question is answered from
what one read of a key shows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from tba_secrets.errors import ScheduledForDeletionError
from tba_secrets.stores.interface import SecretName, Snapshot, Stage, VersionId
from tba_secrets.stores.refusals import foreign_candidate
from tba_secrets.stores.vault.journal import kept_journal
from tba_secrets.stores.vault.kv2 import KvV2, KvValue
from tba_secrets.stores.vault.owner import owner_of
from tba_secrets.stores.vault.paths import Paths, paths_of
from tba_secrets.stores.vault.secret import KvSecret, KvVersion


@dataclass(frozen=True)
class CandidateKey:
    """The candidate's path as it is seen."""

    number: int
    """What check-and-set compares with; 0 where the path is absent or empty."""
    exists: bool
    """The path has metadata."""
    version: KvVersion | None
    """The value that waits there, finished or not; None where none does."""
    id: VersionId | None
    """Of a candidate that is whole: ours by its entry, or another's by Vault's number and time."""
    foreign: bool = False
    """Something else wrote it."""
    age: float = 0.0
    """Seconds since `version` was written, by the server's clock."""


class SecretAccess:
    """One mount, secret by secret.

    Args:
        kv: The calls.
    """

    def __init__(self, kv: KvV2) -> None:
        self.kv = kv

    def paths(self, name: SecretName) -> Paths:
        """The places of a secret."""
        return paths_of(name, self.kv.client.settings)

    def look(self, name: SecretName) -> KvSecret | None:
        """The secret, deleted or not; None where it is absent: no version, and no mark of ours."""
        secret = self.kv.look(self.paths(name).current)
        if secret is None or (not secret.versions and owner_of(secret.custom) is None):
            return None
        return secret

    def writable(self, name: SecretName) -> KvSecret | None:
        """The secret; None where it is absent.

        Raises:
            ScheduledForDeletionError: It is deleted.
        """
        secret = self.look(name)
        if secret is not None and secret.removed is not None:
            raise self.deleted(name, secret.removed)
        return secret

    def candidate(self, name: SecretName) -> CandidateKey:
        """The candidate's path, without its value."""
        secret = self.kv.look(self.paths(name).candidate)
        if secret is None:
            return CandidateKey(0, exists=False, version=None, id=None)
        version = secret.live
        if version is None:
            return CandidateKey(secret.number, exists=True, version=None, id=None)
        if secret.entry(version) is None and secret.announced:
            age = secret.age(version)
            return CandidateKey(secret.number, exists=True, version=version, id=None, age=age)
        foreign = secret.entry(version) is None
        return CandidateKey(secret.number, True, version, secret.id_of(version), foreign)

    def snapshot(self, name: SecretName) -> Snapshot | None:
        """What the rest of tba-secrets sees of it."""
        secret = self.look(name)
        if secret is None:
            return None
        candidate = self.candidate(name)
        stages: dict[Stage, VersionId] = {}
        current = secret.live
        if current is not None:
            stages[Stage.CURRENT] = secret.id_of(current)
        if candidate.id is not None and candidate.id != stages.get(Stage.CURRENT):
            stages[Stage.CANDIDATE] = candidate.id
        if (before := self.previous(secret)) is not None:
            stages[Stage.PREVIOUS] = secret.id_of(before)
        removed = secret.removed
        return Snapshot(
            location=f"{self.kv.client.settings.mount}/{name}",
            stages=stages,
            foreign_candidate=candidate.foreign,
            owner=owner_of(secret.custom),
            deletion_at=None if removed is None else removed.deletion_time,
            journal=kept_journal(secret.custom),
        )

    def previous(self, secret: KvSecret) -> KvVersion | None:
        """The version before the newest, where it can be read."""
        before = secret.versions.get(secret.number - 1)
        return before if before is not None and secret.is_live(before) else None

    def current_value(self, name: SecretName) -> KvValue | None:
        """The newest version with its value; None where none can be read.

        Raises:
            ScheduledForDeletionError: It is deleted.
        """
        found = self.kv.read(self.paths(name).current)
        if found is None or found.version.destroyed:
            return None
        if found.value is None:
            raise self.deleted(name, found.version)
        return found

    def candidate_value(self, name: SecretName, candidate: CandidateKey) -> KvValue | None:
        """The value of the very version that was seen; None where it is gone."""
        if candidate.version is None:
            return None
        found = self.kv.read(self.paths(name).candidate, candidate.version.number)
        if found is None or found.value is None:
            return None
        same = found.version.created_time == candidate.version.created_time
        return found if same else None

    def drop_candidate(self, name: SecretName, version: VersionId) -> None:
        """Delete the candidate's path, where `version` is still what waits there."""
        if self.candidate(name).id == version:
            self.kv.drop(self.paths(name).candidate)

    def refuse_foreign(self, name: SecretName, candidate: CandidateKey) -> None:
        """Let a path pass that holds no candidate of others.

        Raises:
            ConflictError: It holds one: with the command that takes it away.
        """
        if not candidate.foreign or candidate.id is None:
            return
        command = self.kv.client.command("kv metadata delete", self.paths(name).candidate)
        raise foreign_candidate(
            name, candidate.id, None, f"let it finish; where it never will, run `{command}`"
        )

    def restore_command(self, name: SecretName, number: int | None) -> str:
        """The command that undeletes a version."""
        return self.kv.client.command(
            "kv undelete", self.paths(name).current, f"-versions={number or 'NUMBER'}"
        )

    def deleted(self, name: SecretName, version: KvVersion) -> ScheduledForDeletionError:
        """The secret is deleted, and can be restored."""
        since = version.deletion_time
        when = "" if since is None else f" on {since:%Y-%m-%d %H:%M} UTC"
        return ScheduledForDeletionError(
            f"the secret {name}: its version {version.number} was deleted{when}, "
            "and can be neither read nor written",
            f"restore it, `{self.restore_command(name, version.number)}`, or set `restore: true` for its token",
        )
