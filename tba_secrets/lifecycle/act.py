"""Plan -> writes: the steps in order, each a compare-and-set, each after asking whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import assert_never

from tba_secrets.errors import ConflictError, NotOursError, ScheduledForDeletionError
from tba_secrets.lifecycle.facts import (
    Declared,
    Discard,
    Note,
    Promote,
    Put,
    Relabel,
    Remembered,
    Step,
)
from tba_secrets.lifecycle.look import Looked
from tba_secrets.netsuite.evidence import Verification
from tba_secrets.payload import render
from tba_secrets.places import Place
from tba_secrets.promote import promote
from tba_secrets.stores.interface import Candidate, Snapshot, Stage, VersionId
from tba_secrets.stores.journal import noted

Proceed = Callable[[], None]
"""Raises if the run was cancelled."""


def admit(place: Place, snapshot: Snapshot | None, remembered: Remembered) -> None:
    """Refuse a secret that is not ours to write. Writes nothing.

    Where state has a claim, the claim decides, so a renamed stack just works. Where it has none (a killed Create, lost
    state), the owner's name does.

    Raises:
        NotOursError: Another stack owns the secret, something else rotates it, or a foreign candidate is in the way.
        ScheduledForDeletionError: It is deleted, or is going to be, and `restore` was not declared.
    """
    if snapshot is None:
        return
    if snapshot.managed_by:
        raise NotOursError(
            f"{place} is managed by {snapshot.managed_by}",
            "two rotations of one secret break each other: name another secret, or end the other one",
        )
    refuse_deleted(place, snapshot)
    if not place.adopt:
        _refuse_others(place, snapshot, remembered)


def refuse_deleted(place: Place, snapshot: Snapshot) -> None:
    """Refuse a secret that is deleted, or is going to be, unless it may be restored.

    Raises:
        ScheduledForDeletionError: `restore` was not declared.
    """
    if snapshot.deleted is not None and not place.restore:
        raise ScheduledForDeletionError(
            f"{place} is {snapshot.deleted}",
            f"restore it (`{place.store.restore_command(place.name)}`), or declare `restore: true`",
        )


def _refuse_others(place: Place, snapshot: Snapshot, remembered: Remembered) -> None:
    owner, mark = snapshot.owner, place.mark
    if owner is None:
        raise NotOursError(
            f"{place} exists and was not made by tba-secrets",
            "declare `adopt: true` on the token to take it over as it is, or name another secret",
        )
    if owner.claim and owner.claim == remembered.claim:
        if owner.stack not in (mark.stack, remembered.owner):
            raise NotOursError(
                f"{place} carries this stack's claim under the name of {owner.record} of the stack {owner.stack}: the "
                "state of that stack was copied",
                "give one of the two stacks secrets of its own, or declare `adopt: true` on the token to take it over",
            )
    elif owner.stack != mark.stack:
        raise NotOursError(
            f"{place} belongs to {owner.record} of the stack {owner.stack}",
            "name another secret, or declare `adopt: true` on the token to take it over",
        )
    if snapshot.foreign_candidate:
        raise NotOursError(
            f"{place} has a pending version that tba-secrets did not write",
            "another rotation is in progress: let it end, or take the pending label off that version",
        )


def claim(looked: Looked, place: Place, proceed: Proceed) -> Snapshot:
    """Restore a secret if that was declared, and write the owner mark and the settings on it.

    Raises:
        ConflictError: Somebody else made or claimed it since it was seen.
    """
    snapshot = looked.snapshot(place)
    if snapshot is not None and snapshot.deletion_at is not None:
        proceed()
        place.store.restore(place.name)
        looked.forget()
        snapshot = looked.snapshot(place)
    proceed()
    claimed = place.store.claim(place.name, place.mark, place.description, seen=snapshot)
    looked.note(place, claimed)
    return claimed


def carry_out(
    looked: Looked,
    place: Place,
    steps: Iterable[Step],
    declared: Declared,
    proceed: Proceed,
    verification: Verification | None = None,
) -> VersionId | None:
    """Carry out the steps for one store; return the candidate that they have made, if any.

    What was `looked` at is kept up to date. A promotion needs a `verification`.

    Raises:
        ConflictError: Something was moved since it was seen: look again, and decide again.
    """
    staged = None
    for step in steps:
        snapshot = looked.snapshot(place)
        if snapshot is None:
            raise ConflictError(f"{place} is gone since it was looked at", "run the update again")
        proceed()
        match step:
            case Put():
                value = render(step.credential, declared.format)
                candidate = Candidate(value, declared.keys.writing.text(value), step.terms)
                # a secret that this run has just made has its placeholder as current
                replacing = step.replacing or snapshot.placeholder
                staged = place.store.stage(place.name, candidate, replacing, seen=snapshot)
                after = _labelled(snapshot, {Stage.CANDIDATE: staged})
            case Relabel():
                if not place.store.restage(place.name, step.version, seen=snapshot):
                    raise ConflictError(
                        f"{place}: version {step.version} is gone since it was looked at",
                        "run the update again",
                    )
                staged = step.version
                after = _labelled(snapshot, {Stage.CANDIDATE: staged})
            case Discard():
                place.store.discard(place.name, step.version, seen=snapshot)
                after = _labelled(snapshot, {}, without=Stage.CANDIDATE)
            case Note():
                place.store.note(place.name, step.entry, seen=snapshot)
                after = replace(snapshot, journal=noted(place.name, snapshot.journal, step.entry))
            case Promote():
                replacing = step.replacing or snapshot.placeholder
                promote(place, step.version, replacing, verification, snapshot)
                moved = {Stage.CURRENT: step.version}
                if replacing not in (None, step.version):
                    moved[Stage.PREVIOUS] = replacing
                after = replace(
                    _labelled(snapshot, moved, without=Stage.CANDIDATE), placeholder=None
                )
            case _:
                assert_never(step)
        looked.note(place, after)
    return staged


def _labelled(
    snapshot: Snapshot, moved: dict[Stage, VersionId], without: Stage | None = None
) -> Snapshot:
    stages = {stage: held for stage, held in snapshot.stages.items() if stage is not without}
    return replace(snapshot, stages={**stages, **moved}, foreign_candidate=False)
