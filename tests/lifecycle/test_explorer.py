"""The life of a credential, explored: nothing that must hold is ever violated, and a planted fault is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tba_secrets.lifecycle import act, decide, settle
from tba_secrets.lifecycle.facts import Put
from tba_secrets.lifecycle.issue import Issuing
from tba_secrets.lifecycle.offers import Offer
from tba_secrets.lifecycle.retire import RetireRun
from tba_secrets.stores.versions import Origin
from tests.deep import rest_is_deep
from tests.lifecycle.explorer import (
    BEGIN,
    CHANGES,
    PROFILES,
    Event,
    Figures,
    explore,
    replay,
    wander,
)
from tests.lifecycle.world import INTENTS, Cut, World, run

pytestmark = pytest.mark.long


@pytest.mark.parametrize("profile", PROFILES)
def test_every_short_life_keeps_every_property(profile: str) -> None:
    events, _ = PROFILES[profile]  # `python -m tests.lifecycle.explorer` goes deeper

    begin = BEGIN.get(profile, World)()
    figures = explore(events, 2, begin=begin)

    assert not figures.violations, str(figures)
    assert figures.cuts > 1000


@pytest.mark.parametrize("seed", range(2))
def test_long_lives_keep_every_property_and_settle(seed: int) -> None:
    figures = wander(150, length=12, seed=seed)

    assert not figures.violations, str(figures)
    assert figures.cuts > 100


def test_every_command_is_explored() -> None:
    assert set(INTENTS) <= {event for events, _ in PROFILES.values() for event in events}


# --- faults that are planted, to see that they are found ----------------------------------------------


def promoted_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is staged is current at once."""
    real = act.carry_out

    def planted(looked: Any, place: Any, steps: Any, *rest: Any, **more: Any) -> Any:
        staged = real(looked, place, steps, *rest, **more)
        if any(isinstance(step, Put) for step in steps) and staged is not None:
            snapshot = place.store.describe(place.name)
            place.store.promote(place.name, staged, snapshot.placeholder)
        return staged

    monkeypatch.setattr(act, "carry_out", planted)


def no_line_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """A settings change takes what the source gives, superseded or not."""
    monkeypatch.setattr(decide._Life, "superseding_line", lambda _self, _pair: None)
    monkeypatch.setattr(decide, "judge", lambda *_, **__: Offer.NEW)


def nothing_is_journalled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "_line", lambda *_: None)


def no_line_of_intent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Issuing, "intend", lambda _self: None)


