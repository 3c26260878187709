"""`tba doctor` on a real engine, store and NetSuite: all is well after an `up`; then three things are not."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.engine.conftest import World
from tests.engine.tba import tba

pytestmark = pytest.mark.engine


def findings(world: World) -> dict[str, str]:
    """What is found -> its level."""
    run = tba(world, "doctor", world.project.stack, "--json")
    report = json.loads(run.output)
    assert run.status == report["exit_code"], run.output
    return {one["what"]: one["level"] for one in report["findings"]}


def test_a_healthy_world_and_a_broken_one(world: World) -> None:
    key = ("config", "set", "--secret", "tba:digestKey", "obviously-fake")
    assert world.project.pulumi(*key).status == 0
    assert world.project.up().status == 0
    logins, writes, state = world.logins(), world.writes(), world.project.resources()

    well = findings(world)

    doubtful = {what for what, level in well.items() if level != "ok"}
    assert all("nothing older than" in what for what in doubtful), doubtful  # another CLI on PATH
    for words in (
        "Pulumi CLI 3.",
        "Python language host at",
        "the virtual environment .venv of Pulumi.yaml has tba-secrets",
        "plugin tba ",
        f"state is kept at file://{world.project.folder}",
        "3 tokens, no problem found",
        "the stack test exists, and holds",
        "the stack's passphrase is set, and is the right one",
        "environment variables ORDERS_TOKEN_ID and ORDERS_TOKEN_SECRET: the value is there",
        "may look up 3 secrets",
        "no recent refused login of 3 users is known",
    ):
        assert any(words in what for what in well), words
    assert (world.logins(), world.writes()) == (logins, writes)
    assert world.project.resources() == state

    world.project.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    world.project.environment["PULUMI_CONFIG_PASSPHRASE"] = "another one"
    world.withhold("STOCK_TOKEN_SECRET")
    broken = findings(world)

    wrong = [what for what, level in broken.items() if level == "wrong"]
    assert len(wrong) == 4, wrong
    for words in (
        "PULUMI_CONFIG_PASSPHRASE does not hold the stack's passphrase: incorrect passphrase",
        "environment variable STOCK_TOKEN_SECRET",
        "AWS could not be asked",
        "http://127.0.0.1:9: no connection",
    ):
        assert any(words in what for what in wrong), words
    assert Counter(broken.values())["ok"] > len(wrong)
    assert not any(value in str(broken) for value in world.account.environment().values())
