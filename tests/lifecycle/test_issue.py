"""A token that NetSuite is to issue: the line of intent, what is in a store after all, and what is taken back."""

from __future__ import annotations

import pytest

from tba_secrets.lifecycle.act import carry_out
from tba_secrets.lifecycle.facts import TOKEN, Put
from tba_secrets.lifecycle.issue import Issuing
from tba_secrets.lifecycle.look import Looked
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.revocation import Revocation, RevocationOutcome
from tba_secrets.places import Place
from tba_secrets.sensitive import Fingerprint
from tba_secrets.stores.interface import VersionId
from tba_secrets.stores.journal import INTENT, JournalEntry, Retirement
from tba_secrets.stores.versions import Origin, Terms
from tests.lifecycle.test_decide import DECLARED, credential
from tests.lifecycle.test_rules import MARK, NAME, seen
from tests.lifecycle.world import name_of, pair
from tests.stores.memory import MemoryStore

NOW = 1_800_000_000


@pytest.fixture
def store() -> MemoryStore:
    """The first of the record's stores: it keeps the line."""
    return MemoryStore()


@pytest.fixture
def issuing(store: MemoryStore) -> Issuing:
    places = {"memory": Place(store, NAME, MARK), "other": Place(MemoryStore(), NAME, MARK)}
    return Issuing(DECLARED, places, Looked(), lambda: NOW, lambda: None)


def lines(store: MemoryStore) -> list[tuple[str, Retirement]]:
    return [(line.digest, line.state) for line in seen(store).journal]


def stage(store: MemoryStore, nonce: str) -> VersionId | None:
    """Write what was issued, as another run's write that this one has not heard of."""
    where, terms = Place(store, NAME, MARK), Terms(Origin.ISSUED, 60, nonce)
    put = Put("memory", credential("A"), terms, None)
    return carry_out(Looked(), where, [put], DECLARED, lambda: None)


def taken_back(issuing: Issuing, outcome: RevocationOutcome) -> Revocation:
    def revoke(issued: Credential) -> Revocation:
        assert name_of(issued.pair(TOKEN)) == "A"
        return Revocation(outcome, DECLARED.record, "200")

    return issuing.take_back(pair("A"), pair("K1"), revoke)


def test_the_line_of_intent_stands_on_a_secret_of_ours(
    issuing: Issuing, store: MemoryStore
) -> None:
    issuing.intend()

    assert lines(store) == [(issuing.nonce, Retirement.INTENT)]
    assert len(issuing.nonce) == 16, "as a version's id carries it"
    assert seen(store).owner == MARK


def test_no_line_no_secret_where_the_run_is_cancelled(store: MemoryStore) -> None:
    def cancelled() -> None:
        raise KeyboardInterrupt

    places = {"memory": Place(store, NAME, MARK)}
    issuing = Issuing(DECLARED, places, Looked(), lambda: NOW, cancelled)

    with pytest.raises(KeyboardInterrupt):
        issuing.intend()
    assert store.describe(NAME) is None


def test_what_is_in_a_store_after_all_is_found_by_the_nonce(
    issuing: Issuing, store: MemoryStore
) -> None:
    assert not issuing.is_stored(), "nothing was intended yet"
    issuing.intend()
    assert not issuing.is_stored()

    stage(store, issuing.nonce)

    assert issuing.is_stored(), "somebody's look of before says nothing"


def test_another_issued_token_is_not_this_one(issuing: Issuing, store: MemoryStore) -> None:
    issuing.intend()
    stage(store, "0123456789abcdef")

    assert not issuing.is_stored()


@pytest.mark.parametrize("outcome", RevocationOutcome)
def test_the_line_is_closed_only_by_a_confirmed_revoke(
    issuing: Issuing, store: MemoryStore, outcome: RevocationOutcome
) -> None:
    issuing.intend()
    staged = stage(store, "0123456789abcdef")
    assert staged is not None
    other = JournalEntry(staged, Fingerprint("a:b"), 1, 2, Retirement.OVERLAP)
    killed = JournalEntry(f"{INTENT}fedcba9876543210", "fedcba9876543210", 1, 1, Retirement.INTENT)
    for one in (other, killed):
        store.note(NAME, one)
    issuing.looked.forget()

    done = taken_back(issuing, outcome)

    assert done.outcome is outcome
    confirmed = outcome is RevocationOutcome.REVOKED
    mine = Retirement.REVOKED if confirmed else Retirement.INTENT
    assert dict(lines(store)) == {
        issuing.nonce: mine,
        "a:b": Retirement.OVERLAP,
        killed.digest: Retirement.INTENT,
    }
