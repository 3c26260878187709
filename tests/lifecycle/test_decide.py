"""What a plain update does in each case: the table in docs/architecture.md, derived from the code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tba_secrets.digest import DigestKeys
from tba_secrets.errors import ConflictError, NotOursError, ValueNeededError
from tba_secrets.lifecycle.decide import decide, same_pair, versions_to_read
from tba_secrets.lifecycle.facts import (
    CONSUMER,
    TOKEN,
    Content,
    Declared,
    Discard,
    Note,
    Put,
    Remembered,
    Rollback,
    Rotate,
    Sight,
    Staging,
    Up,
)
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import render
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import Candidate, SecretName, Snapshot, Stage, VersionId
from tba_secrets.stores.journal import INTENT, JournalEntry, Retirement
from tba_secrets.stores.versions import Origin, Terms, derived_version_id, terms_of
from tests.lifecycle.world import ACCOUNT, RECORD, name_of, pair

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "architecture.md"
KEYS: Final = DigestKeys.of(None, None, ACCOUNT, RECORD)
DECLARED: Final = Declared(RECORD, ACCOUNT, Format(), KEYS, overlap_seconds=86400)
NAME: Final = SecretName("netsuite/test/orders")

CURRENT, OLDER, WAITING, NEW = "A", "O", "B", "N"
GIVEN: Final = {
    "nothing": None,
    "what is current": CURRENT,
    "what it gave last": "L",
    "a superseded token": OLDER,
    "another token": NEW,
}
"""What the token's source gives."""
CANDIDATES: Final = {
    "none": None,
    "from the source": Origin.SOURCE,
    "by `tba rotate`": Origin.ROTATED,
    "issued, or typed": Origin.ISSUED,
    "of a rollback": Origin.ROLLBACK,
}
"""What waits in the store."""


def credential(token: str) -> TbaCredential:
    consumer, values = pair("K1"), pair(token)
    return TbaCredential(
        ACCOUNT, consumer.identifier, consumer.secret, values.identifier, values.secret
    )


def version(token: str, origin: Origin, replacing: str | None = None) -> VersionId:
    text = render(credential(token), Format())
    candidate = Candidate(text, KEYS.writing.text(text), Terms(origin))
    return derived_version_id(NAME, candidate, None if replacing is None else VersionId(replacing))


def content(token: str) -> Content:
    return Content(render(credential(token), Format()), credential(token))


def seen(candidate: Origin | None) -> Sight:
    """A secret whose current token is A, with a line about O, and perhaps a candidate."""
    current = version(CURRENT, Origin.SOURCE)
    stages, contents = {Stage.CURRENT: current}, {current: content(CURRENT)}
    if candidate is not None:
        waiting = version(WAITING, candidate, current)
        stages[Stage.CANDIDATE] = waiting
        contents[waiting] = content(WAITING)
    digest = KEYS.writing.pair(pair(OLDER))
    line = JournalEntry(version(OLDER, Origin.SOURCE), digest, 1, 2, Retirement.OVERLAP)
    return Sight("aws secret", Snapshot("arn", stages, journal=(line,)), contents)


def update(
    given: str | None,
    candidate: Origin | None = None,
    sight: Sight | None = None,
    last: str = "L",
) -> Staging:
    """Decide a plain update: unless told, the source gave L last, and L was staged by nobody."""
    sight = sight or seen(candidate)
    assert sight.current is not None
    consumer = KEYS.writing.pair(pair("K1"))
    remembered = Remembered(
        exists=True,
        source_digests={TOKEN: KEYS.writing.pair(pair(last)), CONSUMER: consumer},
        stored_digests={TOKEN: KEYS.writing.pair(pair(CURRENT)), CONSUMER: consumer},
        verified={"aws": sight.current},
    )
    offered = {CONSUMER: pair("K1"), TOKEN: None if given is None else pair(given)}
    return decide(DECLARED, remembered, {"aws": sight}, offered, Up(), now=3)


def outcome(plan: Staging) -> str:
    """Say what a plan does."""
    assert plan.credential is not None
    token = name_of(plan.credential.pair(TOKEN))
    if any(isinstance(step, Put) for step in plan.steps):
        assert token == NEW
        return "the source's token is staged"
    if token == WAITING:
        return "the candidate is finished"
    assert token == CURRENT
    if any(isinstance(step, Discard) for step in plan.steps):
        return "the candidate is let go"
    return "nothing"


