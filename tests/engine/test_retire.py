"""What a rotation supersedes: journalled, revoked once its time has come, never while it is in use."""

from __future__ import annotations

import time

import pytest

from tba_secrets.cli.exits import Exit
from tba_secrets.simulator.aws import ACCESS_KEY_ID
from tba_secrets.stores.aws.secret import OWNER_TAG
from tests.engine.conftest import World
from tests.engine.project import environment_yaml
from tests.engine.tba import assert_nothing_to_do, tba
from tests.netsuite_account import TOKENS, Values

pytestmark = pytest.mark.engine


def journal(world: World) -> list[str]:
    """The lines of the secret's journal."""
    tags = world.secret("orders").tags
    return [value for key, value in tags.items() if key.startswith("tba-secrets:journal")]


def revoked(world: World, name: str) -> bool:
    """What NetSuite says of a token."""
    return bool(world.netsuite.state.token(world.account.id, name).revoked)


def test_the_old_token_stays_valid_through_its_overlap_and_is_then_revoked(rotated: World) -> None:
    """The new one works; and retiring again asks nobody."""
    early = tba(rotated, "retire", "test")

    assert early.status == 0, early.output
    assert not revoked(rotated, "orders")
    assert [line.split()[-1] for line in journal(rotated)] == ["overlap"]

    run = tba(rotated, "retire", "test", "--now")

    assert run.status == 0, run.output
    assert "revoked" in run.output
    assert revoked(rotated, "orders")
    assert not revoked(rotated, "orders second")
    assert [line.split()[-1] for line in journal(rotated)] == ["revoked"]
    assert_nothing_to_do(rotated)
    failures = len(rotated.netsuite.state.trail.failures())
    again = tba(rotated, "retire", "test", "--now")
    assert again.status == 0, again.output
    assert len(rotated.netsuite.state.trail.failures()) == failures


def test_a_role_that_may_not_revoke_leaves_it_to_a_person_whose_word_closes_it(
    rotated: World,
) -> None:
    role = rotated.netsuite.state.account(rotated.account.id).role("1001")
    role.permissions = [name for name in role.permissions if name != "User Access Tokens"]

    run = tba(rotated, "retire", "test", "--now")

    assert run.status == Exit.PERSON, run.output
    assert not revoked(rotated, "orders")
    assert "Access Tokens" in run.output
    assert [line.split()[-1] for line in journal(rotated)] == ["person"]

    rotated.netsuite.state.revoke_token(rotated.account.id, "orders")

    without = tba(rotated, "retire", "test", "orders")
    by_hand = tba(rotated, "retire", "test", "orders", "--by-hand")

    assert without.status == Exit.PERSON, without.output
    assert by_hand.status == 0, by_hand.output
    assert [line.split()[-1] for line in journal(rotated)] == ["revoked"]
    destroyed = rotated.project.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.status == 0, destroyed.output


def test_a_token_that_another_record_uses_is_not_revoked(rotated: World) -> None:
    old = rotated.account.tokens["orders"]
    text = (rotated.project.folder / "stacks" / "test.yaml").read_text()
    copy = (
        "      - name: copy\n"
        "        user: orders.bot@example.com\n"
        "        token: {env: {id: COPY_TOKEN_ID, secret: COPY_TOKEN_SECRET}}\n"
    )
    anchor = "      - name: stock\n"
    assert anchor in text
    rotated.project.write(text.replace(anchor, copy + anchor))
    pair = {"COPY_TOKEN_ID": old.identifier, "COPY_TOKEN_SECRET": old.secret}
    rotated.project.environment.update(pair)
    assert rotated.project.up().status == 0

    run = tba(rotated, "retire", "test", "orders", "--now")

    assert "warehouse/copy" in run.output
    assert not revoked(rotated, "orders")


def test_a_stale_source_does_not_bring_the_old_token_back(rotated: World) -> None:
    current = rotated.current("orders")
    rotated.give()

    run = rotated.project.up()

    assert run.status == 0, run.output
    source = "its source (environment variables ORDERS_TOKEN_ID and ORDERS_TOKEN_SECRET)"
    told = f"{source} still gives a superseded token: it is not used"
    assert told in run.output
    assert rotated.current("orders") == current
    assert told in assert_nothing_to_do(rotated).output


@pytest.mark.deep
def test_the_next_rotation_retires_what_is_due(world: World) -> None:
    world.write(extra="defaults: {retire_after: 1s, rotate_every: 90d}")
    world.project.up()
    world.give(orders=world.account.spares["orders"])
    assert tba(world, "rotate", "test", "orders").status == 0
    time.sleep(1)

    run = tba(world, "rotate", "test", "--due")

    assert run.status == 0, run.output
    assert "nothing is due" in run.output
    assert revoked(world, "orders")
    assert not revoked(world, "orders second")
    assert_nothing_to_do(world)


def test_destroy_leaves_a_secret_whose_token_waits_for_its_revoke(rotated: World) -> None:
    """And retire finds it by its owner mark, without a resource, and deletes it with its last line."""
    run = rotated.project.pulumi("destroy", "--yes", "--skip-preview")
    assert run.status == 0, run.output
    assert "tba retire" in run.output
    assert rotated.secret("orders").deleted is None
    assert rotated.secret("invoices").deleted is not None
    assert "warehouse/orders is not deployed any more" in tba(rotated, "status", "test").output

    early = tba(rotated, "retire", "test", "orders")
    assert early.status == 0, early.output
    assert not revoked(rotated, "orders")
    late = tba(rotated, "retire", "test", "orders", "--now")

    assert late.status == 0, late.output
    assert revoked(rotated, "orders")
    assert not revoked(rotated, "orders second")
    assert rotated.secret("orders").deleted is not None


