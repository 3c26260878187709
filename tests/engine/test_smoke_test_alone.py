"""A SmokeTest on its own: it proves the current version of a secret that something else wrote, and moves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.conftest import World
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

PROGRAM = """
import json, pathlib
from tba_secrets.components import SmokeTest
test = SmokeTest("alone", json.loads(pathlib.Path("inputs.json").read_text()))
"""


@pytest.fixture
def alone(world: World) -> World:
    """A program that declares nothing but a SmokeTest, and a secret that somebody else made."""
    inputs: dict[str, Any] = {
        "record": "by-hand/orders",
        "account": world.account.id,
        "endpoint": world.netsuite.url,
        "stores": {"aws": {"region": "us-east-1"}},
        "secret": "by-hand",
        "role": {"name": "warehouse role"},
        "user": {"email": world.account.user_of("orders")},
        "promote": False,
    }
    (world.project.folder / "inputs.json").write_text(json.dumps(inputs))
    (world.project.folder / "__main__.py").write_text(PROGRAM)
    world.reader().create_secret(
        Name="by-hand", SecretString=_text(world, world.account.tokens["orders"])
    )
    return world


def test_it_proves_what_is_current_and_fails_once_the_token_is_revoked(alone: World) -> None:
    """Whether it passes or not, it touches nothing."""
    labels, writes = alone.secret("by-hand", "").labels, alone.writes()

    run = alone.project.up()

    assert run.status == 0, run.output
    assert "verified as role warehouse role in account 1234567_SB1" in run.output
    assert "promoted" not in run.output
    assert alone.writes() == writes

    alone.netsuite.state.revoke_token(alone.account.id, "orders")

    revoked = alone.project.up("--target-replace", "**SmokeTest::alone")

    assert revoked.status != 0
    assert "the current credential has failed" in revoked.output
    assert alone.secret("by-hand", "").labels == labels
    assert alone.writes() == writes


@pytest.mark.deep
def test_it_follows_a_version_that_others_make_current(alone: World) -> None:
    alone.project.up()
    text = _text(alone, Values())
    alone.reader().put_secret_value(SecretId="by-hand", SecretString=text)

    run = alone.project.up()

    assert run.status != 0
    assert "by-hand/orders" in run.output
    assert alone.project.up().status != 0


def _text(world: World, values: Values) -> str:
    consumer = world.account.consumers["warehouse"]
    return json.dumps(
        {
            "account": world.account.id,
            "consumer_key": consumer.identifier,
            "consumer_secret": consumer.secret,
            "token_id": values.identifier,
            "token_secret": values.secret,
        }
    )
