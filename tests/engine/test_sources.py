"""Where values come from, on the real engine: absent, half, unreadable, and plans."""

from __future__ import annotations

import json

import pytest

from tests.engine.conftest import World
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine


def test_absent_sources_keep_what_is_there(deployed: World) -> None:
    writes, logins = deployed.writes(), deployed.logins()
    deployed.withhold(*deployed.account.environment())

    preview = deployed.project.pulumi("preview", "--expect-no-changes")
    run = deployed.project.up("--expect-no-changes")

    assert preview.status == 0, preview.output
    assert run.status == 0, run.output
    assert (deployed.writes(), deployed.logins()) == (writes, logins)


@pytest.mark.deep
def test_an_absent_value_is_an_error_under_require_values(deployed: World) -> None:
    deployed.write(extra="defaults: {require_values: true}")
    deployed.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    run = deployed.project.up()

    assert run.status != 0
    assert "ORDERS_TOKEN_ID" in run.output
    assert "require_values" in run.output


@pytest.mark.deep
def test_a_new_token_without_a_value_previews_and_does_not_deploy(world: World) -> None:
    world.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    preview = world.project.pulumi("preview")
    run = world.project.up()

    assert preview.status == 0, preview.output
    assert run.status != 0
    assert "ORDERS_TOKEN_ID" in run.output
    assert "no value, and none is known from an earlier run" in run.output
    assert world.aws.state.secret("netsuite/test/orders") is None


@pytest.mark.deep
def test_half_a_pair_is_an_error_before_anything_is_written(deployed: World) -> None:
    writes = deployed.writes()
    deployed.give(orders=Values())
    deployed.withhold("ORDERS_TOKEN_SECRET")

    run = deployed.project.up()

    assert run.status != 0
    assert "ORDERS_TOKEN_SECRET" in run.output
    assert deployed.writes() == writes


@pytest.mark.deep
def test_only_the_consumer_changes_and_the_token_comes_from_the_store(deployed: World) -> None:
    consumer = Values()
    record = deployed.netsuite.state.account(deployed.account.id).integrations[0]
    assert record.name == "warehouse"
    record.consumer_key, record.consumer_secret = consumer.identifier, consumer.secret
    deployed.account.consumers["warehouse"] = consumer
    deployed.give()
    deployed.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert deployed.current("orders")["consumer_key"] == consumer.identifier
    assert deployed.current("orders")["token_id"] == deployed.account.tokens["orders"].identifier
    assert deployed.project.up("--expect-no-changes").status == 0


@pytest.mark.deep
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


@pytest.mark.deep
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


def test_a_plan_made_with_values_refuses_other_ones(deployed: World) -> None:
    deployed.give(orders=deployed.account.spares["orders"])
    planned = deployed.project.pulumi("preview", "--save-plan", "plan.json")
    deployed.give(orders=Values())

    run = deployed.project.up("--plan", "plan.json")

    assert planned.status == 0, planned.output
    assert run.status != 0
    assert "violates plan" in run.output
    assert deployed.current("orders")["token_id"] == deployed.account.tokens["orders"].identifier
