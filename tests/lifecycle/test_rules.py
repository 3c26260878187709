"""Single rules of the life: what a line owes, what a fact defaults to, what a write may meet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tba_secrets.errors import ConflictError, NotOursError, ScheduledForDeletionError
from tba_secrets.lifecycle.act import admit, carry_out, claim
from tba_secrets.lifecycle.facts import Relabel, Remembered, Up, is_policy, ours
from tba_secrets.lifecycle.look import Looked
from tba_secrets.places import Place
from tba_secrets.sensitive import Fingerprint
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import OwnerMark, SecretName, Snapshot, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.memory import MemoryStore
from tests.lifecycle.test_decide import KEYS

MARK = OwnerMark("acme/netsuite/test", "warehouse/orders", "claim")
NAME = SecretName("netsuite/test/orders")


def place(store: MemoryStore, *, adopt: bool = False, restore: bool = False) -> Place:
    return Place(store, NAME, MARK, adopt=adopt, restore=restore)


@pytest.mark.parametrize("state", Retirement)
def test_which_lines_are_a_policy_s(state: Retirement) -> None:
    line = JournalEntry(VersionId("tba-x"), Fingerprint("a:b"), 1, 2, state)

    assert is_policy(line) is (state in (Retirement.OVERLAP, Retirement.PERSON))


def test_what_is_not_remembered_is_not_assumed() -> None:
    assert not Remembered().exists
    assert not Up().generates


@pytest.mark.parametrize(("version", "is_ours"), [(None, False), ("tba-x", True), ("x", False)])
def test_whose_version_it_is(version: str | None, is_ours: bool) -> None:
    assert ours(None if version is None else VersionId(version)) is is_ours


ADMITTED: dict[str, tuple[Snapshot | None, Remembered]] = {
    "nothing there": (None, Remembered()),
    "our claim": (Snapshot("arn", {}, owner=MARK), Remembered(claim="claim")),
    "our stack's, and state is lost": (Snapshot("arn", {}, owner=MARK), Remembered()),
    "our claim, under the name before": (
        Snapshot("arn", {}, owner=replace(MARK, stack="acme/netsuite/before")),
        Remembered(claim="claim", owner="acme/netsuite/before"),
    ),
}
REFUSED: dict[str, tuple[Snapshot, Remembered, str]] = {
    "nobody's": (Snapshot("arn", {}), Remembered(), "was not made by tba-secrets"),
    "another stack's": (
        Snapshot("arn", {}, owner=replace(MARK, stack="acme/other/test")),
        Remembered(claim="another claim"),
        "belongs to",
    ),
    "a copied state": (
        Snapshot("arn", {}, owner=replace(MARK, stack="acme/other/test")),
        Remembered(claim="claim", owner="acme/netsuite/before"),
        "was copied",
    ),
    "another tool's candidate": (
        Snapshot("arn", {}, owner=MARK, foreign_candidate=True),
        Remembered(),
        "pending version",
    ),
    "another rotation": (Snapshot("arn", {}, owner=MARK, managed_by="rds"), Remembered(), "rds"),
}


@pytest.mark.parametrize("case", ADMITTED)
def test_what_may_be_written(case: str) -> None:
    snapshot, remembered = ADMITTED[case]

    admit(place(MemoryStore()), snapshot, remembered)


@pytest.mark.parametrize("case", REFUSED)
def test_what_may_not_be_written(case: str) -> None:
    snapshot, remembered, words = REFUSED[case]

    with pytest.raises(NotOursError, match=words):
        admit(place(MemoryStore()), snapshot, remembered)


def test_adopting_takes_what_is_nobody_s_but_not_what_something_else_rotates() -> None:
    admit(place(MemoryStore(), adopt=True), REFUSED["nobody's"][0], Remembered())

    with pytest.raises(NotOursError, match="managed by rds"):
        admit(place(MemoryStore(), adopt=True), REFUSED["another rotation"][0], Remembered())


def deleted() -> MemoryStore:
    """A store whose secret is going to be deleted."""
    store = MemoryStore()
    store.claim(NAME, MARK)
    store.remove(NAME)
    return store


def test_what_is_going_to_be_deleted_is_restored_only_where_that_is_declared() -> None:
    store = deleted()
    snapshot = store.describe(NAME)
    assert snapshot is not None
    assert snapshot.deletion_at is not None

    with pytest.raises(ScheduledForDeletionError, match="restore: true"):
        admit(place(store), snapshot, Remembered(claim="claim"))
    admit(place(store, restore=True), snapshot, Remembered(claim="claim"))


def test_a_restored_secret_is_looked_at_again_before_it_is_claimed() -> None:
    store, asked = deleted(), list[int]()
    where = place(store, restore=True)

    claimed = claim(Looked(), where, lambda: asked.append(1))

    assert claimed.deletion_at is None
    assert len(asked) == 2, "each write asks whether to go on"


def test_a_version_that_is_gone_is_no_candidate_again() -> None:
    store = MemoryStore()
    store.claim(NAME, MARK)
    gone = VersionId("tba-s-0123456789abcdef-000000-0123456789abcdef")

    with pytest.raises(ConflictError, match="is gone since"):
        carry_out(
            Looked(), place(store), [Relabel("aws", gone)], Format(), KEYS.writing, lambda: None
        )


def test_a_secret_that_is_gone_is_written_by_nobody() -> None:
    with pytest.raises(ConflictError, match="is gone since it was looked at"):
        carry_out(
            Looked(),
            place(MemoryStore()),
            [Relabel("aws", VersionId("tba-x"))],
            Format(),
            KEYS.writing,
            lambda: None,
        )
