"""`tba up` on the real engine: two environments side by side, one of them with a token that NetSuite refuses."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from tba_secrets.cli.init.files import PROGRAM
from tests.engine.conftest import World
from tests.engine.locks import killed_run, lock
from tests.engine.project import Run, environment_yaml
from tests.engine.tba import assert_nothing_to_do, start, tba
from tests.faults.victim import Victim
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


LABELS_EACH = 2
"""How many calls of UpdateSecretVersionStage a new credential takes: candidate, current."""
UP = ("up", "--yes", "--skip-preview")
SAVED_ONCE = {"PULUMI_SKIP_CHECKPOINTS": "true"}


def of_ours(world: World) -> list[str]:
    """The types of our resources in state."""
    state = json.loads(world.project.pulumi("stack", "export").output)["deployment"]
    types = {resource["type"] for resource in state.get("resources") or []}
    return sorted(kind for kind in types if kind.startswith("tba:"))


def killed(world: World, operation: str, nth: int, begin: Callable[[], Popen[str]]) -> None:
    """Begin a run, and end all its processes when AWS has done what the nth call asks, before its reply."""
    victim = Victim()
    world.aws.faults.after(operation, nth=nth, do=victim.kill)
    victim.start(begin())
    run = victim.end()
    assert run.status == -signal.SIGKILL, run.output
    world.aws.faults.clear()


def killed_at_the_last_promotion(
    world: World, begin: Callable[[], Popen[str]] | None = None
) -> None:
    """All credentials have become current, and `tba up` did not live to say so."""
    last = LABELS_EACH * len(world.account.tokens)
    start_tba = partial(start, world, "up", "test", cold=True)
    killed(world, "UpdateSecretVersionStage", last, begin or start_tba)


def test_what_a_killed_run_did_is_found_in_the_stores(world: World) -> None:
    """The engine saves its state at the end of the run, which did not come."""
    killed_at_the_last_promotion(world)
    assert of_ours(world) == []
    promoted = {token: world.labels(token) for token in world.account.tokens}

    run = tba(world, "up", "test")

    assert run.status == 0, run.output
    assert {token: world.labels(token) for token in world.account.tokens} == promoted
    for token, values in world.account.tokens.items():
        assert world.current(token)["token_id"] == values.identifier
    assert_nothing_to_do(world)


def test_likewise_for_plain_pulumi_where_the_user_asks_for_it(world: World) -> None:
    project = world.project
    begin = partial(project.start, *UP, env=SAVED_ONCE, cold=True)
    killed_at_the_last_promotion(world, begin)
    assert of_ours(world) == []
    promoted = {token: world.labels(token) for token in world.account.tokens}

    for command in (("cancel", "--yes"), UP):
        run = project.pulumi(*command, env=SAVED_ONCE)
        assert run.status == 0, run.output

    assert {token: world.labels(token) for token in world.account.tokens} == promoted
    assert_nothing_to_do(world)


def test_a_destroy_that_was_killed_is_finished(deployed: World) -> None:
    """State still has what is gone."""
    project = deployed.project
    down = ("destroy", "--yes", "--skip-preview")
    begin = partial(project.start, *down, env=SAVED_ONCE, cold=True)
    killed(deployed, "DeleteSecret", 2, begin)
    assert "tba:index:SmokeTest" in of_ours(deployed)

    for command in (("cancel", "--yes"), down):
        run = project.pulumi(*command, env=SAVED_ONCE)
        assert run.status == 0, run.output

    assert of_ours(deployed) == []
    assert all(deployed.secret(token).deleted for token in deployed.account.tokens)


def test_a_program_that_declares_more_is_saved_step_by_step(world: World) -> None:
    """What such a run created elsewhere, no store would tell."""
    (world.project.folder / "__main__.py").write_text(f"{PROGRAM}import pulumi\n")
    killed_at_the_last_promotion(world)

    assert "tba:index:SmokeTest" in of_ours(world)


def test_state_is_saved_step_by_step_where_it_alone_remembers_refused_logins(world: World) -> None:
    world.project.environment["XDG_STATE_HOME"] = str(Path(os.devnull) / "state")
    killed_at_the_last_promotion(world)

    assert "tba:index:SmokeTest" in of_ours(world)