@pytest.mark.deep
def test_a_token_taken_out_of_the_yaml_is_retired_all_the_same(rotated: World) -> None:
    rest = tuple(token for token in TOKENS if token != "orders")
    rotated.project.write(environment_yaml(rotated.account, tokens=rest))
    run = rotated.project.up()
    assert run.status == 0, run.output
    assert rotated.secret("orders").deleted is None

    retired = tba(rotated, "retire", "test", "--now")

    assert retired.status == 0, retired.output
    assert revoked(rotated, "orders")
    assert rotated.secret("orders").deleted is not None
    assert_nothing_to_do(rotated)


@pytest.mark.deep
def test_what_another_organization_has_left_behind_is_not_ours(rotated: World) -> None:
    """Its project and stack have the same names, and one store holds the secrets of both."""
    rest = tuple(token for token in TOKENS if token != "orders")
    rotated.project.write(environment_yaml(rotated.account, tokens=rest))
    assert rotated.project.up().status == 0
    owner = rotated.secret("orders").tags[OWNER_TAG]
    others = "another-organization/" + owner.partition("/")[2]
    rotated.reader().tag_resource(
        SecretId="netsuite/test/orders", Tags=[{"Key": OWNER_TAG, "Value": others}]
    )

    retired = tba(rotated, "retire", "test", "--now")

    assert retired.status == 0, retired.output
    assert not revoked(rotated, "orders")
    assert rotated.secret("orders").deleted is None


def test_nothing_is_retired_while_another_token_is_taken_out(rotated: World) -> None:
    """It would be revoked, and the engine would fail on the other one afterwards."""
    rest = tuple(token for token in TOKENS if token != "stock")
    rotated.project.write(environment_yaml(rotated.account, tokens=rest))
    writes = rotated.writes()

    run = tba(rotated, "retire", "test", "orders", "--now")

    assert run.status == 1, run.output
    assert "warehouse/stock is still deployed but no longer declared" in run.output
    assert not revoked(rotated, "orders")
    assert rotated.writes() == writes


@pytest.mark.deep
def test_a_destroy_that_was_half_done_is_no_trap(rotated: World) -> None:
    """The secret cannot be deleted at first: whatever comes next, retiring or another destroy, goes on."""
    identities = rotated.aws.identities
    identities.add(ACCESS_KEY_ID, "operator", denied=["DeleteSecret"])
    half = rotated.project.pulumi("destroy", "--yes", "--skip-preview", "--continue-on-error")
    identities.add(ACCESS_KEY_ID, "operator")
    assert half.status != 0, half.output

    retired = tba(rotated, "retire", "test", "orders", "--now")
    assert retired.status == 0, retired.output
    assert revoked(rotated, "orders")
    whole = rotated.project.pulumi("destroy", "--yes", "--skip-preview")

    assert whole.status == 0, whole.output
    assert rotated.secret("orders").deleted is not None
    assert rotated.secret("stock").deleted is not None


def test_rollback_makes_the_previous_one_current_again(rotated: World) -> None:
    run = tba(rotated, "rollback", "test", "orders")

    assert run.status == 0, run.output
    assert rotated.current("orders")["token_id"] == rotated.account.tokens["orders"].identifier
    assert sorted(line.split()[-1] for line in journal(rotated)) == ["left", "restored"]
    assert_nothing_to_do(rotated)
    tba(rotated, "retire", "test", "--now")
    assert not revoked(rotated, "orders")
    assert not revoked(rotated, "orders second")


@pytest.mark.deep
def test_rollback_to_a_revoked_token_is_refused(rotated: World) -> None:
    tba(rotated, "retire", "test", "--now")
    labels = rotated.labels("orders")

    run = tba(rotated, "rollback", "test", "orders")

    assert run.status != 0
    assert "revoked" in run.output
    assert rotated.labels("orders") == labels


def test_rollback_to_a_token_that_no_longer_works_is_refused(rotated: World) -> None:
    rotated.netsuite.state.revoke_token(rotated.account.id, "orders")
    labels = rotated.labels("orders")

    run = tba(rotated, "rollback", "test", "orders")

    assert run.status != 0
    assert rotated.labels("orders")["AWSCURRENT"] == labels["AWSCURRENT"]
    assert rotated.labels("orders")["AWSPREVIOUS"] == labels["AWSPREVIOUS"]


def test_a_reset_consumer_pair_is_cut_over_token_by_token(deployed: World) -> None:
    new = Values()
    record = deployed.netsuite.state.account(deployed.account.id).integration("warehouse")
    record.consumer_key, record.consumer_secret = new.identifier, new.secret
    deployed.account.consumers["warehouse"] = new
    deployed.give()
    deployed.netsuite.state.deactivate_token(deployed.account.id, "stock")

    run = tba(deployed, "rotate", "test", "--consumer", "warehouse", "--accept-cut")

    assert run.status != 0
    assert "warehouse/stock: not promoted" in run.output
    assert deployed.current("orders")["consumer_key"] == new.identifier
    assert deployed.current("stock")["consumer_key"] != new.identifier


def test_the_cut_has_to_be_accepted(deployed: World) -> None:
    writes = deployed.writes()

    run = tba(deployed, "rotate", "test", "--consumer", "warehouse")

    assert run.status != 0
    assert "at once" in run.output
    assert deployed.writes() == writes
