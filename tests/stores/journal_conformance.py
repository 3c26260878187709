"""The journal's part of the contract: lines that stay, and versions that outlive what is written after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tba_secrets.errors import RetirementOpenError, ScheduledForDeletionError, StoreError
from tba_secrets.stores.interface import Stage, Store, VersionId
from tba_secrets.stores.journal import MOST_ENTRIES, JournalEntry, Retirement
from tests.stores.support import (
    CANARY,
    MARK,
    NAME,
    Bench,
    at_once,
    candidate,
    claimed,
    promoted,
    refusal,
    seen,
    value_of,
)

LATER_VERSIONS = 5
AT_ONCE = 4


class JournalConformance:
    """What every store does alike with what is to be retired."""

    @pytest.fixture
    def bench(self) -> Bench:
        """The store to test, empty."""
        raise NotImplementedError

    # --- lines ------------------------------------------------------------------------------

    def test_a_secret_begins_with_an_empty_journal(self, bench: Bench) -> None:
        claimed(bench.store)
        assert seen(bench.store).journal == ()

    def test_a_line_comes_back_as_it_was_noted(self, bench: Bench) -> None:
        entry, _ = waiting(bench)
        assert seen(bench.store).journal == (entry,)
        assert bench.store.describe_many([NAME])[NAME] == seen(bench.store)

    def test_noted_again_changes_nothing(self, bench: Bench) -> None:
        entry, text = waiting(bench)
        before = seen(bench.store)
        bench.store.note(NAME, entry)
        assert seen(bench.store) == before
        assert value_of(bench.store, VersionId(entry.version)) == text

    @pytest.mark.parametrize("state", Retirement)
    def test_a_line_is_changed_in_its_place(self, bench: Bench, state: Retirement) -> None:
        first, _ = waiting(bench)
        second, _ = waiting(bench, since=2)
        bench.store.note(NAME, closed(first, state))
        assert seen(bench.store).journal == (closed(first, state), second)

    def test_lines_are_bounded_and_an_open_one_is_never_dropped(self, bench: Bench) -> None:
        entry, text = waiting(bench)
        done = [revoked(number) for number in range(MOST_ENTRIES + 2)]
        for line in done:
            bench.store.note(NAME, line)
        assert seen(bench.store).journal == (entry, *done[-MOST_ENTRIES + 1 :])
        assert value_of(bench.store, VersionId(entry.version)) == text

    def test_more_open_lines_than_can_be_kept_are_refused(self, bench: Bench) -> None:
        claimed(bench.store)
        open_ones = [closed(revoked(number), Retirement.PERSON) for number in range(MOST_ENTRIES)]
        for line in open_ones:
            bench.store.note(NAME, line)
        more = closed(revoked(MOST_ENTRIES), Retirement.PERSON)
        refusal(RetirementOpenError, lambda: bench.store.note(NAME, more), NAME, "tba retire")
        assert seen(bench.store).journal == tuple(open_ones)
        bench.store.note(NAME, closed(open_ones[3], Retirement.REVOKED))
        bench.store.note(NAME, more)
        assert seen(bench.store).journal == (*open_ones[:3], *open_ones[4:], more)

    def test_the_journal_stays_whatever_is_done(self, bench: Bench) -> None:
        first, _ = waiting(bench)
        second, _ = waiting(bench, since=2)
        bench.store.note(NAME, closed(second, Retirement.REVOKED))
        before = seen(bench.store).journal
        assert len(before) == 2
        bench.store.claim(NAME, MARK, "another description")
        after = promoted(bench.store, candidate())
        bench.store.discard(NAME, bench.store.stage(NAME, candidate(), after))
        assert bench.store.restage(NAME, VersionId(first.version))
        assert seen(bench.store).stages[Stage.CANDIDATE] == first.version
        bench.store.promote(NAME, VersionId(first.version), after)
        assert seen(bench.store).journal == before

    def test_lines_noted_at_once_are_all_kept(self, bench: Bench) -> None:
        claimed(bench.store)
        texts, entries = {}, []
        for number in range(AT_ONCE):
            staged = candidate()
            version = promoted(bench.store, staged)
            texts[version] = staged.value.reveal()
            entries.append(line_for(version, number))
        ended = at_once([noting(bench.store, entry) for entry in entries])
        assert ended.errors == []
        assert seen(bench.store).journal == tuple(entries)
        later(bench)
        assert {version: value_of(bench.store, version) for version in texts} == texts

    def test_a_secret_that_was_not_claimed_takes_no_line(self, bench: Bench) -> None:
        refusal(StoreError, lambda: bench.store.note(NAME, revoked(1)), NAME)
        assert bench.store.describe(NAME) is None

    def test_a_version_that_is_gone_is_only_for_a_person(self, bench: Bench) -> None:
        claimed(bench.store)
        gone = closed(revoked(1), Retirement.OVERLAP)
        refusal(StoreError, lambda: bench.store.note(NAME, gone), NAME, gone.version, "NetSuite")
        assert seen(bench.store).journal == ()
        bench.store.note(NAME, closed(gone, Retirement.PERSON))
        assert seen(bench.store).journal == (closed(gone, Retirement.PERSON),)
        assert bench.store.read(NAME, VersionId(gone.version)) is None

    # --- pins -------------------------------------------------------------------------------

    def test_a_pinned_version_outlives_five_later_ones(self, bench: Bench) -> None:
        entry, text = waiting(bench)
        later(bench)
        assert value_of(bench.store, VersionId(entry.version)) == text

    def test_without_a_pin_it_would_be_gone(self, bench: Bench) -> None:
        """The broken twin of the test above: the store does drop versions."""
        entry, _ = current_one(bench)
        later(bench)
        assert bench.store.read(NAME, VersionId(entry.version)) is None

    @pytest.mark.parametrize("state", [Retirement.REVOKED, Retirement.RESTORED])
    def test_a_closed_line_pins_nothing(self, bench: Bench, state: Retirement) -> None:
        entry, text = waiting(bench)
        later(bench)
        assert value_of(bench.store, VersionId(entry.version)) == text
        bench.store.note(NAME, closed(entry, state))
        bench.drop_unheld(NAME)
        assert bench.store.read(NAME, VersionId(entry.version)) is None
        assert seen(bench.store).journal == (closed(entry, state),)

    def test_a_person_s_task_is_pinned_too(self, bench: Bench) -> None:
        entry, text = waiting(bench)
        bench.store.note(NAME, closed(entry, Retirement.PERSON))
        later(bench)
        assert value_of(bench.store, VersionId(entry.version)) == text

    def test_two_wait_at_once_and_one_ends(self, bench: Bench) -> None:
        first, first_text = waiting(bench)
        second, second_text = waiting(bench, since=2)
        later(bench)
        assert value_of(bench.store, VersionId(first.version)) == first_text
        assert value_of(bench.store, VersionId(second.version)) == second_text
        bench.store.note(NAME, closed(first, Retirement.REVOKED))
        bench.drop_unheld(NAME)
        assert value_of(bench.store, VersionId(second.version)) == second_text

    def test_a_rollback_reaches_a_pinned_version(self, bench: Bench) -> None:
        entry, text = current_one(bench)
        version = VersionId(entry.version)
        bench.store.note(NAME, entry)
        current = later(bench)
        assert bench.store.restage(NAME, version)
        assert seen(bench.store).stages[Stage.CANDIDATE] == version
        bench.store.promote(NAME, version, current)
        bench.store.note(NAME, closed(entry, Retirement.RESTORED))
        assert seen(bench.store).stages[Stage.CURRENT] == version
        assert value_of(bench.store, Stage.CURRENT) == text
        assert value_of(bench.store, version) == text

    def test_readers_and_labels_are_as_without_a_journal(self, bench: Bench) -> None:
        entry, _ = current_one(bench)
        before, read = seen(bench.store), bench.default_read(NAME)
        bench.store.note(NAME, entry)
        assert replace(seen(bench.store), journal=()) == before
        assert bench.default_read(NAME) == read

    # --- remove -----------------------------------------------------------------------------

    @pytest.mark.parametrize("state", [Retirement.OVERLAP, Retirement.PERSON])
    def test_remove_is_refused_while_a_token_waits(self, bench: Bench, state: Retirement) -> None:
        entry, text = current_one(bench)
        bench.store.note(NAME, closed(entry, state))
        before = seen(bench.store)
        error = refusal(
            RetirementOpenError, lambda: bench.store.remove(NAME), NAME, entry.version, "tba retire"
        )
        assert CANARY not in str(error)
        assert seen(bench.store) == before
        assert value_of(bench.store, VersionId(entry.version)) == text

    def test_removed_once_nothing_waits(self, bench: Bench) -> None:
        entry, _ = waiting(bench)
        bench.store.note(NAME, closed(entry, Retirement.REVOKED))
        before = seen(bench.store)
        bench.store.remove(NAME)
        assert seen(bench.store).deletion_at is not None
        bench.store.restore(NAME)
        assert seen(bench.store) == before

    def test_removed_takes_no_lines(self, bench: Bench) -> None:
        entry, _ = current_one(bench)
        bench.store.remove(NAME)
        command = bench.store.restore_command(NAME)
        refusal(ScheduledForDeletionError, lambda: bench.store.note(NAME, entry), NAME, command)


def current_one(bench: Bench, since: int = 1) -> tuple[JournalEntry, str]:
    """A credential that was promoted: the line that is due before its successor is, not noted yet, and its text."""
    staged = candidate()
    claimed(bench.store)
    version = promoted(bench.store, staged)
    return line_for(version, since), staged.value.reveal()


def waiting(bench: Bench, since: int = 1) -> tuple[JournalEntry, str]:
    """As `current_one`, noted."""
    entry, text = current_one(bench, since)
    bench.store.note(NAME, entry)
    return entry, text


def later(bench: Bench) -> VersionId:
    """Five more versions, with a store that drops what it may after each; the newest."""
    for _ in range(LATER_VERSIONS):
        newest = promoted(bench.store, candidate())
        bench.drop_unheld(NAME)
    return newest


def closed(entry: JournalEntry, state: Retirement) -> JournalEntry:
    """The entry, one step on."""
    return replace(entry, state=state)


def line_for(version: VersionId, since: int) -> JournalEntry:
    """An open line, with numbers that tell it from others."""
    return JournalEntry(version, f"0a1b2c:{since:064x}", 1_767_000_000 + since, 1_767_090_000)


def revoked(number: int) -> JournalEntry:
    """A closed line of a version that is long gone."""
    return closed(line_for(VersionId(f"tba-{number:040x}"), 100 + number), Retirement.REVOKED)


def noting(store: Store, entry: JournalEntry) -> Callable[[], None]:
    """A call for a thread."""
    return lambda: store.note(NAME, entry)
