"""The policy's rules: when a token is due and what its journal calls for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tba_secrets.cli.exits import Exit
from tba_secrets.rotation import (
    CERTIFICATES,
    Policy,
    RotationFinding,
    Standing,
    judge_age,
    judge_journal,
    judge_validity,
    span,
    when,
    worst,
)
from tba_secrets.stores.journal import JournalEntry, Retirement

DAY = 86400
NOW = 1_795_456_000.0
NINETY = Policy(timedelta(days=90), timedelta(days=14))
SILENT = Policy(timedelta(days=90))

AGES = [
    # (policy, age in seconds, the standing it calls for)
    (Policy(), 4000 * DAY, None),
    (Policy(), None, None),
    (Policy(warn_before=timedelta(days=14)), 4000 * DAY, None),
    (NINETY, 0, None),
    (NINETY, 76 * DAY - 1, None),
    (NINETY, 76 * DAY, Standing.DUE_SOON),
    (NINETY, 90 * DAY - 1, Standing.DUE_SOON),
    (NINETY, 90 * DAY, Standing.OVERDUE),
    (NINETY, 900 * DAY, Standing.OVERDUE),
    (NINETY, None, Standing.DUE_SOON),
    (NINETY, -DAY, None),
    (SILENT, 90 * DAY - 1, None),
    (SILENT, 90 * DAY, Standing.OVERDUE),
    (SILENT, None, Standing.DUE_SOON),
]


@pytest.mark.parametrize(("policy", "age", "standing"), AGES)
def test_an_age_against_its_policy(
    policy: Policy, age: float | None, standing: Standing | None
) -> None:
    found = judge_age(policy, None if age is None else NOW - age, NOW)
    assert (None if found is None else found.standing) is standing
    assert found is None or found.remedy


VALIDITIES = [
    # (policy, days since the first proof, days until the last day, the standing it calls for)
    (NINETY, 10, 15, None),
    (NINETY, 10, 13, Standing.DUE_SOON),
    (NINETY, 10, 0, Standing.DUE_SOON),
    (NINETY, 10, -1, Standing.FAILING),
    (NINETY, None, -1, Standing.FAILING),
    (Policy(), 300, 31, None),
    (Policy(), 300, 28, Standing.DUE_SOON),
    (Policy(), None, 28, Standing.DUE_SOON),
    (Policy(), 0, 8, None),
    (Policy(), 12, 8, Standing.DUE_SOON),
]


@pytest.mark.parametrize(("policy", "age", "left", "standing"), VALIDITIES)
def test_a_certificate_against_its_end(
    policy: Policy, age: int | None, left: int, standing: Standing | None
) -> None:
    last_day = (datetime.fromtimestamp(NOW, UTC) + timedelta(days=left)).date().isoformat()
    found = judge_validity(policy, None if age is None else NOW - age * DAY, last_day, NOW)
    assert (None if found is None else found.standing) is standing
    assert found is None or (last_day in found.what and "tba rotate" in found.remedy)
    assert found is None or ("by hand" in found.remedy) == (standing is Standing.FAILING)


@pytest.mark.parametrize("last_day", [None, ""])
def test_a_token_has_no_end(last_day: str | None) -> None:
    assert judge_validity(NINETY, None, last_day, NOW) is None


def test_a_certificate_is_revoked_on_another_page() -> None:
    (one,) = judge_journal([entry(Retirement.PERSON, NOW)], NOW, CERTIFICATES)
    assert one.what.startswith("the certificate of version")
    assert "Client Credentials (M2M) Setup" in one.remedy
    assert "Access Tokens" not in one.remedy


def test_the_words_say_when() -> None:
    due, over = (judge_age(NINETY, NOW - days * DAY, NOW) for days in (80, 101))
    assert due is not None
    assert over is not None
    assert due.what == f"due in 10 days: {when(NOW + 10 * DAY)}"
    assert over.what == f"overdue by 11 days: was due {when(NOW - 11 * DAY)}"


def test_dates_follow_from_the_policy() -> None:
    assert NINETY.due_at(NOW) == NOW + 90 * DAY
    assert NINETY.warn_at(NOW) == NOW + 76 * DAY
    assert (SILENT.due_at(None), SILENT.warn_at(NOW), Policy().due_at(NOW)) == (None, None, None)


def entry(state: Retirement, revoke_after: float) -> JournalEntry:
    return JournalEntry("tba-0123456789abcdef", "k:1", int(NOW - DAY), int(revoke_after), state)


@pytest.mark.parametrize("state", Retirement)
@pytest.mark.parametrize("over", [True, False])
def test_a_journal_line_calls_for_somebody(state: Retirement, over: bool) -> None:
    found = judge_journal([entry(state, NOW if over else NOW + 1)], NOW)
    if state in (Retirement.REVOKED, Retirement.RESTORED):
        assert found == ()
        return
    (one,) = found
    if state is Retirement.INTENT:
        assert when(NOW - DAY) in one.what
        assert one.standing is Standing.ATTENTION
        return
    assert "tba-01234567" in one.what
    assert f"superseded {when(NOW - DAY)}" in one.what
    if state in (Retirement.INFORM, Retirement.LEFT):
        assert one.standing is Standing.WELL
        assert "nothing will revoke it" in one.what
        return
    waits = state is Retirement.PERSON or over
    assert one.standing is (Standing.ATTENTION if waits else Standing.WELL)
    assert ("tba retire" in one.remedy) == waits


@pytest.mark.parametrize(("lines", "folded"), [(5, 0), (6, 1), (8, 3)])
def test_of_lines_that_only_inform_the_sixth_folds_into_a_number(lines: int, folded: int) -> None:
    journal = [
        JournalEntry(f"tba-{n:08x}", "k:1", int(NOW - (20 - n) * DAY), int(NOW), Retirement.INFORM)
        for n in range(lines)
    ]

    first, *each = judge_journal([*journal, entry(Retirement.OVERLAP, NOW)], NOW)

    assert "its overlap ended" in first.what  # what has to be done is never folded
    told = [f"tba-{n:08x}" for n in range(folded, lines)]
    assert all(version in one.what for version, one in zip(told, each[:5], strict=True))
    last = when(NOW - (21 - folded) * DAY)
    older = f"and {folded} older, the last superseded {last}: still valid in NetSuite, and nothing will revoke them"
    assert [one.what for one in each[5:]] == ([older] if folded else [])


def test_the_worst_counts_and_nothing_is_well() -> None:
    found = [RotationFinding(standing, "x") for standing in (Standing.OVERDUE, Standing.ATTENTION)]
    assert worst(found) is Standing.ATTENTION
    assert worst([]) is Standing.WELL


def test_exit_codes_are_their_own_and_in_order() -> None:
    """Due soon is better than overdue, and none means what another command's code means; 0 is done everywhere."""
    assert [int(standing) for standing in Standing] == [0, 10, 11, 12, 13]
    assert {int(one) for one in Standing} & {int(code) for code in Exit} == {0}
    assert len({standing.word for standing in Standing}) == len(Standing)


SPANS = [
    (0, "0 minutes"),
    (60, "1 minute"),
    (119, "1 minute"),
    (3600, "1 hour"),
    (3660, "61 minutes"),
    (7200, "2 hours"),
    (DAY, "1 day"),
    (DAY + 3600, "25 hours"),
    (2 * DAY, "2 days"),
    (90 * DAY + 5000, "90 days"),
]


@pytest.mark.parametrize(("seconds", "words"), SPANS)
def test_a_span_in_words(seconds: float, words: str) -> None:
    assert span(seconds) == words
