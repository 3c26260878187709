"""What follows from a verdict, case by case: the line, the move, what becomes of what was refused, and a deletion."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tba_secrets.errors import RetirementOpenError
from tba_secrets.lifecycle.facts import Discard, Note, Promote, Remembered, Sight
from tba_secrets.lifecycle.leaving import Deletion, deletion, refuse_to_leave
from tba_secrets.lifecycle.settle import (
    Proven,
    Refused,
    first_proven,
    promotion,
    refusal,
    superseded_version,
)
from tba_secrets.lifecycle.superseded import due, is_due, retiring
from tba_secrets.stores.interface import Candidate, OwnerMark, Snapshot, Stage, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import Origin, Terms, derived_version_id
from tests.lifecycle.test_decide import DECLARED, KEYS, NAME, content, credential, version
from tests.lifecycle.test_rules import OTHERS, PLACEHOLDER
from tests.lifecycle.world import pair
from tests.netsuite.oauth2.support import credential as certificate_credential

NOW = 1_800_000_000
OLD = version("A", Origin.SOURCE)


def candidate(origin: Origin, overlap: int | None = None, token: str = "B") -> VersionId:
    """The id of a version that holds a token."""
    text = content(token).text
    staged = Candidate(text, KEYS.writing.text(text), Terms(origin, overlap))
    return derived_version_id(NAME, staged, OLD)


def digest(token: str) -> str:
    return KEYS.writing.pair(pair(token))


def line(token: str, state: Retirement, of: VersionId | None = None) -> JournalEntry:
    return JournalEntry(of or version(token, Origin.SOURCE), digest(token), 1, 2, state)


def sight(
    current: VersionId = OLD,
    *lines: JournalEntry,
    pending: VersionId | None = None,
    previous: VersionId | None = None,
    **more: Any,
) -> Sight:
    """A secret whose current version holds A, and whose candidate holds B."""
    stages = {Stage.CURRENT: current}
    stages |= {} if pending is None else {Stage.CANDIDATE: pending}
    stages |= {} if previous is None else {Stage.PREVIOUS: previous}
    contents = {current: content("A")} | ({} if pending is None else {pending: content("B")})
    return Sight("aws secret", Snapshot("arn", stages, journal=lines, **more), contents)


def promoted(new: VersionId, seen: Sight, token: str = "B", **verified: VersionId) -> list[Any]:
    remembered = Remembered(exists=True, verified=verified or None)
    proven = Proven(credential(token), {"aws": new}, predecessor_since=7)
    return promotion(DECLARED, remembered, {"aws": seen}, proven, NOW)["aws"]


@pytest.mark.parametrize(
    ("origin", "overlap", "state", "due"),
    [
        (Origin.SOURCE, 60, Retirement.OVERLAP, NOW + 60),
        (Origin.ROTATED, 0, Retirement.OVERLAP, NOW),
        (Origin.ROLLBACK, 60, Retirement.OVERLAP, NOW + 60),
        (Origin.ROLLBACK, None, Retirement.LEFT, NOW),
        (Origin.SOURCE, None, Retirement.INFORM, NOW),
    ],
)
def test_the_line_for_what_is_superseded_stands_before_the_move(
    origin: Origin, overlap: int | None, state: Retirement, due: int
) -> None:
    new = candidate(origin, overlap)

    steps = promoted(new, sight(pending=new))

    written = JournalEntry(OLD, digest("A"), NOW, due, state, proven=7)
    assert steps == [Note("aws", written), Promote("aws", new, OLD)]


def test_the_same_token_in_another_form_supersedes_nothing() -> None:
    new = candidate(Origin.SOURCE, 60, "A")

    assert promoted(new, sight(pending=new), "A") == [Promote("aws", new, OLD)]


def test_one_open_line_is_enough() -> None:
    new = candidate(Origin.SOURCE, 60)
    open_line = line("A", Retirement.OVERLAP, VersionId("tba-elsewhere"))
    closed = replace(open_line, state=Retirement.REVOKED)

    assert promoted(new, sight(OLD, open_line, pending=new)) == [Promote("aws", new, OLD)]
    assert len(promoted(new, sight(OLD, closed, pending=new))) == 2


@pytest.mark.parametrize(
    ("origin", "verified", "lines"),
    [(Origin.SOURCE, {}, 0), (Origin.ROTATED, {}, 1), (Origin.SOURCE, {"aws": OTHERS}, 1)],
)
def test_what_others_wrote_is_superseded_where_it_was_proven_or_rotated_away(
    origin: Origin, verified: dict[str, VersionId], lines: int
) -> None:
    new = candidate(origin, 60)

    steps = promoted(new, sight(OTHERS, pending=new), **verified)

    assert [type(step) for step in steps] == [*[Note] * lines, Promote]


def test_what_a_killed_run_has_promoted_is_promoted_again_and_no_more() -> None:
    new = candidate(Origin.SOURCE, 60, "A")

    assert promoted(new, sight(new), "A", aws=OLD) == [Promote("aws", new, new)]
    assert promoted(new, sight(new), "A", aws=new) == []
    assert promoted(OTHERS, sight(OTHERS), "A") == [], (
        "what others made current is not ours to move"
    )


@pytest.mark.parametrize("state", Retirement)
def test_lines_about_what_is_current_now_are_closed(state: Retirement) -> None:
    new = candidate(Origin.ROLLBACK, 60)
    about_it = line("B", state, VersionId("tba-before"))

    closed = promoted(new, sight(OLD, about_it, pending=new))[2:]

    stays = (Retirement.RESTORED, Retirement.INTENT)
    assert closed == (
        [] if state in stays else [Note("aws", replace(about_it, state=Retirement.RESTORED))]
    )


def test_they_are_closed_behind_the_line_that_this_promotion_replaces() -> None:
    new = candidate(Origin.ROLLBACK, 60)
    replaced, about_it = line("A", Retirement.INFORM, OLD), line("B", Retirement.OVERLAP)

    written, _promote, *closed = promoted(new, sight(OLD, replaced, about_it, pending=new))

    assert written.entry.version == OLD
    assert closed == [Note("aws", replace(about_it, state=Retirement.RESTORED))]


@pytest.mark.parametrize("origin", [Origin.SOURCE, Origin.ROTATED, Origin.ISSUED])
def test_what_a_rollback_left_may_return_once_its_source_gave_another(origin: Origin) -> None:
    new, left = candidate(origin, 60), line("C", Retirement.LEFT)

    changed = promoted(new, sight(OLD, left, pending=new))[2:]

    given = origin in (Origin.SOURCE, Origin.ROTATED)
    assert changed == ([Note("aws", replace(left, state=Retirement.INFORM))] if given else [])


def test_a_token_is_as_old_as_its_content() -> None:
    moved = [replace(line("B", Retirement.RESTORED), proven=5), line("A", Retirement.OVERLAP)]

    assert first_proven(KEYS, pair("A"), (digest("A"), 3), [], NOW) == 3
    assert first_proven(KEYS, pair("A"), (digest("A"), 0), [], NOW) == NOW, "it is not known"
    assert first_proven(KEYS, pair("B"), (digest("A"), 3), moved, NOW) == 5
    assert first_proven(KEYS, pair("A"), (digest("B"), 3), moved, NOW) == NOW


@pytest.mark.parametrize(
    ("current", "previous", "verified", "superseded"),
    [
        (OLD, None, None, OLD),
        (OLD, None, VersionId("tba-last"), OLD),
        (PLACEHOLDER, None, VersionId("tba-last"), None),
        (OTHERS, None, OTHERS, OTHERS),
        (OTHERS, OLD, VersionId("tba-last"), VersionId("tba-last")),
        (OTHERS, OLD, None, OLD),
        (OTHERS, VersionId("x"), None, OTHERS),
    ],
)
def test_which_version_a_promotion_supersedes(
    current: VersionId,
    previous: VersionId | None,
    verified: VersionId | None,
    superseded: VersionId | None,
) -> None:
    remembered = Remembered(verified=None if verified is None else {"aws": verified})

    assert superseded_version(remembered, "aws", sight(current, previous=previous)) == superseded


KEPT, GONE, ORPHAN = "kept", "discarded", "a line for a person"


@pytest.mark.parametrize(
    ("origin", "run", "becomes"),
    [
        (Origin.SOURCE, {"source_token": pair("B"), "source_known": True}, GONE),
        (Origin.SOURCE, {"source_token": pair("C"), "source_known": True}, KEPT),
        (Origin.SOURCE, {"source_known": True}, KEPT),
        (Origin.SOURCE, {}, GONE),
        (Origin.SOURCE, {"source_token": pair("B"), "source_known": True, "keep": True}, KEPT),
        (Origin.TYPED, {"source_known": True}, ORPHAN),
        (Origin.TYPED, {"source_known": True, "brought": True, "rotating": True}, GONE),
        (Origin.ROTATED, {"source_known": True, "rotating": True}, ORPHAN),
        (Origin.ROLLBACK, {"source_known": True}, GONE),
        (Origin.ISSUED, {}, KEPT),
        (Origin.ISSUED, {"rotating": True, "brought": True}, KEPT),
        (Origin.ISSUED, {"rotating": True}, ORPHAN),
        (Origin.ISSUED, {"decisive": True}, ORPHAN),
        (Origin.ISSUED, {"decisive": True, "keep": True}, KEPT),
        (Origin.GENERATED, {"rotating": True}, KEPT),
    ],
)
def test_what_becomes_of_what_was_refused(
    origin: Origin, run: dict[str, Any], becomes: str
) -> None:
    new = candidate(origin, 60)
    refused = Refused(credential("B"), {"aws": new}, **run)

    settled = refusal(DECLARED, {"aws": sight(pending=new)}, refused, NOW)

    gone = Discard("aws", new)
    left = Note("aws", JournalEntry(new, digest("B"), NOW, NOW, Retirement.PERSON))
    assert settled.steps == {KEPT: (), GONE: (gone,), ORPHAN: (left, gone)}[becomes]
    assert ("kept" in settled.words) is (becomes == KEPT)
    assert ("a person has to look" in settled.words) is (becomes == ORPHAN)


def test_a_refused_certificate_is_looked_up_by_its_id() -> None:
    new, refused = candidate(Origin.GENERATED, 60), certificate_credential()

    settled = refusal(
        DECLARED, {"aws": sight(pending=new)}, Refused(refused, {"aws": new}, decisive=True), NOW
    )

    assert f"look the certificate {refused.certificate_id} up" in settled.words


def test_a_refused_token_that_is_current_elsewhere_is_not_lost() -> None:
    new = candidate(Origin.ISSUED, 60, "A")
    refused = Refused(credential("A"), {"aws": new}, decisive=True)

    settled = refusal(DECLARED, {"aws": sight(pending=new)}, refused, NOW)

    assert settled.steps == (Discard("aws", new),)


def test_what_is_current_is_never_discarded() -> None:
    refused = Refused(credential("A"), {"aws": OLD})

    assert refusal(DECLARED, {"aws": sight()}, refused, NOW).steps == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"revoke_after": NOW}, True),
        ({"revoke_after": NOW + 1}, False),
        ({"state": Retirement.PERSON}, False),
        ({"version": OLD}, False),
    ],
)
def test_what_may_be_revoked_now(change: dict[str, Any], expected: bool) -> None:
    one = replace(line("B", Retirement.OVERLAP), revoke_after=NOW - 1)

    assert is_due(replace(one, **change), OLD, NOW, at_once=False) is expected
    assert is_due(replace(one, **change), OLD, NOW, at_once=True) is (
        expected or "revoke_after" in change
    )


def test_of_a_secret_the_lines_that_are_due_are_found() -> None:
    done, open_ = line("B", Retirement.REVOKED), line("C", Retirement.OVERLAP)
    snapshot = sight(OLD, done, open_).snapshot
    assert snapshot is not None

    assert due(snapshot, NOW, at_once=False) == (open_,)
    assert due(snapshot, open_.revoke_after - 1, at_once=False) == ()


def test_the_line_of_a_token_that_is_current_again_is_closed() -> None:
    """Its token came back as another version."""
    one = line("A", Retirement.OVERLAP, of=version("B", Origin.SOURCE))
    places = {"aws": sight(OLD, one)}

    again = retiring(DECLARED, places, credential("A"), NOW, at_once=True, by_hand=False)
    not_again = retiring(DECLARED, places, credential("B"), NOW, at_once=True, by_hand=False)

    assert again == ([Note("aws", replace(one, state=Retirement.RESTORED))], [])
    assert not_again == ([], [[("aws", one)]])


@pytest.mark.parametrize("state", Retirement)
def test_a_place_is_not_left_while_a_token_can_still_sign(state: Retirement) -> None:
    snapshot = sight(OLD, line("B", state)).snapshot
    assert snapshot is not None

    if line("B", state).open:
        with pytest.raises(RetirementOpenError, match="1 of its superseded tokens"):
            refuse_to_leave("warehouse/orders", "aws secret", snapshot)
    else:
        refuse_to_leave("warehouse/orders", "aws secret", snapshot)


@pytest.mark.parametrize("origin", Origin)
def test_a_place_is_not_left_while_a_token_waits_that_no_source_gives_again(
    origin: Origin,
) -> None:
    snapshot = sight(pending=candidate(origin, 60)).snapshot
    assert snapshot is not None

    if origin in (Origin.ISSUED, Origin.GENERATED):
        with pytest.raises(RetirementOpenError, match="waits there for its proof"):
            refuse_to_leave("warehouse/orders", "aws secret", snapshot)
    else:
        refuse_to_leave("warehouse/orders", "aws secret", snapshot)


MARK = OwnerMark("acme/netsuite/test", "warehouse/orders", "claim")


def deleted(seen: Sight, version: str | None = None, *, retain: bool = False) -> Deletion:
    return deletion(DECLARED, seen, "claim", version, retain=retain, now=NOW)


def test_only_what_is_ours_is_deleted() -> None:
    assert deleted(sight(owner=MARK)) == Deletion(removed=True)
    for owner in (None, replace(MARK, claim="another")):
        done = deleted(sight(owner=owner))
        assert (done.removed, "does not carry our mark" in done.words) == (False, True)
    assert deleted(Sight("aws secret", None)) == Deletion()
    going = sight(owner=MARK, deletion_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert deleted(going) == Deletion()


def test_a_secret_that_is_retained_says_so() -> None:
    done = deleted(sight(owner=MARK), retain=True)

    assert (done.removed, "on_delete: retain" in done.words) == (False, True)


def test_a_secret_stays_for_its_superseded_tokens() -> None:
    done = deleted(sight(OLD, line("B", Retirement.OVERLAP), owner=MARK))

    assert (done.steps, done.removed) == ((), False)
    assert "1 of its superseded tokens can still sign" in done.words
    assert deleted(sight(OLD, line("B", Retirement.REVOKED), owner=MARK)).removed


@pytest.mark.parametrize("origin", [Origin.SOURCE, Origin.ISSUED])
def test_a_candidate_that_state_names_goes_first_and_one_that_cannot_come_again_leaves_a_line(
    origin: Origin,
) -> None:
    new = candidate(origin, 60)

    done = deleted(sight(pending=new, owner=MARK), new)

    left = Note("", JournalEntry(new, digest("B"), NOW, NOW, Retirement.PERSON))
    again = origin is Origin.SOURCE
    assert done.steps == ((Discard("", new),) if again else (left, Discard("", new)))
    assert done.removed is again
    assert deleted(sight(pending=new, owner=MARK), "another").steps == (), "not ours to discard"
