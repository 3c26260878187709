"""NetSuite cannot be asked: no verdict on the credential, so nothing is promoted and the candidate is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

import pytest

from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.stores.versions import PLACEHOLDER
from tests.deep import rest_is_deep
from tests.faults.bench import (
    NAME,
    TOKEN,
    UP,
    Bench,
    Story,
    pending_operations,
    watching,
)

pytestmark = [pytest.mark.engine, pytest.mark.faults]

Trouble = Callable[[Simulator], AbstractContextManager[None]]


@contextmanager
def stopped(netsuite: Simulator) -> Iterator[None]:
    """Nothing listens at its address."""
    port = urlsplit(netsuite.url).port
    assert port is not None
    netsuite.stop()
    try:
        yield
    finally:
        netsuite.start(port)


@contextmanager
def resetting(netsuite: Simulator) -> Iterator[None]:
    """Every connection is reset."""
    netsuite.state.faults.add(FaultKind.RESET, times=None)
    yield
    netsuite.state.faults.clear()


@contextmanager
def in_maintenance(netsuite: Simulator) -> Iterator[None]:
    """Every answer is 503 with a page for people."""
    netsuite.state.faults.add(FaultKind.MAINTENANCE, times=None)
    yield
    netsuite.state.faults.clear()


@pytest.mark.parametrize(
    ("story", "trouble"),
    rest_is_deep(
        [
            (Story.CREATE, stopped),
            (Story.ROTATE, stopped),
            (Story.ROTATE, resetting),
            (Story.ROTATE, in_maintenance),
        ],
        lambda case: case == (Story.ROTATE, in_maintenance),
    ),
)
def test_an_unreachable_netsuite_promotes_nothing(
    bench: Bench, story: Story, trouble: Trouble
) -> None:
    bench.begin(story)
    before = reader_gets(bench)
    with watching(bench.world):
        with trouble(bench.world.netsuite):
            run = bench.world.project.pulumi(*UP)
        assert run.status > 0
        assert f"{bench.world.netsuite.url}: " in run.output
        assert "This says nothing about the credential" in run.output
        assert reader_gets(bench) in ((before,) if before else (None, PLACEHOLDER))
        assert pending_operations(bench.world) == []
        again = bench.world.project.pulumi(*UP)
        assert again.status == 0, again.output
    assert len(bench.world.secret(TOKEN).versions) == bench.versions[story]
    bench.assert_settled(story)


def reader_gets(bench: Bench) -> str | None:
    """The text that is current; None where there is none."""
    secret = bench.world.aws.state.secret(NAME)
    version = secret.current() if secret is not None else None
    return version.value.string if version is not None and version.value is not None else None
