"""A secret and its candidate on a KV version 2 mount: looked at together, and told apart. Writes nothing.

The candidate's path and the secret's are two keys; Vault has no transaction over both. The secret's metadata names the
candidate before it is written, so a secret without one costs one call. What somebody else put at the candidate's path
is met at the latest when we write there, which is a check-and-set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tba_secrets.errors import ScheduledForDeletionError
from tba_secrets.stores.interface import SecretName, Snapshot, VersionId, stages_of
from tba_secrets.stores.refusals import foreign_candidate
from tba_secrets.stores.vault.journal import kept_journal
from tba_secrets.stores.vault.kv2 import KvV2, KvValue
from tba_secrets.stores.vault.owner import owner_of
from tba_secrets.stores.vault.secret import (
    Enclosed,
    KvSecret,
    KvVersion,
    Paths,
    candidate_named,
    paths_of,
)


@dataclass(frozen=True)
class Waiting:
    """The candidate's path as it was seen, or as nobody looked at it because no candidate is named."""

    number: int = 0
    """What check-and-set compares with; 0 where the path is absent or empty."""
    id: VersionId | None = None
    """Of the candidate: ours, or another's by Vault's number and time; None if none waits."""
    foreign: bool = False
    """Something else wrote it."""


@dataclass(frozen=True)
class Look:
    """What one look saw, or what our own writes have made of it since: a snapshot's `native`."""

    secret: KvSecret
    waiting: Waiting
    origin: object = field(default_factory=object, repr=False, compare=False)
    """Tells looks apart: what was written since shares it."""

    def after(self, changes: Mapping[str, str | None], waiting: Waiting | None = None) -> Look:
        """Return the look after custom_metadata was merged with `changes`, and the candidate is as given."""
        secret = self.secret.annotated(changes)
        return replace(self, secret=secret, waiting=waiting or self.waiting)


class VaultSecretAccess:
    """One mount, secret by secret."""

    def __init__(self, kv: KvV2) -> None:
        self._kv = kv
        self._last: dict[SecretName, Look | None] = {}

    def paths(self, name: SecretName) -> Paths:
        return paths_of(name, self._kv.client.settings)

    def look(self, name: SecretName, *, closely: bool = False) -> Look | None:
        """Look at a secret, deleted or not; None if there is no version and no mark of ours.

        `closely` looks at the candidate's path too if no candidate is named: a killed run may have left one.
        """
        self._last.pop(name, None)
        secret = self._kv.look(self.paths(name).current)
        if secret is None:
            self._last[name] = None
            return None
        if not secret.versions and owner_of(secret.custom) is None:
            return None
        named = candidate_named(secret.custom) is not None
        waiting = Waiting()
        if named or closely or secret.live is None:
            waiting = self._waiting(name, secret, closely=closely)
        return self.remember(name, Look(secret, waiting))

    def remember(self, name: SecretName, look: Look) -> Look:
        """Keep what was seen last, for `last`."""
        self._last[name] = look
        return look

    def last(self, name: SecretName) -> Look | None:
        """Return what this process saw last: a hint where to read, never the base of a write."""
        return self._last.get(name)

    def was_absent(self, name: SecretName) -> bool:
        """Return whether the last look found no such path, not even metadata of others."""
        return name in self._last and self._last[name] is None

    def known(self, name: SecretName, seen: Snapshot | None) -> Look | None:
        """Return what `seen` tells and we have written since, or look closely; raise if the secret is deleted."""
        native = None if seen is None else seen.native
        if isinstance(native, Look):
            last = self._last.get(name)
            ours = last is not None and last.origin is native.origin
            look: Look | None = last if ours else native
        else:
            look = self.look(name, closely=True)
        if look is not None and look.secret.removed is not None:
            raise self.deleted(name, look.secret.removed)
        return look

    def snapshot(self, name: SecretName, look: Look) -> Snapshot:
        """Return what the rest of tba-secrets sees of it."""
        secret, waiting = look.secret, look.waiting
        before, removed = secret.previous, secret.removed
        previous = None if before is None else secret.id_of(before)
        return Snapshot(
            location=f"{self._kv.client.settings.mount}/{name}",
            stages=stages_of(secret.current_id, waiting.id, previous),
            foreign_candidate=waiting.foreign,
            owner=owner_of(secret.custom),
            deletion_at=None if removed is None else removed.deletion_time,
            journal=kept_journal(secret.custom),
            native=look,
        )

    def current_value(self, name: SecretName) -> KvValue | None:
        """Read the newest version; None if none can be read. Raise if it is deleted."""
        found = self._kv.read(self.paths(name).current)
        if found is None or found.version.destroyed:
            return None
        if found.value is None:
            raise self.deleted(name, found.version)
        return found

    def enclosed(self, name: SecretName) -> Enclosed | None:
        """Read the candidate back; None if none of ours is there."""
        found = self._kv.read(self.paths(name).candidate)
        return None if found is None else Enclosed.parse(found.value)

    def refuse_foreign(self, name: SecretName, waiting: Waiting) -> None:
        """Raise ConflictError if another tool's candidate is in the way, with the command that takes it away."""
        if not waiting.foreign or waiting.id is None:
            return
        command = self._kv.client.command("kv metadata delete", self.paths(name).candidate)
        raise foreign_candidate(
            name, waiting.id, None, f"let it finish; where it never will, run `{command}`"
        )

    def restore_command(self, name: SecretName, number: int | None) -> str:
        return self._kv.client.command(
            "kv undelete", self.paths(name).current, f"-versions={number or 'NUMBER'}"
        )

    def deleted(self, name: SecretName, version: KvVersion) -> ScheduledForDeletionError:
        """Return the refusal of a secret that is deleted and can be restored."""
        since = version.deletion_time
        when = "" if since is None else f" on {since:%Y-%m-%d %H:%M} UTC"
        return ScheduledForDeletionError(
            f"the secret {name}: its version {version.number} was deleted{when}, "
            "and can be neither read nor written",
            f"restore it, `{self.restore_command(name, version.number)}`, or set `restore: true` for its token",
        )

    def _waiting(self, name: SecretName, secret: KvSecret, *, closely: bool) -> Waiting:
        """Look at the candidate's path; its metadata tells enough, so a login that may not read values can look."""
        there = self._kv.look(self.paths(name).candidate)
        if there is None or there.live is None:
            return Waiting(0 if there is None else there.number)
        named = candidate_named(secret.custom)
        if closely:
            # The name may be missing after a kill before the candidate was taken away, or speak of a write that a kill
            # prevented. The value tells.
            ours = self.enclosed(name)
            if ours is not None:
                return Waiting(there.number, ours.entry.version)
        elif named is not None and named[0] == there.number:
            return Waiting(there.number, named[1].version)
        return Waiting(there.number, there.live.native_id, foreign=True)
