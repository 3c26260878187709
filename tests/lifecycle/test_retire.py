"""What one run of a retirement does with each superseded token, in two stores that both have its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from tba_secrets.errors import ConflictError, NotAskedError, StoreError, StoreUnavailableError
from tba_secrets.lifecycle.act import carry_out, claim
from tba_secrets.lifecycle.facts import TOKEN, Note, Promote, Put
from tba_secrets.lifecycle.look import Looked
from tba_secrets.lifecycle.retire import RetireRun
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.revocation import Revocation, RevocationOutcome
from tba_secrets.places import Place
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import SecretName, Snapshot
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import Origin, Terms
from tests.lifecycle.test_decide import DECLARED, KEYS, credential
from tests.lifecycle.test_rules import MARK, NAME, seen
from tests.lifecycle.world import _passed, name_of
from tests.stores.memory import MemoryStore

NOW = 1_800_000_000
DUE = NOW - 1


class OneStore(MemoryStore):
    """Fails at a note where that is ordered."""

    failure: StoreError | None = None

    def _note(self, name: SecretName, entry: JournalEntry, seen: Snapshot | None) -> None:
        if self.failure is not None:
            raise self.failure
        super()._note(name, entry, seen)


@dataclass
class Scene:
    """A record whose tokens A and B are superseded, and C is current."""

    outcome: RevocationOutcome = RevocationOutcome.REVOKED
    asked: list[str] = field(default_factory=list)
    """The tokens whose revoke was sent."""
    users: dict[str, str] = field(default_factory=dict)
    """By token, the record that uses it now."""
    withheld: str = ""
    """The token whose user is not to be asked."""
    proceed: Callable[[], None] = lambda: None
    places: dict[str, Place] = field(init=False)

    def __post_init__(self) -> None:
        self.places = {kind: Place(OneStore(), NAME, MARK) for kind in ("aws", "vault")}
        for where in self.places.values():
            fill(where)

    def store(self, kind: str) -> OneStore:
        store = self.places[kind].store
        assert isinstance(store, OneStore)
        return store

    def states(self, kind: str) -> dict[str, Retirement]:
        """What each line of a store says, by token."""
        named = {KEYS.writing.pair(credential(one).pair(TOKEN)): one for one in "AB"}
        return {named[line.digest]: line.state for line in seen(self.store(kind)).journal}

    def noted(self, kind: str, token: str, state: Retirement) -> None:
        """Change a line as another run would."""
        (line,) = [
            one
            for one in seen(self.store(kind)).journal
            if one.digest == KEYS.writing.pair(credential(token).pair(TOKEN))
        ]
        self.store(kind).note(NAME, replace(line, state=state))

    def lose(self, kind: str, token: str) -> None:
        """Take the version of a token out of a store."""
        held = self.store(kind)._secrets[NAME].versions
        text = credential(token).pair(TOKEN).identifier.reveal()
        for version in [one for one, value in held.items() if text in value.reveal()]:
            del held[version]

    def run(self, *, at_once: bool = False, by_hand: bool = False) -> list[str]:
        """Retire; what was said."""
        run = RetireRun(
            DECLARED,
            self.places,
            Looked(),
            (Format(),),
            self._revoke,
            self._in_use,
            lambda: self.proceed(),
        )
        return list(run.run(credential("C"), NOW, at_once=at_once, by_hand=by_hand))

    def _in_use(self, identifier: Sensitive) -> str | None:
        used = (
            u for t, u in self.users.items() if credential(t).pair(TOKEN).identifier == identifier
        )
        return next(used, None)

    def _revoke(self, old: Credential, current: Credential) -> Revocation:
        token = name_of(old.pair(TOKEN))
        assert name_of(current.pair(TOKEN)) == "C"
        if token == self.withheld:
            raise NotAskedError(f"{token} is not asked about", "wait")
        self.asked.append(token)
        return Revocation(self.outcome, DECLARED.record, "200")


def fill(where: Place) -> None:
    """Stage and promote A, B and C; the line of B is not due yet."""
    looked, before = Looked(), None
    claim(looked, where, lambda: None)
    for token, due in (("A", DUE), ("B", NOW + 60), ("C", None)):
        steps = [Put("", credential(token), Terms(Origin.SOURCE), before)]
        staged = carry_out(looked, where, steps, DECLARED, lambda: None)
        assert staged is not None
        promote = [Promote("", staged, before)]
        carry_out(looked, where, promote, DECLARED, lambda: None, _passed(1))
        if due is not None:
            digest = KEYS.writing.pair(credential(token).pair(TOKEN))
            line = JournalEntry(staged, digest, 86400, due)
            carry_out(looked, where, [Note("", line)], DECLARED, lambda: None)
        before = staged


def test_what_is_due_is_revoked_once_and_written_down_in_every_store() -> None:
    scene = Scene()

    (said,) = scene.run()

    assert scene.asked == ["A"]
    assert "the token superseded 1970-01-02 00:00 UTC: revoked" in said
    for kind in scene.places:
        assert scene.states(kind) == {"A": Retirement.REVOKED, "B": Retirement.OVERLAP}


def test_what_is_still_in_its_overlap_goes_where_that_is_asked_for() -> None:
    scene = Scene()

    assert len(scene.run(at_once=True)) == 2
    assert scene.asked == ["A", "B"]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (RevocationOutcome.UNKNOWN, Retirement.OVERLAP),
        (RevocationOutcome.NOT_CONFIRMED, Retirement.PERSON),
        (RevocationOutcome.NEEDS_PERSON, Retirement.PERSON),
    ],
)
def test_what_is_not_confirmed_stays_on_its_lines(
    outcome: RevocationOutcome, state: Retirement
) -> None:
    scene = Scene(outcome)

    assert len(scene.run()) == 1
    assert [scene.states(kind)["A"] for kind in scene.places] == [state, state]


def test_what_another_record_uses_is_not_revoked() -> None:
    scene = Scene(users={"A": "billing/invoices"})

    (said,) = scene.run()

    assert "is what billing/invoices uses now" in said
    assert (scene.asked, scene.states("aws")["A"]) == ([], Retirement.OVERLAP)


def test_a_user_that_is_not_to_be_asked_holds_up_no_other_token() -> None:
    scene = Scene(withheld="A")

    said = scene.run(at_once=True)

    assert said[0] == "A is not asked about"
    assert scene.asked == ["B"]
    assert scene.states("aws") == {"A": Retirement.OVERLAP, "B": Retirement.REVOKED}


def test_a_token_that_is_done_holds_up_no_other() -> None:
    scene = Scene()
    for kind in scene.places:
        scene.noted(kind, "A", Retirement.REVOKED)

    assert len(scene.run(at_once=True)) == 1
    assert scene.asked == ["B"]


def test_a_version_that_one_store_has_lost_is_read_from_the_other() -> None:
    scene = Scene()
    scene.lose("aws", "A")

    assert len(scene.run()) == 1
    assert scene.asked == ["A"]
    assert [scene.states(kind)["A"] for kind in scene.places] == [Retirement.REVOKED] * 2


def test_a_token_that_no_store_has_any_more_is_left_to_a_person() -> None:
    scene = Scene()
    for kind in scene.places:
        scene.lose(kind, "A")

    (said,) = scene.run()

    assert "a person has to" in said
    assert scene.asked == []
    assert [scene.states(kind)["A"] for kind in scene.places] == [Retirement.PERSON] * 2


def test_a_run_that_was_cancelled_revokes_nothing() -> None:
    def cancelled() -> None:
        raise KeyboardInterrupt

    scene = Scene(proceed=cancelled)

    with pytest.raises(KeyboardInterrupt):
        scene.run()
    assert scene.asked == []


def test_a_store_that_fails_does_not_keep_the_outcome_from_the_others() -> None:
    scene = Scene()
    scene.store("aws").failure = StoreUnavailableError("aws is away", "wait")

    with pytest.raises(StoreError, match="aws is away"):
        scene.run()
    assert scene.states("vault")["A"] is Retirement.REVOKED


def test_after_a_conflict_the_run_looks_again_before_it_writes_more() -> None:
    scene = Scene()
    scene.store("aws").failure = ConflictError("somebody moved it", "run it again")

    with pytest.raises(ConflictError):
        scene.run()
    assert scene.states("vault")["A"] is Retirement.OVERLAP


def test_what_one_store_says_of_a_token_holds_for_all() -> None:
    scene = Scene()
    scene.noted("aws", "A", Retirement.REVOKED)

    (said,) = scene.run()

    assert said.endswith("noted as revoked")
    assert (scene.asked, scene.states("vault")["A"]) == ([], Retirement.REVOKED)


def test_what_a_person_has_revoked_is_closed_and_nobody_is_asked() -> None:
    scene = Scene()
    scene.noted("aws", "A", Retirement.PERSON)

    assert len(scene.run(by_hand=True)) == 2
    assert scene.asked == []
    assert [scene.states(kind)["A"] for kind in scene.places] == [Retirement.REVOKED] * 2
