"""A program that declares one credential when the one before it has been through, on the real engine."""

from __future__ import annotations

import pytest

from tba_secrets.cli.init.files import PROGRAM
from tests.engine.conftest import World
from tests.engine.tba import assert_nothing_to_do
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

ONE_BY_ONE = PROGRAM.replace(
    "run(", "from tba_secrets import components\n\ncomponents._AHEAD = 1\nrun("
)


@pytest.fixture
def one_by_one(world: World) -> World:
    (world.project.folder / "__main__.py").write_text(ONE_BY_ONE)
    return world


def test_each_comes_in_its_turn(one_by_one: World) -> None:
    preview = one_by_one.project.pulumi("preview")
    run = one_by_one.project.up()

    assert (preview.status, run.status) == (0, 0), run.output
    asked = [call.secret for call in one_by_one.aws.calls if call.operation == "PutSecretValue"]
    assert asked == [f"netsuite/test/{token}" for token in ("orders", "stock", "invoices")]
    assert_nothing_to_do(one_by_one)


def test_one_that_is_refused_does_not_hold_up_the_others(one_by_one: World) -> None:
    one_by_one.give(orders=Values())

    run = one_by_one.project.up("--continue-on-error")

    assert run.status != 0
    assert "NetSuite refused the login" in run.output, run.output
    for token in ("stock", "invoices"):
        assert one_by_one.current(token)["token_id"] == one_by_one.account.tokens[token].identifier


def test_without_continue_on_error_the_run_ends_there(one_by_one: World) -> None:
    one_by_one.give(orders=Values())

    run = one_by_one.project.up()

    assert run.status != 0
    assert "NetSuite refused the login" in run.output, run.output
    assert one_by_one.aws.state.secret("netsuite/test/stock") is None
