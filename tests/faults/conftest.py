"""The world of a fault test: that of the engine tests, with one token, so that a run takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.conftest import World, world
from tests.engine.project import environment_yaml
from tests.faults.bench import watching

__all__ = ["one_token", "watched_world", "world"]


@pytest.fixture
def one_token(world: World) -> World:
    """The `world` with the token `orders` alone."""
    world.project.write(environment_yaml(world.account, tokens=("orders",)))
    return world


@pytest.fixture
def watched_world(one_token: World) -> Iterator[World]:
    """The same under the watcher: what it has seen is asserted at the end."""
    with watching(one_token):
        yield one_token