def table() -> str:
    """Return the table as the document has it."""
    lines = [
        "| the source gives | " + " | ".join(f"candidate: {name}" for name in CANDIDATES) + " |",
        "|---" * (len(CANDIDATES) + 1) + "|",
    ]
    for what, given in GIVEN.items():
        cells = [outcome(update(given, origin)) for origin in CANDIDATES.values()]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def test_the_document_has_the_table() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8"), table()


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN.keys())
def test_what_a_person_asked_for_is_finished_whatever_the_source_gives(given: str | None) -> None:
    for origin in (Origin.ISSUED, Origin.TYPED, Origin.GENERATED, Origin.ROLLBACK):
        assert outcome(update(given, origin)) == "the candidate is finished"


@pytest.mark.parametrize("candidate", [None, Origin.SOURCE])
def test_what_is_superseded_under_a_policy_is_never_staged(candidate: Origin | None) -> None:
    plan = update(OLDER, candidate)

    assert not any(isinstance(step, Put) for step in plan.steps)


@pytest.mark.parametrize("candidate", [Origin.SOURCE, Origin.ROTATED])
def test_a_source_that_never_changed_takes_no_candidate_away(candidate: Origin) -> None:
    assert outcome(update(CURRENT, candidate, last=CURRENT)) == "the candidate is finished"
    assert outcome(update(CURRENT, candidate, last="L")) == "the candidate is let go"


def test_a_token_that_is_generated_is_obtained_once() -> None:
    nothing = {"aws": Sight("aws secret", None)}
    consumer = {CONSUMER: pair("K1")}

    def asked(up: Up) -> Staging:
        return decide(DECLARED, Remembered(), nothing, consumer, up, now=3)

    assert asked(Up(generates=True)).obtain
    made = asked(Up(generates=True, pair=pair(NEW)))
    assert made.credential == credential(NEW)
    (put,) = [step for step in made.steps if isinstance(step, Put)]
    assert put.terms == Terms(Origin.GENERATED, 86400)


def test_a_version_that_was_not_read_is_known_by_the_fingerprint_in_its_id() -> None:
    sight = replace(seen(None), contents={})

    same, another = update(CURRENT, sight=sight), update(NEW, sight=sight)

    assert (same.steps, same.versions) == ((), {"aws": sight.current})
    assert [type(step) for step in another.steps] == [Put]


def test_a_line_under_another_digest_key_bars_by_what_its_version_holds() -> None:
    sight = seen(None)
    assert sight.snapshot is not None
    (line,) = sight.lines
    other = DigestKeys.of("another key", None, ACCOUNT, RECORD).writing
    snapshot = replace(sight.snapshot, journal=(replace(line, digest=other.pair(pair(OLDER))),))
    held = {**sight.contents, VersionId(line.version): content(OLDER)}

    assert (
        outcome(update(OLDER, sight=replace(sight, snapshot=snapshot, contents=held))) == "nothing"
    )
    assert outcome(update(NEW, sight=replace(sight, snapshot=snapshot, contents=held))) == (
        "the source's token is staged"
    )


def test_a_rollback_brings_the_token_back_with_the_consumer_pair_of_now() -> None:
    def held(consumer: str, token: str) -> Content:
        one = DECLARED.credential(pair(consumer), pair(token))
        return Content(render(one, Format()), one)

    current, before = version(CURRENT, Origin.SOURCE), version(OLDER, Origin.SOURCE)
    stages = {Stage.CURRENT: current, Stage.PREVIOUS: before}
    contents = {current: held("K2", CURRENT), before: held("K1", OLDER)}
    sight = Sight("aws secret", Snapshot("arn", stages), contents)
    remembered = Remembered(exists=True, verified={"aws": current})

    plan = decide(DECLARED, remembered, {"aws": sight}, {}, Rollback(), now=3)

    assert plan.credential == DECLARED.credential(pair("K2"), pair(OLDER))
    assert [type(step) for step in plan.steps] == [Put]


def test_a_rollback_whose_run_was_killed_after_its_promotion_is_not_made_again() -> None:
    """What is current came by a rollback, and state names what was current before."""
    current, before = version(OLDER, Origin.ROLLBACK), version(CURRENT, Origin.SOURCE)
    stages = {Stage.CURRENT: current, Stage.PREVIOUS: before}
    contents = {current: content(OLDER), before: content(CURRENT)}
    sight = Sight("aws secret", Snapshot("arn", stages), contents)
    remembered = Remembered(exists=True, verified={"aws": before})

    plan = decide(DECLARED, remembered, {"aws": sight}, {}, Rollback(), now=3)

    assert plan.credential == credential(OLDER)
    assert plan.steps == ()
    known = replace(remembered, verified={"aws": current})
    again = decide(DECLARED, known, {"aws": sight}, {}, Rollback(), now=3)
    assert again.credential == credential(CURRENT), "the twin: state knows of it"


