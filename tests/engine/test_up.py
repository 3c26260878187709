"""`tba up` on the real engine: two environments side by side, one of them with a token that NetSuite refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.conftest import World
from tests.engine.locks import killed_run, lock
from tests.engine.project import Run, environment_yaml
from tests.engine.tba import tba
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

TOKENS = {"one": ("orders",), "two": ("stock", "invoices")}


@pytest.fixture
def two(world: World) -> World:
    """Two stacks that were never brought up, each with a prefix of its own."""
    (world.project.folder / "stacks" / "test.yaml").unlink()
    for name, tokens in TOKENS.items():
        store = f"  aws: {{region: us-east-1, prefix: netsuite/{name}/}}"
        world.project.stack = name
        world.project.write(environment_yaml(world.account, tokens=tokens, store=store))
        world.project.init()
    return world


def report(run: Run) -> dict[str, dict[str, Any]]:
    """What `--json` says, by environment; the progress stands before it."""
    plain = json.loads(run.output[run.output.index("{\n") :])
    return {one["environment"]: one for one in plain["environments"]}


def test_one_is_promoted_the_other_refused_and_both_are_told(two: World) -> None:
    two.give(stock=Values())

    run = tba(two, "up", "--all", "--verbose")

    assert run.status == 1, run.output
    assert "one: warehouse/orders: verified as role warehouse role" in run.output
    assert "two: billing/invoices: verified as role billing role" in run.output
    assert "warehouse/stock: not promoted; nothing is current yet" in run.output
    assert "NetSuite refused the login" in run.output
    assert "Login Audit Trail" in run.output
    assert "1 done, 1 failed; exit code 1" in run.output
    assert two.secret("orders", "netsuite/one/").labels["AWSCURRENT"].startswith("tba-")
    assert "Traceback" not in run.output
    for value in two.project.environment.values():
        assert len(value) != 64 or value not in run.output

    two.give()
    again = tba(two, "up", "one", "two", "--json")

    assert again.status == 0, again.output
    assert report(again)["one"]["result"] == "nothing to do"
    assert report(again)["two"]["result"] == "done"
    (token,) = report(again)["two"]["tokens"]
    assert token == {
        "token": "warehouse/stock",
        "staged": True,
        "promoted": True,
        "removed": False,
        "verified_as": "role warehouse role in account 1234567_SB1",
        "replaces": "",
        "waits_for": "",
    }


@pytest.mark.deep
def test_the_refused_user_of_one_is_not_asked_for_the_other(two: World) -> None:
    """One user, two environments, one run: the gate is theirs together."""
    for name in TOKENS:
        text = (two.project.folder / "stacks" / f"{name}.yaml").read_text()
        two.project.write(text.replace("stock.bot@", "orders.bot@"), name)
    two.give(orders=Values())

    run = tba(two, "up", "one", "two", "--parallel", "1")

    assert run.status == 1, run.output
    assert "not asked: warehouse/orders of the same user" in run.output
    assert "one: failed" in run.output
    assert "two: failed" in run.output


def test_a_stack_that_is_not_there_one_that_is_held_and_one_whose_holder_is_gone(
    two: World,
) -> None:
    stacks = two.project.folder / "stacks"
    (stacks / "three.yaml").write_text((stacks / "two.yaml").read_text())
    lock(two, 4711, "runner-1", at="2026-01-01T00:00:00Z", stack="two")
    killed_run(two, "one")

    run = tba(two, "up", "--all", "--json")

    said = report(run)
    assert run.status == 1
    assert said["one"]["result"] == "done", run.output
    taken_up = "the run that held the stack's lock is dead: resuming its work"
    assert {"token": None, "message": taken_up} in said["one"]["notes"]
    assert "`pulumi stack init three`" in said["three"]["errors"][0]["message"]
    (held,) = said["two"]["errors"]
    assert (
        "is being updated by process 4711 of ci on runner-1, since 2026-01-01T00:00:00Z"
        in held["message"]
    )
    assert "--take-over" in held["message"]
