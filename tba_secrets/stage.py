"""Candidate -> store: the value is written and labelled, and nobody reads it by default.

Input: one place (a store and a name in it) and a candidate. Output: the version that holds it. It must not move what is
current, and it refuses a secret that is not ours before it writes anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tba_secrets.errors import ConflictError, NotOursError, ScheduledForDeletionError
from tba_secrets.payload import same_content
from tba_secrets.stores.interface import (
    Candidate,
    OwnerMark,
    SecretName,
    Snapshot,
    Stage,
    Store,
    VersionId,
)


@dataclass(frozen=True)
class Place:
    """Where one record is kept in one store, and on what terms."""

    store: Store
    name: SecretName
    mark: OwnerMark
    adopt: bool = False
    restore: bool = False
    description: str | None = None

    def __str__(self) -> str:
        return f"{self.store.kind} secret {self.name}"


@dataclass(frozen=True)
class Staged:
    """The version that holds the wanted content, and what to tell consumers."""

    version: VersionId
    location: str


def stage(
    place: Place, candidate: Candidate, known: VersionId | None, proceed: Callable[[], None]
) -> Staged:
    """Bring `candidate` into the store, writing only what is not there already.

    1. Look, and refuse what is not ours to write.
    2. Restore (where allowed), claim.
    3. Content equal to current: nothing is written.
    4. Content equal to the candidate, or to the version that state names: labelled again, not written again.
    5. Otherwise written as a new version, by compare-and-set against what is current.

    Args:
        place: The secret.
        candidate: The value.
        known: The version that state names, if any: labelled again where it holds this very content.
        proceed: Called before each write; it raises where the run was cancelled.

    Raises:
        NotOursError: Another stack owns the secret, something else rotates it, or a foreign candidate is in the way.
        ScheduledForDeletionError: It is deleted, or is going to be, and `restore` was not declared.
        ConflictError: Somebody moved current in the meantime.
    """
    snapshot = place.store.describe(place.name)
    admit(place, snapshot)
    if snapshot is not None and snapshot.deletion_at is not None:
        proceed()
        place.store.restore(place.name)
    proceed()
    place.store.claim(place.name, place.mark, place.description)
    snapshot = _claimed(place)
    version = _held(place, snapshot, candidate, known, proceed)
    if version is None:
        proceed()
        current = snapshot.stages.get(Stage.CURRENT)
        version = place.store.stage(place.name, candidate, replacing=current)
    return Staged(version, snapshot.location)


def admit(place: Place, snapshot: Snapshot | None) -> None:
    """Refuse a secret that is not ours to write. Writes nothing."""
    if snapshot is None:
        return
    if snapshot.managed_by:
        raise NotOursError(
            f"{place} is managed by {snapshot.managed_by}",
            "two rotations of one secret break each other: name another secret, or end the other one",
        )
    if snapshot.deleted is not None and not place.restore:
        raise ScheduledForDeletionError(
            f"{place} is {snapshot.deleted}",
            f"restore it (`{place.store.restore_command(place.name)}`), or declare `restore: true`",
        )
    if (owner := snapshot.owner) is None:
        if not place.adopt:
            raise NotOursError(
                f"{place} exists and was not made by tba-secrets",
                "declare `adopt: true` on the token to take it over as it is, or name another secret",
            )
    elif owner.stack != place.mark.stack and not place.adopt:
        raise NotOursError(
            f"{place} belongs to {owner.record} of the stack {owner.stack}",
            "name another secret, or declare `adopt: true` on the token to take it over",
        )
    if snapshot.foreign_candidate and not place.adopt:
        raise NotOursError(
            f"{place} has a pending version that tba-secrets did not write",
            "another rotation is in progress: let it end, or take the pending label off that version",
        )


def _claimed(place: Place) -> Snapshot:
    snapshot = place.store.describe(place.name)
    if snapshot is None:
        raise ConflictError(
            f"{place} was deleted while it was being written", "run the update again"
        )
    return snapshot


def _held(
    place: Place,
    snapshot: Snapshot,
    candidate: Candidate,
    known: VersionId | None,
    proceed: Callable[[], None],
) -> VersionId | None:
    """The version that holds the content already: current, the candidate, or `known` labelled again."""
    current = snapshot.stages.get(Stage.CURRENT)
    pending = snapshot.stages.get(Stage.CANDIDATE)
    if current != snapshot.placeholder and _holds(place, current, candidate):
        if pending not in (None, current) and not snapshot.foreign_candidate:
            proceed()
            place.store.discard(place.name, pending)
        return current
    if _holds(place, pending, candidate):
        return pending
    if known is not None and _holds(place, known, candidate):
        proceed()
        return known if place.store.restage(place.name, known) else None
    return None


def _holds(place: Place, version: VersionId | None, candidate: Candidate) -> bool:
    if version is None:
        return False
    stored = place.store.read(place.name, version)
    return stored is not None and same_content(stored.value, candidate.value)
