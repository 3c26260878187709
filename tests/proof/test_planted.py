"""Faults that are planted in the real code, each found by the check that is named for it, and nothing without them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tba_secrets.errors import TbaError
from tba_secrets.lifecycle import act
from tba_secrets.netsuite import retry
from tba_secrets.netsuite.answers import AnswerKind, outcome
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.promote import promote
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.stores.aws import store as aws_store
from tba_secrets.stores.interface import Stage
from tba_secrets.stores.versions import derived_version_id
from tests.lifecycle.explorer import explore
from tests.lifecycle.world import ACCOUNT, _Client, pair
from tests.proof.matrix import Cell, Scenes, open_scenes, play

pytestmark = pytest.mark.deep

Plant = Callable[[pytest.MonkeyPatch], None]


def promote_before_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is staged is current at once."""
    real = act.carry_out

    def planted(looked: Any, place: Any, *rest: Any, **more: Any) -> Any:
        staged = real(looked, place, *rest, **more)
        if staged is not None:
            seen = place.store.describe(place.name)
            held = seen.placeholder or seen.stages.get(Stage.CURRENT)
            place.store.promote(place.name, staged, held)
        return staged

    monkeypatch.setattr(act, "carry_out", planted)


def blind_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused login is tried again."""
    real = outcome

    def planted(answer: Any, protocol: Any) -> AnswerKind:
        kind = real(answer, protocol)
        return AnswerKind.BUSY if kind is AnswerKind.REFUSED else kind

    monkeypatch.setattr(retry, "outcome", planted)


def version_id_from_content_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that comes back has the id that it had."""
    real = derived_version_id
    monkeypatch.setattr(
        aws_store, "derived_version_id", lambda name, candidate, _: real(name, candidate, None)
    )


def a_value_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of a refusal quote a value of the environment."""
    real = SmokeTestHandler.update

    def planted(self: Any, *given: Any) -> Any:
        try:
            return real(self, *given)
        except TbaError as error:
            secret = os.environ["ORDERS_TOKEN_SECRET"]
            raise TbaError(f"{error.what}: {secret}", error.remedy) from None

    monkeypatch.setattr(SmokeTestHandler, "update", planted)


ON_THE_WIRE: Final[dict[str, tuple[Plant, str, str]]] = {
    "promote before verify": (promote_before_verify, "mistyped", "promoted unproven"),
    "promote a key before verify": (promote_before_verify, "first key", "promoted unproven"),
    "blind retry": (blind_retry, "mistyped", "blind retry"),
    "version id from content alone": (
        version_id_from_content_alone,
        "update back",
        "an old version",
    ),
    "a value in an error": (a_value_in_an_error, "mistyped", "a value in an output"),
}


@pytest.fixture
def scenes(tmp_path: Path) -> Iterator[Scenes]:
    with open_scenes("aws", tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("fault", ON_THE_WIRE)
def test_a_fault_is_found_on_the_wire(
    scenes: Scenes, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    plant, story, found = ON_THE_WIRE[fault]
    cell = Cell("aws", story, 0, "", "")
    assert play(scenes, cell) == []

    plant(monkeypatch)
    violations = play(scenes, cell)

    assert any(one.startswith(found) for one in violations), violations


def revoke_before_promote(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is to be replaced is revoked a moment too early."""
    real = promote

    def planted(place: Any, *given: Any) -> None:
        run = place.store.run
        if (token := run.world.current_token(place.store.where)) is not None:
            values = TbaCredential.of(ACCOUNT, pair("K1"), pair(token))
            run._revoke(_Client(run, values))
        real(place, *given)

    monkeypatch.setattr(act, "promote", planted)


def test_revoking_before_promoting_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    events = ("up", "source B")
    assert not explore(events, 3, cuts=("killed after",)).violations

    revoke_before_promote(monkeypatch)
    figures = explore(events, 3, cuts=("killed after",), stop_at_first=True)

    assert set(figures.violations) == {"P2"}, str(figures)
