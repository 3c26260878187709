"""`tba rotate` on the real engine: a new token in, and nothing left to do for a plain `pulumi up`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deep import rest_is_deep
from tests.engine.conftest import World, telling
from tests.engine.project import Run, environment_yaml
from tests.engine.tba import assert_nothing_to_do, tba
from tests.netsuite.browser import DENY, Browser
from tests.netsuite_account import TOKENS, Values

pytestmark = pytest.mark.engine

LOGIN = "38:1001"
"""The consent page's choice: the user `orders.bot` in the role `warehouse role`."""


def rotate(world: World, *arguments: str, browser: Browser | None = None) -> Run:
    """`tba rotate` on the test's stack."""
    return tba(world, "rotate", world.project.stack, *arguments, browser=browser)


def test_a_token_from_its_source(deployed: World) -> None:
    before, old = deployed.labels("orders")["AWSCURRENT"], deployed.account.tokens["orders"]
    spare = deployed.account.spares["orders"]
    deployed.give(orders=spare)

    run = rotate(deployed, "orders")

    assert run.status == 0, run.output
    assert deployed.current("orders")["token_id"] == spare.identifier
    assert deployed.labels("orders")["AWSPREVIOUS"] == before
    assert_nothing_to_do(deployed)
    deployed.give(orders=old)
    assert deployed.project.up().status == 0


def test_only_the_token_that_is_named_and_the_selected_stack_stays(deployed: World) -> None:
    stock = deployed.labels("stock")
    assert deployed.project.pulumi("stack", "init", "another").status == 0
    deployed.give(orders=deployed.account.spares["orders"], stock=deployed.account.spares["stock"])

    run = rotate(deployed, "warehouse/orders")

    assert run.status == 0, run.output
    assert deployed.labels("stock") == stock
    assert deployed.project.pulumi("stack", "--show-name").output.strip() == "another"


@pytest.mark.parametrize("afterwards", rest_is_deep(["absent", "old", "same"], "absent".__eq__))
def test_an_issued_token_that_no_source_knows(deployed: World, afterwards: str) -> None:
    old = deployed.account.tokens["orders"]
    browser = Browser(login=LOGIN)

    run = rotate(deployed, "orders", "--authorize", "--no-browser", browser=browser)

    assert run.status == 0, run.output
    current = deployed.current("orders")
    assert current["token_id"] not in (old.identifier, "")
    assert current["token_secret"] not in run.output
    if afterwards == "absent":
        deployed.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")
    elif afterwards == "same":
        deployed.give(orders=Values(current["token_id"], current["token_secret"]))
    assert_nothing_to_do(deployed)
    assert deployed.current("orders") == current


def test_consent_denied_changes_nothing(deployed: World) -> None:
    secret = deployed.secret("orders")
    browser = Browser(login=LOGIN, decision=DENY)

    run = rotate(deployed, "orders", "--authorize", "--no-browser", browser=browser)

    assert run.status != 0
    assert "Traceback" not in run.output
    assert telling(deployed.secret("orders")) == telling(secret)
    assert len(deployed.secret("orders").versions) == len(secret.versions)
    assert_nothing_to_do(deployed)


def test_a_refused_token_changes_nothing_for_readers(deployed: World) -> None:
    """Neither for those of the store nor for those of the stack's output; and the other token is rotated."""
    labels, outputs = deployed.labels("orders"), deployed.project.outputs()
    deployed.give(orders=Values(), invoices=deployed.account.spares["invoices"])

    run = rotate(deployed, "orders", "invoices")

    assert run.status == 1
    assert "not promoted; current is unchanged" in run.output
    assert "test: not every record succeeded" in run.output
    assert "Traceback" not in run.output
    assert deployed.labels("orders") == labels
    alone = rotate(deployed, "orders")
    assert alone.status == 1
    assert "not promoted; current is unchanged" in alone.output
    assert "did not succeed" not in alone.output  # the reason was told
    assert "not every record" not in alone.output
    assert (
        deployed.current("invoices")["token_id"] == deployed.account.spares["invoices"].identifier
    )
    assert deployed.project.outputs() == outputs
    deployed.give(invoices=deployed.account.spares["invoices"])
    assert deployed.project.up().status == 0
    found = deployed.project.outputs()["credentials"]
    assert found["warehouse/orders"] == outputs["credentials"]["warehouse/orders"]
    version = deployed.labels("invoices")["AWSCURRENT"]
    assert found["billing/invoices"]["versions"] == {"aws": version}


@pytest.mark.deep
def test_what_is_no_longer_declared_has_to_go_first(deployed: World) -> None:
    """The engine would refuse it too: at the end, when the store was changed."""
    labels, writes = deployed.labels("orders"), deployed.writes()
    rest = tuple(token for token in TOKENS if token != "stock")
    deployed.project.write(environment_yaml(deployed.account, tokens=rest))
    deployed.give(orders=deployed.account.spares["orders"])

    for command in ("rotate", "rollback"):
        run = tba(deployed, command, "test", "orders")
        assert run.status == 1
        assert "warehouse/stock is still deployed but no longer declared" in run.output
        assert "run `pulumi up` first" in run.output
        assert "Traceback" not in run.output
    assert (deployed.labels("orders"), deployed.writes()) == (labels, writes)

    deployed.give()
    assert deployed.project.up().status == 0
    deployed.give(orders=deployed.account.spares["orders"])
    run = rotate(deployed, "orders")
    assert run.status == 0, run.output


@pytest.mark.deep
def test_the_same_token_again_is_no_rotation(deployed: World) -> None:
    writes = deployed.writes()

    run = rotate(deployed, "orders")

    assert run.status != 0
    assert (
        "warehouse/orders: the new token pair is the one that is in the store already" in run.output
    )
    assert deployed.writes() == writes


@pytest.mark.deep
def test_a_source_without_a_value_says_what_else_there_is(deployed: World) -> None:
    deployed.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    run = rotate(deployed, "orders")

    assert run.status != 0
    assert "--authorize" in run.output


@pytest.mark.deep
def test_a_stack_that_was_never_made(world: World) -> None:
    world.write()
    world.project.stack = "nowhere"
    world.write()

    run = rotate(world, "orders")

    assert run.status != 0
    assert "pulumi stack init nowhere" in run.output


@pytest.mark.deep
def test_a_file_of_the_project_is_found_from_another_folder(world: World, tmp_path: Path) -> None:
    file = world.project.folder / "orders.json"
    text = (world.project.folder / "stacks" / "test.yaml").read_text()
    source = "{env: {id: ORDERS_TOKEN_ID, secret: ORDERS_TOKEN_SECRET}}"
    assert source in text
    world.project.write(text.replace(source, "{file: {path: orders.json}}"))
    for values in (world.account.tokens["orders"], world.account.spares["orders"]):
        pair = {"token_id": values.identifier, "token_secret": values.secret}
        file.touch(mode=0o600)
        file.write_text(json.dumps(pair))
        if values == world.account.tokens["orders"]:
            assert world.project.up().status == 0

    there = ("--project", str(world.project.folder))
    run = tba(world, "rotate", "test", "orders", *there, folder=tmp_path)

    assert run.status == 0, run.output
    assert world.current("orders")["token_id"] == world.account.spares["orders"].identifier
