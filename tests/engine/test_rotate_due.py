"""`tba rotate --due` on the real engine: what can be done unattended, and what needs a person."""

from __future__ import annotations

import time

import pytest

from tba_secrets.cli.exits import Exit
from tests.engine.conftest import World
from tests.engine.tba import tba
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine


@pytest.fixture
def due(deployed: World) -> World:
    """Every token is due at once."""
    deployed.write(extra="defaults: {rotate_every: 1s}")
    time.sleep(1)
    return deployed


def test_a_new_value_at_the_source_is_rotated_and_the_rest_waits_for_a_person(due: World) -> None:
    spare = due.account.spares["orders"]
    due.give(orders=spare)

    run = tba(due, "rotate", "test", "--due")

    assert run.status == Exit.PERSON, run.output
    assert due.current("orders")["token_id"] == spare.identifier
    assert "warehouse/stock: due" in run.output
    assert "--authorize" in run.output


@pytest.mark.deep
def test_a_source_that_still_gives_what_was_superseded_is_no_new_value(due: World) -> None:
    """Under a key of one's own as well: the journal's digests are made with it."""
    key = ("config", "set", "--secret", "tba:digestKey", "a-key-that-is-obviously-fake")
    assert due.project.pulumi(*key).status == 0
    due.give(orders=due.account.spares["orders"])
    tba(due, "rotate", "test", "--due")
    due.give()
    time.sleep(1)

    run = tba(due, "rotate", "test", "--due")

    assert run.status == Exit.PERSON, run.output
    assert "a-key-that-is" not in run.output
    assert due.current("orders")["token_id"] == due.account.spares["orders"].identifier
    refused = tba(due, "rotate", "test", "orders")
    assert refused.status != 0
    assert "superseded" in refused.output


def test_what_is_past_its_overlap_is_retired_though_a_rotation_has_failed(deployed: World) -> None:
    deployed.write(extra="defaults: {rotate_every: 1s, retire_after: 1s}")
    deployed.give(orders=deployed.account.spares["orders"])
    assert deployed.project.up().status == 0
    assert not deployed.netsuite.state.token(deployed.account.id, "orders").revoked
    time.sleep(1)
    deployed.give(
        orders=deployed.account.spares["orders"], stock=Values()
    )  # NetSuite knows no such token

    run = tba(deployed, "rotate", "test", "--due")

    assert run.status == Exit.FAILED, run.output
    assert "warehouse/stock" in run.output
    assert deployed.netsuite.state.token(deployed.account.id, "orders").revoked


def test_nothing_is_due(deployed: World) -> None:
    deployed.write(extra="defaults: {rotate_every: 90d}")
    logins = deployed.logins()

    run = tba(deployed, "rotate", "test", "--due")

    assert run.status == 0, run.output
    assert "nothing is due" in run.output
    assert deployed.logins() == logins
