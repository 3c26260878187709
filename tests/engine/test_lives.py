"""Lives of a credential on the real engine that once ended wrong: each by its right outcome."""

from __future__ import annotations

import time

import pytest

from tba_secrets.cli.exits import Exit
from tests.engine.conftest import World
from tests.engine.project import environment_yaml
from tests.engine.tba import assert_nothing_to_do, tba
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

MISTYPED = Values()


@pytest.fixture
def rotated(world: World) -> World:
    """`orders` was rotated to its spare, and its source gives the old token again."""
    world.project.up()
    world.give(orders=world.account.spares["orders"])
    run = tba(world, "rotate", "test", "orders")
    assert run.status == 0, run.output
    world.give(orders=world.account.tokens["orders"])
    return world


def token_id(world: World, token: str = "orders") -> str:
    return world.current(token)["token_id"]


def journal(world: World, name: str = "orders") -> list[str]:
    """The states of the secret's lines."""
    tags = world.secret(name).tags
    lines = [value for key, value in tags.items() if key.startswith("tba-secrets:journal")]
    return sorted(line.split()[-1] for line in lines)


def test_a_digest_key_does_not_undo_a_rotation(rotated: World) -> None:
    rotated.project.pulumi("config", "set", "--secret", "tba:digestKey", "an-obviously-fake-key")

    run = rotated.project.up()

    assert run.status == 0, run.output
    assert token_id(rotated) == rotated.account.spares["orders"].identifier
    assert "still gives a superseded token" in run.output, run.output
    assert_nothing_to_do(rotated)


def test_settings_do_not_undo_a_rotation(rotated: World) -> None:
    rotated.write(extra="defaults:\n  format: {token_id: NS_TOKEN_ID}")

    run = rotated.project.up()

    assert run.status == 0, run.output
    spare = rotated.account.spares["orders"]
    assert rotated.current("orders")["NS_TOKEN_ID"] == spare.identifier


def test_a_secret_is_not_renamed_while_a_superseded_token_waits(rotated: World) -> None:
    text = environment_yaml(rotated.account)
    rotated.project.write(text.replace("- name: orders", "- name: orders\n        secret: renamed"))

    for command in ("preview", "up --yes --skip-preview"):
        run = rotated.project.pulumi(*command.split())
        assert run.status != 0
        assert "cannot be left yet" in run.output
        assert "tba retire" in run.output
    assert rotated.aws.state.secret("netsuite/test/renamed") is None
    rotated.write()
    assert tba(rotated, "retire", "test", "orders", "--now").status == 0
    rotated.project.write(text.replace("- name: orders", "- name: orders\n        secret: renamed"))
    run = rotated.project.up()
    assert run.status == 0, run.output
    assert token_id(rotated, "renamed") == rotated.account.spares["orders"].identifier


def test_a_rotation_staged_while_netsuite_is_away_keeps_what_it_owes(world: World) -> None:
    world.project.up()
    world.give(orders=world.account.spares["orders"])
    world.netsuite.state.faults.add("maintenance", "/rest/tokeninfo", times=None)
    assert tba(world, "rotate", "test", "orders").status == 1
    world.netsuite.state.faults.clear()
    world.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    run = world.project.up()

    assert run.status == 0, run.output
    assert token_id(world) == world.account.spares["orders"].identifier
    assert journal(world) == ["overlap"]


def test_a_mistyped_token_locks_nobody_out_whatever_else_changes(world: World) -> None:
    world.project.up()
    world.give(orders=MISTYPED)
    failures = len(world.netsuite.state.trail.failures())
    outputs = []
    for number in range(5):
        names = f"{{token_id: KEY_{number}}}"
        world.write(extra=f"defaults:\n  format: {names}")
        outputs.append(world.project.up())

    assert all(run.status != 0 for run in outputs)
    assert len(world.netsuite.state.trail.failures()) - failures <= 3
    assert "INVALID_LOGIN" in outputs[0].output or "refused" in outputs[0].output
    assert "not asked again until" in outputs[-1].output


def test_what_was_rolled_back_is_not_due_again(world: World) -> None:
    world.write(extra="defaults: {rotate_every: 1s}")
    world.project.up()
    world.give(orders=world.account.spares["orders"])
    assert tba(world, "rotate", "test", "orders").status == 0
    assert tba(world, "rollback", "test", "orders").status == 0
    time.sleep(1)

    night = tba(world, "rotate", "test", "--due")

    assert night.status == Exit.PERSON, night.output
    assert token_id(world) == world.account.tokens["orders"].identifier
    assert not world.netsuite.state.token(world.account.id, "orders").revoked


def test_a_renamed_token_leaves_the_secret_that_readers_use(world: World) -> None:
    world.project.up()
    text = environment_yaml(world.account)
    world.project.write(text.replace("- name: stock", "- name: goods"))

    run = world.project.up()

    assert run.status == 0, run.output
    assert token_id(world, "goods") == world.account.tokens["stock"].identifier
    assert world.secret("stock").deleted is None
    assert "is left as it is" in run.output