@pytest.mark.parametrize(
    ("state", "again", "words"),
    [
        (Retirement.OVERLAP, False, "one that was superseded before"),
        (Retirement.REVOKED, False, "is revoked at NetSuite"),
        (Retirement.REVOKED, True, "is revoked at NetSuite"),
    ],
)
def test_a_rotation_to_a_token_that_was_superseded_is_refused(
    state: Retirement, again: bool, words: str
) -> None:
    with pytest.raises(ConflictError, match=words):
        rotated_to(OLDER, state, again=again)


def test_a_token_in_its_overlap_is_taken_again_where_that_is_asked_for() -> None:
    """The twin of the test above."""
    assert rotated_to(OLDER, Retirement.OVERLAP, again=True).credential == credential(OLDER)
    assert rotated_to(NEW, Retirement.OVERLAP, again=False).credential == credential(NEW)


def test_the_first_credential_by_rotation_needs_a_consumer_pair() -> None:
    empty = Sight("aws secret", None, {})
    asked = Rotate(TOKEN, Origin.ROTATED, 86400, pair(NEW))

    def first(consumer: str | None) -> Staging:
        offered = {CONSUMER: None if consumer is None else pair(consumer)}
        return decide(DECLARED, Remembered(), {"aws": empty}, offered, asked, now=3)

    assert first("K1").credential == credential(NEW)
    with pytest.raises(ValueNeededError, match="its consumer's source has no value"):
        first(None)


def rolled_back(*lines: JournalEntry, previous: str) -> Staging:
    """Decide a rollback from A, where another version holds the previous token and lines name others."""
    current, before = version(CURRENT, Origin.SOURCE), version(previous, Origin.ROTATED, "earlier")
    stages = {Stage.CURRENT: current, Stage.PREVIOUS: before}
    contents = {current: content(CURRENT), before: content(previous)}
    contents |= {VersionId(line.version): content(OLDER) for line in lines}
    sight = Sight("aws secret", Snapshot("arn", stages, journal=lines), contents)
    remembered = Remembered(exists=True, verified={"aws": current})
    return decide(DECLARED, remembered, {"aws": sight}, {}, Rollback(), now=3)


def superseded(state: Retirement) -> JournalEntry:
    digest = KEYS.writing.pair(pair(OLDER))
    return JournalEntry(version(OLDER, Origin.SOURCE), digest, 1, 2, state)


def test_a_rollback_passes_over_another_version_of_the_same_token() -> None:
    plan = rolled_back(superseded(Retirement.OVERLAP), previous=CURRENT)

    assert plan.credential == credential(OLDER)


def test_a_rollback_to_a_revoked_token_is_refused() -> None:
    revoked = superseded(Retirement.REVOKED)

    with pytest.raises(NotOursError, match="the previous token is revoked at NetSuite"):
        rolled_back(revoked, previous=OLDER)
    with pytest.raises(NotOursError, match="has no previous credential"):
        rolled_back(previous=CURRENT)


@pytest.mark.parametrize(
    ("candidate", "noted"), [(Origin.SOURCE, 0), (Origin.ROTATED, 0), (Origin.TYPED, 1)]
)
def test_what_no_source_gives_again_has_a_line_before_it_is_let_go(
    candidate: Origin, noted: int
) -> None:
    sight = seen(candidate)
    asked = Rotate(TOKEN, Origin.ROTATED, 86400, pair(NEW), anew=True)
    remembered = Remembered(exists=True, verified={"aws": str(sight.current)})

    plan = decide(DECLARED, remembered, {"aws": sight}, {}, asked, now=3)

    assert plan.credential == credential(NEW)
    assert sum(isinstance(step, Note) for step in plan.steps) == noted


def test_the_line_of_intent_of_this_very_rotation_is_closed() -> None:
    nonce = "0123456789abcdef"
    sight = seen(None)
    assert sight.snapshot is not None
    line = JournalEntry(f"{INTENT}{nonce}", nonce, 1, 1, Retirement.INTENT)
    sight = replace(sight, snapshot=replace(sight.snapshot, journal=(line,)))
    asked = Rotate(TOKEN, Origin.ISSUED, 86400, pair(NEW), nonce=nonce)
    remembered = Remembered(exists=True, verified={"aws": str(sight.current)})

    plan = decide(DECLARED, remembered, {"aws": sight}, {}, asked, now=3)

    notes = [step for step in plan.steps if isinstance(step, Note)]
    assert notes == [Note("aws", replace(line, state=Retirement.RESTORED))]


