"""Staging one record in one store: every branch, in what it returns and in what it writes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tba_secrets.errors import ConflictError, NotOursError, ScheduledForDeletionError, TbaError
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import OwnerMark, Stage, VersionId
from tests.pipeline.support import (
    MARK,
    NAME,
    Proceed,
    RecordingStore,
    StoppedError,
    candidate,
    current,
    held,
    place,
    stage,
)

A, B = candidate("token-secret-a"), candidate("token-secret-b")
OTHERS = OwnerMark(stack="acme/other/prod", record="billing/invoices", claim="theirs")


@pytest.fixture
def store() -> RecordingStore:
    return RecordingStore()


def stages(store: RecordingStore) -> dict[Stage, VersionId]:
    snapshot = store.describe(NAME)
    assert snapshot is not None
    return dict(snapshot.stages)


# --- what is written ---------------------------------------------------------------------------------


def test_absent_is_claimed_and_written_and_not_current(store: RecordingStore) -> None:
    staged = stage(place(store), A)

    assert store.writes == ["claim", "stage"]
    assert stages(store)[Stage.CANDIDATE] == staged.version
    assert stages(store)[Stage.CURRENT] != staged.version
    assert held(store, staged.version).value == A.value
    assert staged.location == f"memory:{NAME}"


def test_staging_again_adopts_the_candidate(store: RecordingStore) -> None:
    first = stage(place(store), A)
    store.writes.clear()

    again = stage(place(store), A)

    assert again == first
    assert store.writes == ["claim"]


def test_what_is_current_is_not_written(store: RecordingStore) -> None:
    version = current(store, A)
    store.writes.clear()

    staged = stage(place(store), A)

    assert staged.version == version
    assert store.writes == ["claim"]


def test_what_is_current_in_other_words_is_not_written(store: RecordingStore) -> None:
    text = json.dumps(json.loads(A.value.reveal()), indent=2)
    version = store.write_as_another(NAME, Sensitive(text))

    staged = stage(place(store, adopt=True), A)

    assert staged.version == version
    assert store.writes == ["claim"]


def test_a_leftover_candidate_goes_where_the_content_is_current(store: RecordingStore) -> None:
    version = current(store, A)
    stage(place(store), B)
    store.writes.clear()

    staged = stage(place(store), A)

    assert staged.version == version
    assert store.writes == ["claim", "discard"]
    assert Stage.CANDIDATE not in stages(store)


def test_our_older_candidate_is_replaced(store: RecordingStore) -> None:
    stage(place(store), A)
    store.writes.clear()

    staged = stage(place(store), B)

    assert store.writes == ["claim", "stage"]
    assert stages(store)[Stage.CANDIDATE] == staged.version


def test_a_then_b_then_a_is_a_version_of_its_own(store: RecordingStore) -> None:
    first = current(store, A)
    second = stage(place(store), B).version
    store.promote(NAME, second, replacing=first)

    third = stage(place(store), A).version

    assert len({first, second, third}) == 3
    assert stages(store)[Stage.CANDIDATE] == third


# --- what is refused, before anything is written ------------------------------------------------------


def theirs(store: RecordingStore) -> None:
    store.claim(NAME, OTHERS)


def unmarked(store: RecordingStore) -> None:
    store.write_as_another(NAME, A.value)


def managed(store: RecordingStore) -> None:
    store.claim(NAME, MARK)
    store.managed_by = "a rotation function"


def removed(store: RecordingStore) -> None:
    current(store, B)
    store.remove(NAME)


def rotating(store: RecordingStore) -> None:
    current(store, B)
    store.write_as_another(NAME, Sensitive('{"not": "ours"}'), Stage.CANDIDATE)


def rotating_unmarked(store: RecordingStore) -> None:
    store.write_as_another(NAME, B.value)
    store.write_as_another(NAME, Sensitive('{"not": "ours"}'), Stage.CANDIDATE)


REFUSED: list[tuple[Callable[[RecordingStore], None], dict[str, bool], type[TbaError], str]] = [
    (unmarked, {}, NotOursError, "was not made by tba-secrets"),
    (theirs, {}, NotOursError, "belongs to billing/invoices of the stack acme/other/prod"),
    (managed, {}, NotOursError, "managed by a rotation function"),
    (managed, {"adopt": True}, NotOursError, "managed by a rotation function"),
    (removed, {}, ScheduledForDeletionError, "scheduled for deletion on 20"),
    (removed, {"adopt": True}, ScheduledForDeletionError, "MemoryStore.restore"),
    (rotating, {}, NotOursError, "pending version that tba-secrets did not write"),
]


@pytest.mark.parametrize(
    ("before", "terms", "error", "words"),
    REFUSED,
    ids=[f"{one[0].__name__} {' '.join(one[1])}" for one in REFUSED],
)
def test_it_is_refused_before_anything_is_written(
    store: RecordingStore,
    before: Callable[[RecordingStore], None],
    terms: dict[str, bool],
    error: type[TbaError],
    words: str,
) -> None:
    before(store)
    snapshot = store.describe(NAME)
    store.writes.clear()

    with pytest.raises(error, match=words) as caught:
        stage(place(store, **terms), A)

    assert caught.value.remedy
    assert str(NAME) in caught.value.what
    assert store.writes == []
    assert store.describe(NAME) == snapshot


@pytest.mark.parametrize("before", [unmarked, theirs])
def test_adopt_takes_over(store: RecordingStore, before: Callable[[RecordingStore], None]) -> None:
    before(store)

    stage(place(store, adopt=True), B)

    snapshot = store.describe(NAME)
    assert snapshot is not None
    assert snapshot.owner == MARK


@pytest.mark.parametrize("adopt", [True, False])
def test_ours_needs_no_adopting(store: RecordingStore, adopt: bool) -> None:
    store.claim(NAME, OwnerMark(MARK.stack, "renamed/since", "an older claim"))

    stage(place(store, adopt=adopt), B)

    snapshot = store.describe(NAME)
    assert snapshot is not None
    assert snapshot.owner == MARK


def test_restore_takes_back_what_was_deleted(store: RecordingStore) -> None:
    removed(store)
    store.writes.clear()

    stage(place(store, restore=True), A)

    assert store.writes == ["restore", "claim", "stage"]


def test_adopting_overwrites_no_foreign_candidate(store: RecordingStore) -> None:
    rotating_unmarked(store)
    before = stages(store)

    with pytest.raises(ConflictError, match="written by something else"):
        stage(place(store, adopt=True), A)

    assert stages(store) == before


def test_adopting_what_is_current_leaves_a_foreign_candidate_alone(store: RecordingStore) -> None:
    rotating_unmarked(store)
    before = stages(store)

    staged = stage(place(store, adopt=True), B)

    assert staged.version == before[Stage.CURRENT]
    assert stages(store) == before


# --- cancelled --------------------------------------------------------------------------------------


def leftover(store: RecordingStore) -> None:
    current(store, A)
    stage(place(store), B)


WAYS: dict[str, tuple[Callable[[RecordingStore], VersionId | None], list[str]]] = {
    "absent": (lambda store: None, ["claim", "stage"]),
    "restored": (removed, ["restore", "claim", "stage"]),
    "leftover": (leftover, ["claim", "discard"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_cancelled_before_any_write_that_write_is_not_made(store: RecordingStore, way: str) -> None:
    before, writes = WAYS[way]
    for allowed in range(len(writes)):
        store = RecordingStore()
        before(store)
        store.writes.clear()

        with pytest.raises(StoppedError):
            stage(place(store, restore=True), A, Proceed(allowed))

        assert store.writes == writes[:allowed]

    before(fresh := RecordingStore())
    fresh.writes.clear()
    stage(place(fresh, restore=True), A, Proceed(len(writes)))
    assert fresh.writes == writes


def test_a_conflict_is_the_store_s_word(store: RecordingStore) -> None:
    stage(place(store), A)
    store.failing["stage"] = ConflictError("moved")

    with pytest.raises(ConflictError, match="moved"):
        stage(place(store), B)
