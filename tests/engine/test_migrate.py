"""A TBA integration moves to OAuth 2.0 on the real engine: both work until TBA is taken out; each step is undone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tba_secrets import client
from tba_secrets.simulator.vocabulary import Scope
from tests.engine.conftest import World, open_world
from tests.engine.project import environment_yaml
from tests.engine.tba import SCRIPT, tba
from tests.engine.test_certificates import PERMISSIONS

pytestmark = pytest.mark.engine

NEW = "orders-certificate"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A TBA token that is proven, on a record and a role that are ready for OAuth 2.0."""
    with open_world(tmp_path, tokens=("orders",)) as opened:
        account = opened.netsuite.state.account(opened.account.id)
        record = account.integration("warehouse")
        record.client_credentials = True
        record.scopes = [Scope.REST_WEB_SERVICES]
        account.role("1001").permissions.extend(PERMISSIONS)
        assert opened.project.up().status == 0
        yield opened


def text_of(world: World) -> str:
    return (world.project.folder / "stacks" / "test.yaml").read_text()


def upload(world: World, user: str = "orders.bot@example.com") -> None:
    """Do what step 2 tells."""
    pem = subprocess.run(
        [world.project.folder / SCRIPT, "certificate", "test", NEW],
        cwd=world.project.folder,
        env=world.project.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    mapping = {"integration": "warehouse", "user": user, "role": "1001", "certificate": pem}
    world.netsuite.state.add_certificate(world.account.id, mapping)


def status_of_a_reader(world: World, secret: str) -> int:
    """A program that reads a secret and calls NetSuite."""
    with (
        patch.dict(os.environ, world.project.environment),
        client.aws_session(
            "us-east-1",
            f"netsuite/test/{secret}",
            store_endpoint=world.aws.url,
            endpoint=world.netsuite.url,
        ) as session,
    ):
        answer = session.get(session.base_url() + "/services/rest/system/v1/serverTime")
    return answer.status_code


def migrated(world: World) -> None:
    moved = tba(world, "migrate", "test", "warehouse")
    assert moved.status == 0, moved.output


@pytest.fixture
def proven(world: World) -> World:
    """Steps 1 to 3 are done."""
    migrated(world)
    first = world.project.up()
    assert first.status != 0
    assert f"tba certificate test {NEW}" in first.output
    upload(world)
    second = world.project.up()
    assert second.status == 0, second.output
    return world


def test_readers_move_while_both_work_and_then_the_token_is_taken_out(proven: World) -> None:
    held = proven.current(NEW)
    assert held["client_id"] == proven.account.consumers["warehouse"].identifier
    assert status_of_a_reader(proven, "orders") == 200
    assert status_of_a_reader(proven, NEW) == 200
    verified = tba(proven, "verify", "test")
    assert verified.status == 0, verified.output

    before = environment_yaml(proven.account, tokens=("orders",))
    item = before[before.index("  - name: warehouse\n") :]
    proven.project.write(text_of(proven).replace(item, ""))
    assert "auth: oauth2" in text_of(proven)
    run = proven.project.up()

    assert run.status == 0, run.output
    assert proven.secret("orders").deleted is not None
    assert proven.current(NEW) == held
    assert status_of_a_reader(proven, NEW) == 200
    assert tba(proven, "rotate", "test", NEW).status == 0  # and from here on nobody is needed


@pytest.mark.deep
def test_before_the_last_step_it_can_be_undone(proven: World) -> None:
    token = proven.current("orders")

    proven.write()  # not all of it: the two other tokens come, the certificate goes
    run = proven.project.up()

    assert run.status == 0, run.output
    assert proven.secret(NEW).deleted is not None
    assert proven.current("orders") == token
    assert status_of_a_reader(proven, "orders") == 200


@pytest.mark.deep
def test_a_token_that_was_taken_out_comes_back(proven: World) -> None:
    both = text_of(proven)
    before = environment_yaml(proven.account, tokens=("orders",))
    item = before[before.index("  - name: warehouse\n") :]
    proven.project.write(both.replace(item, ""))
    assert proven.project.up().status == 0

    back = item.rstrip("\n") + "\n        restore: true\n"
    proven.project.write(both.replace(item, back))
    run = proven.project.up()

    assert run.status == 0, run.output
    assert status_of_a_reader(proven, "orders") == 200
    assert status_of_a_reader(proven, NEW) == 200


@pytest.mark.deep
def test_an_upload_for_another_user_leaves_tba_as_it_is(world: World) -> None:
    token = world.labels("orders")
    migrated(world)
    assert world.project.up().status != 0
    upload(world, user="stock.bot@example.com")

    run = world.project.up()

    assert run.status != 0
    assert "its user is" in run.output
    assert world.labels("orders") == token
    assert "certificate_id" not in world.current(NEW)
    assert status_of_a_reader(world, "orders") == 200


@pytest.mark.deep
def test_a_reset_on_the_way_is_what_is_warned_of(world: World) -> None:
    migrated(world)
    assert world.project.up().status != 0
    upload(world)
    record = world.netsuite.state.account(world.account.id).integration("warehouse")
    record.consumer_key = "f" * 64

    run = world.project.up()

    assert run.status != 0
    assert status_of_a_reader(world, "orders") == 401