def test_a_candidate_under_other_terms_is_staged_anew() -> None:
    """Its id says what becomes of the token that it replaces."""
    sight = seen(Origin.SOURCE)
    asked = Rotate(TOKEN, Origin.ROTATED, 86400, pair(WAITING))
    remembered = Remembered(exists=True, verified={"aws": str(sight.current)})

    plan = decide(DECLARED, remembered, {"aws": sight}, {}, asked, now=3)

    assert [step.terms for step in plan.steps if isinstance(step, Put)] == [
        Terms(Origin.ROTATED, 86400)
    ]


def test_a_pair_is_another_one_with_another_half() -> None:
    one = pair(NEW)

    assert same_pair(one, pair(NEW))
    assert not same_pair(one, replace(one, secret=pair("L").secret))
    assert not same_pair(one, replace(one, identifier=pair("L").identifier))


def rotated_to(token: str, state: Retirement, *, again: bool) -> Staging:
    """Decide a rotation to a token, where a line says how far the retiring of O is."""
    sight = seen(None)
    assert sight.snapshot is not None
    lines = tuple(replace(line, state=state) for line in sight.snapshot.journal)
    sight = replace(sight, snapshot=replace(sight.snapshot, journal=lines))
    asked = Rotate(TOKEN, Origin.ROTATED, 86400, pair(token), again)
    remembered = Remembered(exists=True, verified={"aws": str(sight.current)})
    return decide(DECLARED, remembered, {"aws": sight}, {}, asked, now=3)


@pytest.mark.parametrize(
    ("known", "state"), [(True, Retirement.RESTORED), (False, Retirement.PERSON)]
)
def test_a_line_of_intent_is_closed_where_its_token_is_and_left_to_a_person_else(
    known: bool, state: Retirement
) -> None:
    sight = seen(Origin.ISSUED)
    assert sight.snapshot is not None
    terms = terms_of(sight.pending)
    assert terms is not None
    nonce = terms.nonce if known else "0123456789abcdef"
    line = JournalEntry(f"{INTENT}{nonce}", nonce, 1, 1, Retirement.INTENT)

    plan = update(None, sight=replace(sight, snapshot=replace(sight.snapshot, journal=(line,))))

    notes = [step for step in plan.steps if isinstance(step, Note)]
    assert notes == [Note("aws", replace(line, state=state))]


@pytest.mark.parametrize(
    ("consumer", "token", "is_read"),
    [
        ("K2", NEW, False),
        ("K2", "L", True),
        ("K1", NEW, True),
        (None, NEW, True),
        ("K2", OLDER, True),
        ("K1", CURRENT, True),
    ],
)
def test_what_is_current_is_read_only_where_a_part_of_it_may_be_kept(
    consumer: str | None, token: str, is_read: bool
) -> None:
    sight = seen(None)
    digests = {TOKEN: KEYS.writing.pair(pair("L")), CONSUMER: KEYS.writing.pair(pair("K1"))}
    remembered = Remembered(exists=True, source_digests=digests)
    offered = {CONSUMER: None if consumer is None else pair(consumer), TOKEN: pair(token)}

    needed = versions_to_read(DECLARED, remembered, {"aws": sight}, offered, Up())

    assert needed == {"aws": [sight.current] if is_read else []}


def test_what_waits_is_read_and_for_a_rollback_what_was_before() -> None:
    sight = seen(Origin.ROTATED)
    assert sight.snapshot is not None
    before = version("P", Origin.SOURCE)
    stages = {**sight.snapshot.stages, Stage.PREVIOUS: before}
    sight = replace(sight, snapshot=replace(sight.snapshot, stages=stages))
    current, waiting, (line,) = sight.current, sight.pending, sight.lines

    up = versions_to_read(DECLARED, Remembered(), {"aws": sight}, {}, Up())
    back = versions_to_read(DECLARED, Remembered(), {"aws": sight}, {}, Rollback())

    assert up == {"aws": [current, waiting]}
    assert back == {"aws": [current, waiting, before, line.version]}


def test_a_new_token_owes_the_declared_overlap() -> None:
    (put,) = [step for step in update(NEW, None).steps if isinstance(step, Put)]

    assert put.terms == Terms(Origin.SOURCE, 86400)


def test_a_decision_is_a_function_of_its_facts() -> None:
    assert update(NEW, Origin.ROTATED) == update(NEW, Origin.ROTATED)
