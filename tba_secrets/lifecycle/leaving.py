"""A place that is left, or deleted -> whether it may be, and what goes with it. No IO.

A secret whose superseded tokens can still sign stays: with it they would be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

from tba_secrets.errors import RetirementOpenError
from tba_secrets.lifecycle.decide import orphan
from tba_secrets.lifecycle.facts import (
    UNREPEATABLE,
    Declared,
    Discard,
    Note,
    Sight,
    Step,
    origin_of,
)
from tba_secrets.stores.interface import Snapshot, Stage


def refuse_to_leave(record: str, where: str, snapshot: Snapshot) -> None:
    """Refuse to leave a secret whose superseded tokens still have to be revoked: they would be forgotten.

    Raises:
        RetirementOpenError: They wait.
    """
    if origin_of(snapshot.stages.get(Stage.CANDIDATE)) in UNREPEATABLE:
        raise RetirementOpenError(
            f"{record}: {where} cannot be left yet: a new token waits there for its proof, and no source can give it "
            "again",
            "run `pulumi up` with the old name and store until it has passed",
        )
    waiting = [line for line in snapshot.journal if line.open]
    if waiting:
        raise RetirementOpenError(
            f"{record}: {where} cannot be left yet: {len(waiting)} of its superseded tokens can still sign, and would "
            "be forgotten",
            f"run `tba retire STACK {record.rpartition('/')[2]}` (with --now if their overlap may end early) with "
            "the old name and store first",
        )


@dataclass(frozen=True)
class Deletion:
    """What Delete does to one store's secret."""

    steps: tuple[Step, ...] = ()
    removed: bool = False
    """The secret goes, recoverably, after the steps."""
    words: str = ""
    """What to tell the user; empty if there is nothing to tell."""


def deletion(
    declared: Declared, sight: Sight, claim: str, version: str | None, *, retain: bool, now: int
) -> Deletion:
    """Decide what Delete does to one store's secret: only what carries our claim goes, and nothing that is still owed.

    The `sight` has the candidate read; `claim` and `version` are what state names. `retain` is `on_delete: retain`.
    `now` is in epoch seconds.
    """
    snapshot = sight.snapshot
    if snapshot is None or snapshot.deletion_at is not None:
        return Deletion()
    if snapshot.owner is None or snapshot.owner.claim != claim:
        return Deletion(words=f"{sight.where} does not carry our mark, and is left as it is")
    steps: list[Step] = []
    waiting = [line for line in sight.lines if line.open]
    pending = sight.pending
    if pending is not None and pending == version:
        credential = sight.credential(pending)
        if origin_of(pending) in UNREPEATABLE and credential is not None:
            line = orphan(declared, pending, credential, now)
            steps.append(Note("", line))
            waiting.append(line)
        steps.append(Discard("", pending))
    words = ""
    if waiting:
        words = (
            f"{sight.where} is left in the store because {len(waiting)} of its superseded tokens can still sign: "
            "`tba retire` revokes them, and deletes the secret with its last line"
        )
    elif retain:
        words = f"{sight.where} is left in the store (on_delete: retain)"
    return Deletion(tuple(steps), removed=not (waiting or retain), words=words)
