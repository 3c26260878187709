"""Single rules of the life: what a line owes, what a fact defaults to, what a write may meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tba_secrets.digest import DigestKeys
from tba_secrets.errors import (
    ConflictError,
    NotOursError,
    ScheduledForDeletionError,
    StoreUnavailableError,
)
from tba_secrets.lifecycle.act import admit, carry_out, claim
from tba_secrets.lifecycle.drift import held_now, missing, unsettled
from tba_secrets.lifecycle.facts import (
    TOKEN,
    Note,
    Promote,
    Put,
    Relabel,
    Remembered,
    Rotate,
    Sight,
    Staging,
    Step,
    Up,
    current_credential,
    is_policy,
    origin_of,
    ours,
)
from tba_secrets.lifecycle.look import Looked, look
from tba_secrets.lifecycle.offers import Offer, calls_for_update, judge, unused
from tba_secrets.places import Place
from tba_secrets.sensitive import Fingerprint
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import OwnerMark, SecretName, Snapshot, Stage, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import Origin, Terms, placeholder_version_id
from tests.lifecycle.test_decide import DECLARED, KEYS, content, credential, version
from tests.lifecycle.world import ACCOUNT, RECORD, _passed, pair
from tests.stores.memory import MemoryStore

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


class CountedStore(MemoryStore):
    """Counts how often it is looked at."""

    looks = 0

    def _describe(self, name: SecretName) -> Snapshot | None:
        self.looks += 1
        return super()._describe(name)


def carried_out(looked: Looked, where: Place, step: Step) -> VersionId | None:
    """Carry a step out, what is promoted with a proof."""
    return carry_out(looked, where, [step], DECLARED, lambda: None, _passed(1))


def seen(store: MemoryStore) -> Snapshot:
    snapshot = store.describe(NAME)
    assert snapshot is not None
    return snapshot


def deleted() -> CountedStore:
    """A store whose secret is going to be deleted."""
    store = CountedStore()
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
    store.looks = 0

    claimed = claim(Looked(), where, lambda: asked.append(1))

    assert claimed.deletion_at is None
    assert len(asked) == 2, "each write asks whether to go on"
    assert store.looks == 2, "what the restore has made is not known before it is looked at"


def test_what_a_run_notes_of_its_writes_is_what_the_store_shows() -> None:
    store, looked = MemoryStore(), Looked()
    where = place(store)
    claim(looked, where, lambda: None)
    for token in ("A", "B"):
        shown = seen(store)
        current = None if shown.placeholder else shown.stages[Stage.CURRENT]
        put = Put("aws", credential(token), Terms(Origin.SOURCE), current)
        staged = carried_out(looked, where, put)
        assert staged is not None
        line = JournalEntry(staged, Fingerprint("a:b"), 1, 2, Retirement.OVERLAP)
        again = Promote("aws", staged, staged)  # what a killed run had promoted: nothing moves
        for step in (Note("aws", line), Promote("aws", staged, current), again):
            carried_out(looked, where, step)
            assert looked.snapshot(where) == store.describe(NAME), step


def test_a_version_that_is_gone_is_no_candidate_again() -> None:
    store = MemoryStore()
    store.claim(NAME, MARK)
    gone = VersionId("tba-s-0123456789abcdef-000000-0123456789abcdef")

    with pytest.raises(ConflictError, match="is gone since"):
        carry_out(Looked(), place(store), [Relabel("aws", gone)], DECLARED, lambda: None)


def test_a_secret_that_is_gone_is_written_by_nobody() -> None:
    with pytest.raises(ConflictError, match="is gone since it was looked at"):
        carry_out(
            Looked(),
            place(MemoryStore()),
            [Relabel("aws", VersionId("tba-x"))],
            DECLARED,
            lambda: None,
        )


MINE, OTHERS = VersionId("tba-mine"), VersionId("0123456789abcdef0123")
PLACEHOLDER = placeholder_version_id(NAME, MARK.claim)


def shows(**labels: VersionId) -> Snapshot:
    """A snapshot by the names of its labels."""
    stages = {Stage[label.upper()]: version for label, version in labels.items()}
    held = PLACEHOLDER if stages.get(Stage.CURRENT) == PLACEHOLDER else None
    return Snapshot("arn", stages, placeholder=held)


HALF_PROMOTED: dict[str, tuple[Snapshot | None, str]] = {
    "gone": (None, "holds none yet"),
    "with its placeholder": (shows(current=PLACEHOLDER), "holds none yet"),
    "promoted": (shows(current=MINE), "holds the new one"),
    "as it was": (shows(current=VersionId("old")), "still holds the one before"),
    "moved": (shows(current=OTHERS), "one that somebody else wrote"),
}


@pytest.mark.parametrize("case", HALF_PROMOTED)
def test_what_readers_get_after_a_half_promotion(case: str) -> None:
    snapshot, words = HALF_PROMOTED[case]

    assert words in held_now("vault", snapshot, MINE, VersionId("old"))


DRIFT: dict[str, tuple[Snapshot | None, str]] = {
    "gone": (None, "is gone"),
    "deleted": (
        replace(shows(current=MINE), deletion_at=datetime(2030, 1, 1, tzinfo=UTC)),
        "deletion",
    ),
    "moved": (shows(current=OTHERS), "current is 0123456789abcdef..."),
    "moved to a short one": (shows(current=VersionId("x" * 16)), f"current is {'x' * 16}"),
    "moved to one that is cut": (shows(current=VersionId("x" * 17)), f"{'x' * 16}..."),
    "no current version": (shows(previous=MINE), "has no current version"),
    "no credential": (shows(current=PLACEHOLDER), "holds no credential yet"),
}


@pytest.mark.parametrize("case", DRIFT)
def test_what_is_there_instead(case: str) -> None:
    snapshot, words = DRIFT[case]

    found = missing(
        {"aws": place(MemoryStore())}, {"aws": snapshot}, {"aws": MINE}, [Stage.CURRENT]
    )

    assert found["aws"].endswith(words) or (case == "deleted" and words in found["aws"])


@pytest.mark.parametrize("label", ["current", "candidate"])
def test_what_state_names_may_play_each_allowed_part(label: str) -> None:
    where, snapshots = {"aws": place(MemoryStore())}, {"aws": shows(**{label: MINE})}
    allowed = [Stage.CURRENT, Stage.CANDIDATE]

    assert missing(where, snapshots, {"aws": MINE}, allowed) == {}
    assert missing(where, snapshots, {}, allowed).keys() == {"aws"}, "state names none"
    assert missing(where, snapshots, {"aws": MINE}, [Stage.PREVIOUS]).keys() == {"aws"}


@pytest.mark.parametrize("state", Retirement)
def test_a_run_that_was_killed_while_it_asked_is_found_by_its_intent(state: Retirement) -> None:
    line = JournalEntry(VersionId("tba-x"), Fingerprint("nonce"), 1, 2, state)
    where = {"aws": place(MemoryStore()), "vault": place(MemoryStore())}

    found = unsettled(where, {"aws": replace(shows(current=MINE), journal=(line,)), "vault": None})

    assert found.keys() == ({"aws"} if state is Retirement.INTENT else set())


GIVEN, GIVEN_DIGEST = pair("A"), KEYS.writing.pair(pair("A"))
ANOTHER_KEY = DigestKeys.of("another key", None, ACCOUNT, RECORD).writing.pair(pair("A"))


@pytest.mark.parametrize(
    ("seen_last", "more", "offer"),
    [
        (None, {}, Offer.NEW),
        (None, {"held": True, "barred": True}, Offer.HELD),
        (None, {"barred": True}, Offer.STALE),
        (GIVEN_DIGEST, {}, Offer.UNCHANGED),
        (GIVEN_DIGEST, {"stored": KEYS.writing.pair(pair("B"))}, Offer.UNCHANGED),
        (GIVEN_DIGEST, {"stored": GIVEN_DIGEST}, Offer.NEW),
        (GIVEN_DIGEST, {"foreign": True}, Offer.NEW),
        (KEYS.writing.pair(pair("B")), {}, Offer.NEW),
        (ANOTHER_KEY, {}, Offer.UNKNOWN),
    ],
)
def test_what_a_source_s_value_means(
    seen_last: str | None, more: dict[str, Any], offer: Offer
) -> None:
    assert judge(KEYS, GIVEN, seen_last, **more) is offer
    assert judge(KEYS, None, seen_last, **more) is Offer.ABSENT


@pytest.mark.parametrize("offer", Offer)
def test_what_calls_for_an_update_and_what_is_not_used(offer: Offer) -> None:
    known = {TOKEN: "seen"}

    wanted = calls_for_update({TOKEN: offer}, {TOKEN: "seen"}, known, {TOKEN: "stored"})
    said = list(unused({TOKEN: offer}, {TOKEN: "file x.json"}))

    assert wanted is (offer in (Offer.NEW, Offer.UNKNOWN))
    assert [TOKEN in words for words in said] == [True] * (offer in (Offer.STALE, Offer.UNKNOWN))
    assert any("(file x.json)" in words for words in said) is (offer is Offer.STALE)


@pytest.mark.parametrize(
    ("digest", "wanted"), [("seen", False), ("stored", False), ("another", True)]
)
def test_without_a_value_a_digest_that_nobody_knows_calls_for_an_update(
    digest: str, wanted: bool
) -> None:
    for offers in ({}, {TOKEN: Offer.ABSENT}):
        found = calls_for_update(offers, {TOKEN: digest}, {TOKEN: "seen"}, {TOKEN: "stored"})
        assert found is wanted


def sight(snapshot: Snapshot | None, **contents: str) -> Sight:
    """What a look has found, with the tokens of the versions that were read."""
    return Sight("aws", snapshot, {VersionId(f"tba-{v}"): content(t) for v, t in contents.items()})


def test_what_a_look_shows() -> None:
    line = JournalEntry(VersionId("tba-older"), Fingerprint("a:b"), 1, 2, Retirement.OVERLAP)
    current, before, waits = VersionId("tba-now"), VersionId("tba-before"), VersionId("tba-next")
    labels = shows(current=current, previous=before, candidate=waits)
    seen = sight(replace(labels, journal=(line,)), now="A")

    assert (seen.current, seen.previous, seen.pending) == (current, before, waits)
    assert seen.lines == (line,)
    assert sight(replace(labels, foreign_candidate=True)).pending is None
    assert [seen.was_current(one) for one in (before, VersionId(line.version), current, waits)] == [
        True,
        True,
        False,
        False,
    ]
    assert seen.credential(current) == credential("A")
    assert seen.credential(before) is None, "it was not read"
    assert seen.credential(None) is None


def test_a_placeholder_is_no_credential() -> None:
    seen = sight(shows(current=PLACEHOLDER, previous=PLACEHOLDER))

    assert (seen.current, seen.previous) == (None, None)


def test_nothing_is_seen_of_a_secret_that_is_not_there() -> None:
    seen = sight(None)

    assert (seen.current, seen.previous, seen.pending, seen.lines) == (None, None, None, ())


def test_readers_get_what_the_first_store_has_that_has_any() -> None:
    empty = sight(None)
    full = sight(shows(current=VersionId("tba-now")), now="A")
    later = sight(shows(current=VersionId("tba-now")), now="B")

    assert current_credential({"aws": empty, "vault": full, "memory": later}) == credential("A")
    assert current_credential({"aws": empty}) is None


@pytest.mark.parametrize("origin", Origin)
def test_what_a_version_s_id_tells_of_where_its_value_came_from(origin: Origin) -> None:
    assert origin_of(version("A", origin)) is origin
    assert origin_of(VersionId("0123")) is None


def test_a_rotation_assumes_nothing_that_was_not_asked_for() -> None:
    rotate = Rotate(TOKEN, Origin.ROTATED, None)

    assert not any(value is True for value in vars(rotate).values())
    assert not Staging(None).obtain


def test_a_version_is_read_once_and_what_is_gone_is_read_again() -> None:
    store, looked = CountedStore(), Looked()
    where = place(store)
    claim(looked, where, lambda: None)
    staged = carried_out(looked, where, Put("aws", credential("A"), Terms(Origin.SOURCE), None))
    assert staged is not None

    found = look(looked, {"aws": where}, [Format()], {"aws": [staged, VersionId("tba-gone")]})
    store._secrets[NAME].versions.clear()

    assert found["aws"].contents.keys() == {staged}
    assert found["aws"].credential(staged) == credential("A")
    assert looked.text(where, staged) is not None, "read once"
    assert Looked().text(where, staged) is None
    assert look(looked, {"aws": where})["aws"].contents == {}


def test_one_look_serves_all_until_it_is_forgotten() -> None:
    store, looked = CountedStore(), Looked()
    where = place(store)

    assert looked.at({"aws": where}) == {"aws": None}
    assert list(looked.lines([where])) == []
    assert store.looks == 1, "a secret that is not there was looked for, too"

    store.claim(NAME, MARK)
    assert looked.snapshot(where) is None
    looked.forget()
    assert looked.at({"aws": where}) == {"aws": store.describe(NAME)}
    line = JournalEntry(seen(store).stages[Stage.CURRENT], Fingerprint("a:b"), 1, 2)
    store.note(NAME, line)
    assert list(Looked().lines([where])) == [line]


def test_a_failed_look_ahead_is_told_once_and_not_after_a_forget() -> None:
    class Away(CountedStore):
        def _describe(self, name: SecretName) -> Snapshot | None:
            self.looks += 1
            if self.looks in (1, 3):
                raise StoreUnavailableError("it is away", "wait")
            return None

    where, looked = place(Away()), Looked()
    looked.look_ahead(where)
    with pytest.raises(StoreUnavailableError):
        looked.snapshot(where)
    assert looked.snapshot(where) is None, "whoever comes later looks anew"

    looked.forget()
    looked.look_ahead(where)
    looked.forget()
    assert looked.snapshot(where) is None


def test_a_failure_of_long_ago_is_nobody_s() -> None:
    where, looked = place(MemoryStore()), Looked()
    looked.failures[(where.store, where.name)] = (float("-inf"), StoreUnavailableError("x", "y"))

    assert looked.snapshot(where) is None
