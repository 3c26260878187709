"""kill -9 before every request of a rollback, of a new consumer pair, and of a record's first token; then once more.

As in test_rotation_readers.py the provider runs without the engine, so that every step of every story can be cut, on
AWS and on Vault.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tba_secrets.errors import ConflictError
from tba_secrets.stores.interface import Stage
from tba_secrets.stores.journal import Retirement
from tests.deep import rest_is_deep
from tests.faults.provider_run import Order
from tests.faults.readers import plain_reader, reading
from tests.faults.scene import Scene, scene
from tests.netsuite_account import Values
from tests.stores.conftest import no_local_settings
from tests.stores.vault_server import shared_server

__all__ = ["no_local_settings", "scene", "shared_server"]

pytestmark = pytest.mark.faults


def cuts(scene: Scene, order: Order) -> Iterator[Order]:
    """The order, killed before its first request, its second, and so on, until one is not killed any more."""
    for number in itertools.count(1):
        cut = Order(**{**vars(order), "kill_before": number})
        ended = scene.provider.run(cut)
        if not ended.killed:
            assert not ended.error, ended.error
            assert number > 5, "hardly anything was cut"
            return
        yield cut


def settled(scene: Scene) -> None:
    """Nothing waits, and a plain `up` has nothing to do."""
    stages = scene.snapshot().stages
    assert stages.get(Stage.CANDIDATE) in (None, stages[Stage.CURRENT])
    before = scene.snapshot()
    scene.provider.done(Order(now=scene.now))
    assert scene.snapshot() == before


def test_a_rollback(scene: Scene) -> None:
    """Whether it comes to be or is begun again: what was previous is current, and the same command does not undo it."""
    scene.begin()
    order = Order(rollback=True, now=scene.now)
    ends = [token.identifier for token in scene.tokens[:2]]
    with reading(plain_reader(scene.store, scene.name, scene.netsuite.url)) as tally:
        for number, _ in enumerate(cuts(scene, order)):
            scene.provider.done(order)
            assert scene.current() == ends[number % 2]
            settled(scene)
    assert tally.failed == [], tally.outcomes
    assert Retirement.OVERLAP not in scene.journal()


@pytest.mark.parametrize("scene", rest_is_deep(("aws", "vault"), "aws".__eq__), indirect=True)
def test_a_consumer_pair(scene: Scene) -> None:
    scene.begin()
    integration = scene.netsuite.state.account(scene.account.id).integrations[0]
    assert integration.consumer_key == scene.account.consumers["warehouse"].identifier
    versions = 0
    for _ in range(60):
        new = Values()
        integration.consumer_key, integration.consumer_secret = new.identifier, new.secret
        order = Order(consumer=new, now=scene.now)
        versions += 1
        if not scene.provider.run(Order(**{**vars(order), "kill_before": versions})).killed:
            break
        scene.provider.done(order)
        assert scene.credential().consumer_key.reveal() == new.identifier
        assert scene.current() == scene.tokens[1].identifier
        settled(scene)
    else:
        raise AssertionError("it was never let through")
    assert versions > 5, "hardly anything was cut"
    again = scene.provider.run(order)
    assert ConflictError.__name__ in again.error, "the same pair once more is no new one"


@pytest.mark.parametrize("scene", rest_is_deep(("aws", "vault"), "aws".__eq__), indirect=True)
def test_the_first_token(scene: Scene) -> None:
    """Whichever of the two that were issued was stored first: it is the only one that comes to be stored."""
    scene.provider.token_source = "authorize"
    folder = scene.provider.folder
    for number in itertools.count(1):
        scene.provider.secret, scene.provider.folder = f"orders-{number}", folder / str(number)
        scene.provider.folder.mkdir()
        first, second = scene.tokens[0], scene.tokens[1]
        order = Order(given=first, issued=True, now=scene.now)
        if not scene.provider.run(Order(**{**vars(order), "kill_before": number})).killed:
            break
        stored = scene.store.describe(scene.name)
        held = stored is not None and {Stage.CANDIDATE, Stage.CURRENT} & {
            stage for stage, version in stored.stages.items() if version != stored.placeholder
        }
        scene.provider.done(Order(given=second, issued=True, now=scene.now))
        assert scene.current() == (first if held else second).identifier
        assert scene.journal() == []
        settled(scene)
    assert number > 5, "hardly anything was cut"
