"""What others do to the store, and what we leave alone, on the real engine."""

from __future__ import annotations

import json

import pytest

from tba_secrets.stores.aws.secret import OWNER_TAG
from tests.engine.conftest import World
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

ORDERS = "netsuite/test/orders"


def a_credential(world: World, values: Values) -> str:
    """The stored text for a token of the integration `warehouse`, written by hand."""
    consumer = world.account.consumers["warehouse"]
    content = {
        "token_secret": values.secret,
        "token_id": values.identifier,
        "consumer_secret": consumer.secret,
        "consumer_key": consumer.identifier,
        "account": world.account.id,
    }
    return json.dumps(content, indent=2)


# --- drift --------------------------------------------------------------------------------------


def test_drift_is_shown_and_mended_without_the_value_at_hand(deployed: World) -> None:
    wanted = deployed.labels("orders")["AWSCURRENT"]
    deployed.reader().put_secret_value(
        SecretId=ORDERS, SecretString=a_credential(deployed, Values())
    )
    deployed.withhold(*deployed.account.environment())

    preview = deployed.project.pulumi("preview", "--diff")
    run = deployed.project.up()

    assert "drift" in preview.output
    assert run.status == 0, run.output
    assert deployed.labels("orders")["AWSCURRENT"] == wanted
    assert deployed.project.up("--expect-no-changes").status == 0


@pytest.mark.deep
def test_refresh_names_the_drift(deployed: World) -> None:
    foreign = deployed.reader().put_secret_value(SecretId=ORDERS, SecretString='{"not": "ours"}')

    run = deployed.project.pulumi("refresh", "--yes", "--skip-preview", "--diff")

    assert run.status == 0, run.output
    assert foreign["VersionId"][:16] in run.output


@pytest.mark.deep
def test_drift_to_the_same_content_needs_no_write_of_a_value(deployed: World) -> None:
    text = a_credential(deployed, deployed.account.tokens["orders"])
    deployed.reader().put_secret_value(SecretId=ORDERS, SecretString=text)
    versions = len(deployed.secret("orders").versions)

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert deployed.current("orders") == json.loads(text)
    assert len(deployed.secret("orders").versions) == versions
    assert deployed.project.up("--expect-no-changes").status == 0


@pytest.mark.deep
def test_a_version_that_is_gone_needs_the_value(deployed: World) -> None:
    deployed.reader().delete_secret(SecretId=ORDERS, ForceDeleteWithoutRecovery=True)
    deployed.reader().create_secret(Name=ORDERS, SecretString=a_credential(deployed, Values()))
    deployed.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")
    deployed.write(adopt=True)

    without = deployed.project.up()
    deployed.give()
    given = deployed.project.up()

    assert without.status != 0
    assert "the current credential has failed, and is left as it is" in without.output
    assert given.status == 0, given.output
    assert deployed.current("orders")["token_id"] == deployed.account.tokens["orders"].identifier


# --- whose secret it is --------------------------------------------------------------------------


def test_a_secret_of_others_is_refused_and_adopted_on_request_without_a_write(world: World) -> None:
    """Its content is what the source gives."""
    text = a_credential(world, world.account.tokens["orders"])
    world.reader().create_secret(Name=ORDERS, SecretString=text)
    before = world.labels("orders")

    refused = world.project.up()

    assert refused.status != 0
    assert "was not made by tba-secrets" in refused.output
    assert "adopt: true" in refused.output
    assert world.labels("orders") == before
    assert OWNER_TAG not in world.secret("orders").tags

    world.write(adopt=True)

    run = world.project.up()

    assert run.status == 0, run.output
    assert world.labels("orders") == before
    assert world.secret("orders").tags[OWNER_TAG].endswith("warehouse/orders")


@pytest.mark.deep
def test_a_secret_that_something_else_rotates_is_refused_even_when_adopted(world: World) -> None:
    world.reader().create_secret(Name=ORDERS, SecretString='{"password": "obviously fake"}')
    world.aws.edit(ORDERS, rotation_enabled=True)
    world.write(adopt=True)

    run = world.project.up()

    assert run.status != 0
    assert "rotat" in run.output
    assert "Traceback" not in run.output


def test_another_stack_cannot_take_the_secret(deployed: World) -> None:
    before = deployed.labels("orders")
    deployed.project.stack = "other"
    deployed.write()
    deployed.project.init()

    run = deployed.project.up()

    assert run.status != 0
    assert "belongs to warehouse/orders of the stack organization/tba-secrets/test" in run.output
    assert deployed.labels("orders") == before


# --- deletion ------------------------------------------------------------------------------------


