"""Where values come from, on the real engine: absent, half, unreadable, and plans."""

from __future__ import annotations

import json

import pytest

from tests.engine.conftest import World
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine


def test_absent_sources_keep_what_is_there(world: World) -> None:
    world.project.up()
    writes, logins = world.writes(), world.logins()
    world.withhold(*world.account.environment())

    preview = world.project.pulumi("preview", "--expect-no-changes")
    run = world.project.up("--expect-no-changes")

    assert preview.status == 0, preview.output
    assert run.status == 0, run.output
    assert (world.writes(), world.logins()) == (writes, logins)


def test_an_absent_value_is_an_error_under_require_values(world: World) -> None:
    world.project.up()
    world.write(extra="defaults: {require_values: true}")
    world.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    run = world.project.up()

    assert run.status != 0
    assert "ORDERS_TOKEN_ID" in run.output
    assert "require_values" in run.output


def test_a_new_token_without_a_value_previews_and_does_not_deploy(world: World) -> None:
    world.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    preview = world.project.pulumi("preview")
    run = world.project.up()

    assert preview.status == 0, preview.output
    assert run.status != 0
    assert "ORDERS_TOKEN_ID" in run.output
    assert "no value, and none is known from an earlier run" in run.output
    assert world.aws.state.secret("netsuite/test/orders") is None


def test_half_a_pair_is_an_error_before_anything_is_written(world: World) -> None:
    world.project.up()
    writes = world.writes()
    world.give(orders=Values())
    world.withhold("ORDERS_TOKEN_SECRET")

    run = world.project.up()

    assert run.status != 0
    assert "ORDERS_TOKEN_SECRET" in run.output
    assert world.writes() == writes


def test_only_the_consumer_changes_and_the_token_comes_from_the_store(world: World) -> None:
    world.project.up()
    consumer = Values()
    record = world.netsuite.state.account(world.account.id).integrations[0]
    assert record.name == "warehouse"
    record.consumer_key, record.consumer_secret = consumer.identifier, consumer.secret
    world.account.consumers["warehouse"] = consumer
    world.give()
    world.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    run = world.project.up()

    assert run.status == 0, run.output
    assert world.current("orders")["consumer_key"] == consumer.identifier
    assert world.current("orders")["token_id"] == world.account.tokens["orders"].identifier
    assert world.project.up("--expect-no-changes").status == 0


def test_a_file_that_others_can_read_is_refused_and_a_private_one_is_used(world: World) -> None:
    values = world.account.tokens["orders"]
    file = world.project.folder / "orders.json"
    file.write_text(json.dumps({"token_id": values.identifier, "token_secret": values.secret}))
    text = (world.project.folder / "stacks" / "test.yaml").read_text()
    env = "{env: {id: ORDERS_TOKEN_ID, secret: ORDERS_TOKEN_SECRET}}"
    assert env in text
    world.project.write(text.replace(env, "{file: {path: orders.json}}"))
    file.chmod(0o644)

    refused = world.project.up()
    file.chmod(0o600)
    accepted = world.project.up()

    assert refused.status != 0
    assert "chmod 600" in refused.output
    assert accepted.status == 0, accepted.output
    assert world.current("orders")["token_id"] == values.identifier


def test_a_command_that_fails_is_an_error_and_one_that_prints_json_is_used(world: World) -> None:
    values = world.account.tokens["orders"]
    text = (world.project.folder / "stacks" / "test.yaml").read_text()
    env = "{env: {id: ORDERS_TOKEN_ID, secret: ORDERS_TOKEN_SECRET}}"
    script = world.project.folder / "give.sh"
    world.project.write(text.replace(env, "{command: {argv: [sh, give.sh]}}"))

    script.write_text("echo nothing to see >&2; exit 3\n")
    failed = world.project.up()
    pair = json.dumps({"token_id": values.identifier, "token_secret": values.secret})
    script.write_text(f"echo '{pair}'\n")
    worked = world.project.up()

    assert failed.status != 0
    assert "status 3" in failed.output
    assert "nothing to see" not in failed.output
    assert worked.status == 0, worked.output
    assert world.current("orders")["token_secret"] == values.secret


def test_a_plan_made_without_values_accepts_the_real_ones(world: World) -> None:
    world.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")
    planned = world.project.pulumi("preview", "--save-plan", "plan.json")
    world.give()

    run = world.project.up("--plan", "plan.json")

    assert planned.status == 0, planned.output
    assert run.status == 0, run.output


def test_a_plan_made_with_values_refuses_other_ones(world: World) -> None:
    world.project.up()
    world.give(orders=world.account.spares["orders"])
    planned = world.project.pulumi("preview", "--save-plan", "plan.json")
    world.give(orders=Values())

    run = world.project.up("--plan", "plan.json")

    assert planned.status == 0, planned.output
    assert run.status != 0
    assert "violates plan" in run.output
    assert world.current("orders")["token_id"] == world.account.tokens["orders"].identifier
