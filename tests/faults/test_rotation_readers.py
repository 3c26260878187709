"""Readers all the while: rotation after rotation, kills among them, and not one failed call.

The provider runs in processes of its own, driven as the engine drives it; the engine is not the point here, and its
own three rotations are in test_rotation_engine.py. A process is killed before one of its requests, which one a seeded
generator says, and the next run takes its work up.
"""

from __future__ import annotations

import logging
from typing import Final

import pytest

from tba_secrets import client
from tba_secrets.simulator import FaultKind
from tba_secrets.stores.journal import Retirement
from tests.deep import rest_is_deep
from tests.faults.processes import wait_until
from tests.faults.readers import Tally, reading, session_reader, stubborn_reader
from tests.faults.scene import READERS, Scene, scene
from tests.stores.conftest import no_local_settings
from tests.stores.vault_server import shared_server

__all__ = ["no_local_settings", "scene", "shared_server"]

pytestmark = pytest.mark.faults

ROTATIONS: Final = rest_is_deep((10, 50), lambda rotations: rotations == 10)
HOUR: Final = 3600
_log: Final = logging.getLogger(__name__)


@pytest.mark.parametrize("rotations", ROTATIONS)
def test_rotations_with_an_overlap(scene: Scene, rotations: int) -> None:
    """The simplest reader there is: a token is revoked an hour after it was superseded, and never before."""
    requests = scene.begin()
    seen: set[str] = set()
    with reading(*scene.plain_readers(seen)) as tally:
        for place in range(2, rotations + 2):
            scene.now += HOUR
            kill = place % 2 == 0
            scene.rotated(scene.tokens[place], kill=kill, requests=requests, overlap=HOUR + 1)
            if place % 5 == 0:
                scene.retired(kill=place % 10 == 0)
        scene.now += 2 * HOUR
        scene.retired(kill=False)
    _report(scene, tally)
    assert tally.failed == [], tally.outcomes
    assert scene.provider.kills >= rotations // 2 - 1
    assert len(seen) > rotations * 3 // 4, "the readers have passed too few rotations"
    assert scene.revoked() == list(range(rotations + 1))
    assert Retirement.OVERLAP not in scene.journal()


@pytest.mark.parametrize("rotations", ROTATIONS)
def test_rotations_without_an_overlap(scene: Scene, rotations: int) -> None:
    """A reader of `tba_secrets.client` notices nothing, though its token is revoked while it is in use."""
    requests = scene.begin()
    with (
        client.session(scene.store, scene.name, endpoint=scene.netsuite.url) as session,
        reading(*[session_reader(session, scene.netsuite.url)] * READERS) as tally,
    ):
        for place in range(2, rotations // 2 + 2):
            kill = place % 3 == 0
            scene.rotated(scene.tokens[place], kill=kill, requests=requests)
            scene.retired(kill=False, at_once=True)
    _report(scene, tally)
    assert tally.failed == [], tally.outcomes
    assert scene.revoked() == list(range(rotations // 2 + 1))
    refused = scene.netsuite.state.trail.failures(scene.account.id)
    assert refused, "no reader was ever refused: its token was never in use when it was revoked"


def test_a_superseded_token_outlives_later_versions_until_its_revoke_is_confirmed(
    scene: Scene,
) -> None:
    """NetSuite cannot be reached for a revoke through six rotations, and the store drops what nothing holds."""
    scene.begin()
    faults = scene.netsuite.state.faults
    faults.add(FaultKind.RESET, "/rest/revoketoken", times=None)
    for place in range(2, 8):
        scene.rotated(scene.tokens[place], kill=False)
        scene.drop_unheld()
        scene.retired(kill=False, at_once=True)
        scene.now += HOUR  # a lost answer counts as a refusal for half an hour
        assert scene.revoked() == []
        assert scene.journal() == [Retirement.OVERLAP] * place
    faults.clear()

    scene.retired(kill=False, at_once=True)

    assert scene.revoked() == list(range(7))
    assert scene.journal() == [Retirement.REVOKED] * 7
    assert sorted(scene.revokes()) == ["orders", *(f"orders {place}" for place in range(1, 7))]


def test_a_revoke_whose_answer_was_lost_is_not_forgotten(scene: Scene) -> None:
    """It was carried out; the next try is refused, and a person is told to look."""
    scene.begin()
    scene.netsuite.state.faults.add(FaultKind.ANSWER_LOST, "/rest/revoketoken")

    scene.retired(kill=False, at_once=True)

    assert scene.journal() == [Retirement.OVERLAP]
    scene.retired(kill=False, at_once=True)
    assert scene.journal() == [Retirement.PERSON]
    assert scene.revokes() == ["orders"]
    scene.retired(kill=False, at_once=True)
    assert len(scene.netsuite.state.trail.failures()) == 1, "it was tried again"


def test_a_reader_that_reads_once_fails(scene: Scene) -> None:
    """The broken twin: the calls that are counted can fail."""
    scene.begin()
    with reading(stubborn_reader(scene.store, scene.name, scene.netsuite.url)) as tally:
        scene.rotated(scene.tokens[2], kill=False)
        assert tally.failed == []
        scene.netsuite.state.revoke_token(scene.account.id, "orders 1")
        wait_until(lambda: tally.failed, "no call failed")
    assert set(tally.outcomes) == {"401"}


def _report(scene: Scene, tally: Tally) -> None:
    rate = tally.calls / tally.seconds
    _log.info("%d calls, %.0f a second; %d kills", tally.calls, rate, scene.provider.kills)