@pytest.mark.deep
def test_destroy_leaves_what_is_to_be_retained(world: World) -> None:
    world.write(extra="defaults: {on_delete: retain}")
    world.project.up()

    run = world.project.pulumi("destroy", "--yes", "--skip-preview")

    assert run.status == 0, run.output
    assert "on_delete: retain" in run.output
    assert world.secret("orders").deleted is None


@pytest.mark.deep
def test_destroy_leaves_what_carries_another_mark(deployed: World) -> None:
    deployed.reader().tag_resource(
        SecretId=ORDERS, Tags=[{"Key": "tba-secrets:claim", "Value": "somebody-else"}]
    )

    run = deployed.project.pulumi("destroy", "--yes", "--skip-preview")

    assert run.status == 0, run.output
    assert "left as it is" in run.output
    assert deployed.secret("orders").deleted is None
    assert deployed.secret("stock").deleted is not None


def test_destroy_deletes_recoverably_and_what_is_deleted_is_restored_on_request(
    deployed: World,
) -> None:
    destroyed = deployed.project.pulumi("destroy", "--yes", "--skip-preview")

    assert destroyed.status == 0, destroyed.output
    assert deployed.secret("orders").deleted is not None
    refused = deployed.project.up()
    deployed.write(extra="defaults: {restore: true}")
    restored = deployed.project.up()

    assert refused.status != 0
    assert "aws secretsmanager restore-secret" in refused.output
    assert restored.status == 0, restored.output
    assert deployed.secret("orders").deleted is None
    assert deployed.current("orders")["token_id"] == deployed.account.tokens["orders"].identifier


@pytest.mark.deep
def test_a_secret_deleted_by_others_is_made_again(deployed: World) -> None:
    deployed.reader().delete_secret(SecretId=ORDERS, ForceDeleteWithoutRecovery=True)

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert deployed.current("orders")["token_id"] == deployed.account.tokens["orders"].identifier


# --- names change ---------------------------------------------------------------------------------


def test_renaming_a_token_keeps_its_secret(deployed: World) -> None:
    labels = deployed.labels("orders")
    text = (deployed.project.folder / "stacks" / "test.yaml").read_text()
    deployed.project.write(
        text.replace("- name: orders", "- name: renamed\n        secret: orders")
    )

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert deployed.secret("orders").deleted is None
    assert deployed.labels("orders") == labels
    assert deployed.project.up("--expect-no-changes").status == 0


@pytest.mark.deep
def test_a_new_prefix_leaves_the_old_secrets_and_says_so(deployed: World) -> None:
    text = (deployed.project.folder / "stacks" / "test.yaml").read_text()
    deployed.project.write(text.replace("netsuite/test/", "netsuite/moved/"))
    deployed.withhold(*deployed.account.environment())

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert "netsuite/test/orders is left as it is" in run.output
    assert deployed.secret("orders").deleted is None
    assert deployed.secret("orders", "netsuite/moved/").labels["AWSCURRENT"].startswith("tba-")
    assert deployed.project.up("--expect-no-changes").status == 0


def test_a_replaced_resource_does_not_delete_its_successor(deployed: World) -> None:
    run = deployed.project.up("--target-replace", "**StagedCredential::orders")

    assert run.status == 0, run.output
    assert deployed.secret("orders").deleted is None
    assert deployed.project.up("--expect-no-changes").status == 0


@pytest.mark.deep
def test_other_key_names_are_written_once_and_proven(deployed: World) -> None:
    deployed.write(extra="defaults: {format: {token_id: NS_TOKEN_ID}}")
    deployed.withhold(*deployed.account.environment())

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert deployed.current("orders")["NS_TOKEN_ID"] == deployed.account.tokens["orders"].identifier
    assert deployed.project.up("--expect-no-changes").status == 0


@pytest.mark.deep
def test_another_digest_key_rewrites_nothing(deployed: World) -> None:
    labels = deployed.labels("orders")
    set_key = ("config", "set", "--secret", "tba:digestKey", "a-key-that-is-obviously-fake")
    assert deployed.project.pulumi(*set_key).status == 0

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert deployed.labels("orders") == labels
    assert deployed.project.up("--expect-no-changes").status == 0


def test_import_takes_an_existing_secret_into_state(world: World) -> None:
    text = a_credential(world, world.account.tokens["orders"])
    world.reader().create_secret(Name="netsuite/test/imported", SecretString=text)

    run = world.project.pulumi(
        "import",
        "--yes",
        "--skip-preview",
        "--generate-code=false",
        "tba:index:StagedCredential",
        "imported",
        "aws:us-east-1:netsuite/test/imported",
    )

    assert run.status == 0, run.output
    state = world.project.resources()["StagedCredential imported"]["outputs"]
    assert state["versions"]["aws"] == world.labels("imported")["AWSCURRENT"]