def the_wrong_token_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retiring signs with what is current."""

    real = RetireRun._revoked

    def planted(self: Any, due: Any, current: Any) -> str:
        monkeypatch.setattr(RetireRun, "_superseded", lambda _self, _due: current)
        return real(self, due, current)

    monkeypatch.setattr(RetireRun, "_revoked", planted)


def refusals_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    from tba_secrets.netsuite.lockout import Ledger

    monkeypatch.setattr(Ledger, "check", lambda *_: None)


Plant = Callable[[pytest.MonkeyPatch], None]
PLANTED: Final[list[tuple[Plant, str, tuple[str, ...], int]]] = [
    (promoted_unproven, "P1", ("up", "source B"), 1),
    (no_line_bars, "P3", ("up", "source B", "source A", "rotate source", "description"), 5),
    (nothing_is_journalled, "P4", ("up", "rotate issued"), 2),
    (no_line_of_intent, "P7", ("up", "rotate issued"), 2),
    (the_wrong_token_is_revoked, "P2", ("up", "rotate issued", "retire now"), 3),
    (refusals_are_forgotten, "P6", ("source X (mistyped)", "up"), 6),
]


@pytest.mark.parametrize(
    ("plant", "found", "events", "depth"), PLANTED, ids=[one[0].__name__ for one in PLANTED]
)
def test_a_planted_fault_is_found(
    monkeypatch: pytest.MonkeyPatch, plant: Plant, found: str, events: tuple[str, ...], depth: int
) -> None:
    plant(monkeypatch)

    figures = explore(events, depth, cuts=("killed after",), stop_at_first=True)

    assert set(figures.violations) == {found}, str(figures)


@pytest.mark.parametrize(
    ("events", "depth"),
    rest_is_deep([(events, depth) for *_, events, depth in PLANTED], lambda case: case[1] < 3),
    ids=[plant.__name__ for plant, *_ in PLANTED],
)
def test_without_the_fault_nothing_is_found(events: tuple[str, ...], depth: int) -> None:
    figures = explore(events, min(depth, 4), cuts=("killed after",))

    assert not figures.violations, str(figures)


# --- traces that were wrong once ----------------------------------------------------------------------

LEFT_BY_A_ROLLBACK: Final[list[Event]] = [
    ("up", None),
    ("rotate typed B", None),
    ("rollback", None),
    ("source B", None),
]
ONCE_WRONG: Final[dict[str, list[Event]]] = {
    "a killed update's line that informs gives way to a rotation's": [
        ("up", None),
        ("source B", None),
        ("up", Cut(8, "killed before")),
        ("rotate issued", None),
    ],
    "a change of settings does not bring back what a rollback left": [
        ("rotate issued", None),
        ("rotate typed B", None),
        ("rollback", None),
        ("format", None),
        ("up", None),
        ("rotate typed B", None),
    ],
    "a killed rollback's line gives way to a policy's": [
        ("rotate source", None),
        ("rotate issued", None),
        ("rollback", Cut(10, "killed before")),
        ("destroy", None),
        ("source B", None),
        ("retire_after", None),
        ("up", None),
    ],
    "a token that others have displaced is not forgotten": [
        ("rotate issued", None),
        ("outside write", None),
        ("state lost", None),
        ("up", None),
    ],
    "what a rollback left does not come back where the secret is renamed": [
        *LEFT_BY_A_ROLLBACK,
        ("secret renamed", None),
    ],
    "what a rollback left does not come back in another region": [
        *LEFT_BY_A_ROLLBACK,
        ("region", None),
    ],
    "what a rollback left does not come back with a second store": [
        *LEFT_BY_A_ROLLBACK,
        ("second store", None),
    ],
}


@pytest.mark.parametrize("name", ONCE_WRONG)
def test_a_trace_that_was_wrong_once(name: str) -> None:
    world = replay(ONCE_WRONG[name])

    assert run(world, "up").error is None


REVOKED_BY_A_PERSON: Final[list[Event]] = [
    ("up", None),
    ("uploaded", None),
    ("up", None),
    ("current revoked by a person", None),
    ("rotate generated", None),
]


@pytest.mark.parametrize(
    "events",
    [
        [*REVOKED_BY_A_PERSON, ("uploaded", None), ("by a person", None)],
        [("up", None), ("uploaded for another user", None), ("up", None), ("up", None)],
    ],
    ids=["a refused predecessor bars no successor", "a misplaced one is not asked about again"],
)
def test_a_certificate_finds_its_way_once_it_is_uploaded(events: list[Event]) -> None:
    world = replay(events, World(by="api"))
    CHANGES["uploaded"](world)

    done = run(world, "up")

    assert done.error is None, done.error
    assert world.current_token("aws") == "G2"


def test_what_is_refused_itself_brings_nothing_and_the_way_out_is_told() -> None:
    world = replay(REVOKED_BY_A_PERSON[:-1], World(by="api"))

    done = run(world, "rotate generated")

    assert len(world.refused) == 1, "nobody is asked after a refusal"
    assert done.error is not None
    assert "declare `by: person`" in done.error.remedy


def test_a_second_key_where_one_waits_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "UNREPEATABLE", frozenset({Origin.ISSUED}))

    figures = explore(
        ("up", "rotate generated"), 2, cuts=(), stop_at_first=True, begin=World(by="person")
    )

    assert set(figures.violations) == {"P8"}, str(figures)


def test_figures_name_the_trace_of_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_journalled(monkeypatch)

    figures: Figures = explore(("up", "rotate issued"), 2, cuts=(), stop_at_first=True)

    assert "P4 (1): P4: aws: A stands on [] open lines\n    up\n    rotate issued" in str(figures)
