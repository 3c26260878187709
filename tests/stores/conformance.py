"""The contract of a store as tests: inherited by the tests of every back end.

A back end overrides `bench`; a gap of the fake that it runs on is named in `gaps`, and is a strict expected failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from tba_secrets.errors import ConflictError, ScheduledForDeletionError, StoreError
from tba_secrets.stores.interface import Candidate, OwnerMark, SecretName, Stage, VersionId
from tba_secrets.stores.versions import PLACEHOLDER
from tests.stores.journal_conformance import JournalConformance
from tests.stores.support import (
    CANARY,
    MARK,
    NAME,
    Bench,
    at_once,
    candidate,
    claimed,
    current,
    promoted,
    refusal,
    seen,
    value_of,
)

RACERS = 16
GONE = VersionId("tba-" + "0" * 40)
TEXTS = {
    "UTF-8": '{"token_secret":"obviously-fake-é-ß-漢字-🔑"}',
    "60 KiB": '{"token_secret":"' + "x" * (60 * 1024) + '"}',
}


class StoreConformance(JournalConformance):
    """What every store does alike."""

    gaps: ClassVar[Mapping[str, str]] = {}
    """Test name to what the fake does otherwise than the real store."""

    @pytest.fixture
    def bench(self) -> Bench:
        """The store to test, empty."""
        raise NotImplementedError

    # --- absent -----------------------------------------------------------------------------

    def test_absent_is_a_value(self, bench: Bench) -> None:
        assert bench.store.describe(NAME) is None
        assert bench.store.describe_many([NAME]) == {NAME: None}
        assert bench.store.read(NAME, Stage.CURRENT) is None
        assert bench.store.read(NAME, GONE) is None

    def test_names_are_those_that_begin_with_the_prefix(self, bench: Bench) -> None:
        assert bench.store.names("netsuite/sandbox/") == ()
        inside = (SecretName("netsuite/sandbox/deep/er/one"), NAME)
        outside = (SecretName("netsuite/sandboxes/one"), SecretName("netsuite/sandbox"))
        for name in (*outside, *reversed(inside)):
            bench.write_as_another(name, f'{{"a": "{CANARY}"}}', Stage.CURRENT)
        assert bench.store.names("netsuite/sandbox/") == inside
        assert bench.store.names("netsuite/other/") == ()
        assert bench.store.names("netsuite/sandboxes/o") == outside[:1]

    def test_absent_version_of_a_secret_that_exists_is_a_value(self, bench: Bench) -> None:
        claimed(bench.store)
        assert bench.store.read(NAME, Stage.CANDIDATE) is None
        assert bench.store.read(NAME, GONE) is None

    def test_nothing_is_done_to_what_is_absent(self, bench: Bench) -> None:
        bench.store.discard(NAME, GONE)
        bench.store.remove(NAME)
        bench.store.restore(NAME)
        assert bench.store.describe(NAME) is None

    def test_stage_without_claim_is_refused(self, bench: Bench) -> None:
        refusal(StoreError, lambda: bench.store.stage(NAME, candidate(), None), NAME)
        assert bench.default_read(NAME) is None

    # --- claim ------------------------------------------------------------------------------

    def test_claim_makes_a_secret_without_a_credential(self, bench: Bench) -> None:
        version = claimed(bench.store)
        assert seen(bench.store).placeholder == version
        assert seen(bench.store).owner == MARK
        assert bench.default_read(NAME) in (None, PLACEHOLDER)

    def test_claim_again_changes_nothing(self, bench: Bench) -> None:
        claimed(bench.store)
        before = seen(bench.store)
        claimed(bench.store)
        assert seen(bench.store) == before

    def test_claim_by_another_record_moves_the_mark(self, bench: Bench) -> None:
        claimed(bench.store)
        other = OwnerMark(MARK.stack, MARK.record, "claim-two")
        bench.store.claim(NAME, other)
        assert seen(bench.store).owner == other

    def test_claim_by_two_threads_makes_one_secret(self, bench: Bench) -> None:
        ended = at_once([lambda: bench.store.claim(NAME, MARK)] * 2)
        assert ended.errors == []
        assert seen(bench.store).placeholder == current(bench.store)
        assert seen(bench.store).owner == MARK

    def test_claim_leaves_the_value_of_others(self, bench: Bench) -> None:
        theirs = bench.write_as_another(NAME, f'{{"a": "{CANARY}"}}', Stage.CURRENT)
        assert seen(bench.store).owner is None
        assert claimed(bench.store) == theirs
        assert seen(bench.store).placeholder is None
        assert CANARY in (bench.default_read(NAME) or "")

    # --- stage ------------------------------------------------------------------------------

    def test_stage_leaves_current_alone(self, bench: Bench) -> None:
        first = candidate()
        before = promoted_first(bench, first)
        second = candidate()
        version = bench.store.stage(NAME, second, before)
        assert seen(bench.store).stages[Stage.CANDIDATE] == version
        assert current(bench.store) == before
        assert value_of(bench.store, version) == second.value.reveal()
        assert value_of(bench.store, Stage.CANDIDATE) == second.value.reveal()
        assert bench.default_read(NAME) == first.value.reveal()

    def test_stage_again_is_the_same_version(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        staged = candidate()
        version = bench.store.stage(NAME, staged, replacing)
        before = seen(bench.store)
        assert bench.store.stage(NAME, staged, replacing) == version
        assert seen(bench.store) == before

    def test_stage_takes_the_place_of_our_older_candidate(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        older = bench.store.stage(NAME, candidate(), replacing)
        newer = bench.store.stage(NAME, candidate(), replacing)
        assert newer != older
        assert seen(bench.store).stages[Stage.CANDIDATE] == newer

    def test_stage_refuses_the_candidate_of_others(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        theirs = bench.write_as_another(NAME, '{"a": "theirs"}', Stage.CANDIDATE)
        assert seen(bench.store).foreign_candidate
        refusal(
            ConflictError, lambda: bench.store.stage(NAME, candidate(), replacing), NAME, theirs
        )
        assert seen(bench.store).stages[Stage.CANDIDATE] == theirs

    def test_stage_refuses_where_current_moved(self, bench: Bench) -> None:
        stale = claimed(bench.store)
        newer = promoted(bench.store, candidate())
        refusal(ConflictError, lambda: bench.store.stage(NAME, candidate(), stale), NAME, newer)
        assert Stage.CANDIDATE not in seen(bench.store).stages

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_values_come_back_as_they_went_in(self, bench: Bench, text: str) -> None:
        claimed(bench.store)
        promoted(bench.store, candidate(text))
        assert bench.default_read(NAME) == text

    def test_oversize_is_refused_before_any_call(self, bench: Bench) -> None:
        limit = bench.store.max_value_bytes
        too_large = candidate(CANARY + "é" * ((limit - len(CANARY)) // 2 + 1))
        size = str(len(too_large.value.reveal().encode()))
        refusal(
            StoreError, lambda: bench.store.stage(NAME, too_large, None), NAME, size, str(limit)
        )
        assert bench.store.describe(NAME) is None

    def test_the_largest_value_is_taken(self, bench: Bench) -> None:
        claimed(bench.store)
        promoted(bench.store, candidate("x" * bench.store.max_value_bytes))
        assert len(bench.default_read(NAME) or "") == bench.store.max_value_bytes

    # --- promote ----------------------------------------------------------------------------

    def test_promote_moves_current_and_previous(self, bench: Bench) -> None:
        before = promoted_first(bench, candidate())
        second = candidate()
        version = bench.store.stage(NAME, second, before)
        bench.store.promote(NAME, version, before)
        assert seen(bench.store).stages == {Stage.CURRENT: version, Stage.PREVIOUS: before}
        assert seen(bench.store).placeholder is None
        assert value_of(bench.store, Stage.CURRENT) == second.value.reveal()
        assert value_of(bench.store, version) == second.value.reveal()

    def test_promoted_value_is_what_readers_get(self, bench: Bench) -> None:
        promoted_first(bench, candidate())
        second = candidate()
        promoted(bench.store, second)
        assert bench.default_read(NAME) == second.value.reveal()

    def test_promote_again_is_success(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        version = bench.store.stage(NAME, candidate(), replacing)
        bench.store.promote(NAME, version, replacing)
        before = seen(bench.store)
        bench.store.promote(NAME, version, replacing)
        assert seen(bench.store) == before

    def test_what_is_noted_beside_a_version_is_no_part_of_it(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        staged = candidate()
        version = bench.store.stage(NAME, staged, replacing)
        bench.store.promote(NAME, version, replacing, {"account": "1234567", "evidence": "all"})
        before = seen(bench.store)
        bench.store.promote(NAME, version, replacing, {"account": "another"})
        assert seen(bench.store) == before
        assert before.stages[Stage.CURRENT] == version
        assert value_of(bench.store, Stage.CURRENT) == staged.value.reveal()

    def test_promote_with_a_stale_replacing_changes_nothing(self, bench: Bench) -> None:
        stale = claimed(bench.store)
        first = promoted(bench.store, candidate())
        version = bench.store.stage(NAME, candidate(), first)
        before = seen(bench.store)
        refusal(ConflictError, lambda: bench.store.promote(NAME, version, stale), NAME, first)
        assert seen(bench.store) == before

    def test_promote_of_what_is_no_candidate_changes_nothing(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        older = bench.store.stage(NAME, candidate(), replacing)
        bench.store.stage(NAME, candidate(), replacing)
        before = seen(bench.store)
        refusal(ConflictError, lambda: bench.store.promote(NAME, older, replacing), NAME, older)
        assert seen(bench.store) == before

    def test_a_value_comes_back_after_another(self, bench: Bench) -> None:
        """A, then B, then A again: a version id from the content alone would lose the third write."""
        a, b = candidate(), candidate()
        claimed(bench.store)
        versions = [promoted(bench.store, staged) for staged in (a, b, a)]
        assert len(set(versions)) == 3
        assert bench.default_read(NAME) == a.value.reveal()

    def test_one_of_many_racers_is_promoted(self, bench: Bench) -> None:
        replacing = claimed(bench.store)

        def race() -> str:
            staged = candidate()
            version = bench.store.stage(NAME, staged, replacing)
            bench.store.promote(NAME, version, replacing)
            return staged.value.reveal()

        ended = at_once([race] * RACERS)
        assert [type(error) for error in ended.errors] == [ConflictError] * (RACERS - 1)
        assert value_of(bench.store, Stage.CURRENT) == ended.results[0]
        assert seen(bench.store).stages.get(Stage.PREVIOUS) == replacing
        assert not any(CANARY in str(error) for error in ended.errors)

    def test_many_promote_one_candidate(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        version = bench.store.stage(NAME, candidate(), replacing)
        ended = at_once([lambda: bench.store.promote(NAME, version, replacing)] * RACERS)
        assert ended.errors == []
        assert current(bench.store) == version
        assert Stage.CANDIDATE not in seen(bench.store).stages

    # --- discard, restage -------------------------------------------------------------------

    def test_discard_takes_the_label_off(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        version = bench.store.stage(NAME, candidate(), replacing)
        bench.store.discard(NAME, version)
        assert Stage.CANDIDATE not in seen(bench.store).stages
        assert current(bench.store) == replacing

    def test_discard_of_what_is_no_candidate_does_nothing(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        older = bench.store.stage(NAME, candidate(), replacing)
        newer = bench.store.stage(NAME, candidate(), replacing)
        bench.store.discard(NAME, older)
        assert seen(bench.store).stages[Stage.CANDIDATE] == newer

    def test_discarded_and_staged_again_is_the_same_version(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        staged = candidate()
        version = bench.store.stage(NAME, staged, replacing)
        bench.store.discard(NAME, version)
        assert bench.store.stage(NAME, staged, replacing) == version
        assert seen(bench.store).stages[Stage.CANDIDATE] == version
        assert value_of(bench.store, version) == staged.value.reveal()

    def test_rollback_is_restage_and_promote(self, bench: Bench) -> None:
        first, second = candidate(), candidate()
        before = promoted_first(bench, first)
        after = promoted(bench.store, second)
        assert bench.store.restage(NAME, before)
        assert seen(bench.store).stages[Stage.CANDIDATE] == before
        assert current(bench.store) == after
        bench.store.promote(NAME, before, after)
        assert seen(bench.store).stages == {Stage.CURRENT: before, Stage.PREVIOUS: after}
        assert value_of(bench.store, Stage.CURRENT) == first.value.reveal()

    def test_rollback_reaches_readers(self, bench: Bench) -> None:
        first = candidate()
        before = promoted_first(bench, first)
        after = promoted(bench.store, candidate())
        bench.store.restage(NAME, before)
        bench.store.promote(NAME, before, after)
        assert bench.default_read(NAME) == first.value.reveal()

    def test_restage_of_a_version_that_is_gone_is_false(self, bench: Bench) -> None:
        replacing = claimed(bench.store)
        assert not bench.store.restage(NAME, GONE)
        assert seen(bench.store).stages == {Stage.CURRENT: replacing}

    def test_restage_of_current_does_nothing(self, bench: Bench) -> None:
        version = promoted_first(bench, candidate())
        before = seen(bench.store)
        assert bench.store.restage(NAME, version)
        assert seen(bench.store) == before

    def test_restage_never_takes_the_placeholder(self, bench: Bench) -> None:
        placeholder = claimed(bench.store)
        promoted(bench.store, candidate())
        if placeholder is not None:
            refusal(StoreError, lambda: bench.store.restage(NAME, placeholder), NAME)
        assert Stage.CANDIDATE not in seen(bench.store).stages

    def test_rollback_to_a_version_of_others_can_be_taken_up_again(self, bench: Bench) -> None:
        """A kill between restage and promote leaves a candidate that we did not write, and that is ours."""
        theirs = bench.write_as_another(NAME, '{"a": "theirs"}', Stage.CURRENT)
        claimed(bench.store)
        ours = promoted(bench.store, candidate())
        assert bench.store.restage(NAME, theirs)
        assert not seen(bench.store).foreign_candidate
        version = bench.store.stage(NAME, candidate(), ours)
        assert seen(bench.store).stages[Stage.CANDIDATE] == version

    # --- remove, restore --------------------------------------------------------------------

    def test_removed_and_restored_is_as_before(self, bench: Bench) -> None:
        promoted_first(bench, candidate())
        before, read = seen(bench.store), bench.default_read(NAME)
        bench.store.remove(NAME)
        assert seen(bench.store).deletion_at is not None
        bench.store.remove(NAME)
        bench.store.restore(NAME)
        assert seen(bench.store) == before
        assert bench.default_read(NAME) == read
        bench.store.restore(NAME)

    def test_removed_takes_no_reads_and_writes(self, bench: Bench) -> None:
        version = promoted_first(bench, candidate())
        bench.store.remove(NAME)
        command = bench.store.restore_command(NAME)
        for call in (
            lambda: bench.store.claim(NAME, MARK),
            lambda: bench.store.stage(NAME, candidate(), version),
            lambda: bench.store.promote(NAME, version, None),
            lambda: bench.store.restage(NAME, version),
            lambda: bench.store.discard(NAME, version),
            lambda: bench.store.read(NAME, Stage.CURRENT),
        ):
            refusal(ScheduledForDeletionError, call, NAME, command)

    # --- asking -----------------------------------------------------------------------------

    def test_preflight_tells_who_we_are_and_writes_nothing(self, bench: Bench) -> None:
        found = bench.store.preflight([NAME])
        assert found.identity
        assert bench.store.describe(NAME) is None

    def test_describe_many_tells_of_each(self, bench: Bench) -> None:
        other = SecretName(NAME + "-2")
        claimed(bench.store)
        assert bench.store.describe_many([NAME, other]) == {NAME: seen(bench.store), other: None}


def promoted_first(bench: Bench, staged: Candidate) -> VersionId:
    """Claim the secret and promote its first credential."""
    claimed(bench.store)
    return promoted(bench.store, staged)
