"""The very first token of a record, issued by NetSuite: only the consumer pair is brought by a person."""

from __future__ import annotations

import pytest

from tba_secrets.cli.exits import Exit
from tests.engine.conftest import World
from tests.engine.tba import assert_nothing_to_do, tba
from tests.engine.test_rotate import LOGIN
from tests.netsuite.browser import DENY, Browser

pytestmark = pytest.mark.engine

SOURCE = "{env: {id: ORDERS_TOKEN_ID, secret: ORDERS_TOKEN_SECRET}}"


@pytest.fixture
def wordy(world: World) -> World:
    """The token `orders` is `authorize`: no source knows it, and none was issued yet."""
    file = world.project.folder / "stacks" / "test.yaml"
    text = file.read_text()
    assert SOURCE in text
    world.project.write(text.replace(SOURCE, "authorize"))
    world.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")
    return world


def test_it_goes_from_netsuite_into_the_store(wordy: World) -> None:
    browser = Browser(login=LOGIN)

    run = tba(wordy, "rotate", "test", "orders", "--no-browser", browser=browser)

    assert run.status == 0, run.output
    issued = wordy.netsuite.state.account(wordy.account.id).tokens[-1]
    assert wordy.current("orders")["token_id"] == issued.token_id
    assert issued.token_secret not in run.output
    others = wordy.project.up()
    assert others.status == 0, others.output
    assert wordy.current("orders")["token_id"] == issued.token_id
    assert_nothing_to_do(wordy)


@pytest.mark.deep
def test_denied_nothing_is_written(wordy: World) -> None:
    browser = Browser(login=LOGIN, decision=DENY)

    run = tba(wordy, "rotate", "test", "orders", "--no-browser", browser=browser)

    assert run.status == Exit.FAILED, run.output
    assert wordy.writes() == 0


@pytest.mark.deep
def test_a_plain_up_says_how_it_comes(wordy: World) -> None:
    preview = wordy.project.pulumi("preview")
    assert preview.status == 0, preview.output

    run = wordy.project.up()

    assert run.status != 0
    assert "nothing gives its token pair yet" in run.output
    assert "tba rotate" in run.output
    assert wordy.aws.state.secret("netsuite/test/orders") is None
