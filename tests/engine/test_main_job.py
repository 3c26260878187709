"""The main job on the real engine: what passes becomes current, what does not leaves everything as it was."""

from __future__ import annotations

import pytest

from tba_secrets.simulator.aws import AccountState
from tests.engine.conftest import World
from tests.netsuite_account import TOKENS, Values

pytestmark = pytest.mark.engine


def test_everything_is_created_proven_and_promoted(world: World) -> None:
    run = world.project.up()

    assert run.status == 0, run.output
    for token in TOKENS:
        values = world.account.tokens[token]
        assert world.current(token)["token_id"] == values.identifier
        assert world.current(token)["token_secret"] == values.secret
        assert world.current(token)["account"] == world.account.id
        assert "AWSPENDING" not in world.labels(token)
    assert "verified as role warehouse role in account 1234567_SB1, promoted" in run.output


def test_outputs_tell_consumers_where_and_which(world: World) -> None:
    world.project.up()

    outputs = world.project.outputs()["credentials"]

    assert outputs["warehouse/orders"]["locations"]["aws"] == world.secret("orders").arn
    assert outputs["warehouse/orders"]["versions"]["aws"] == world.labels("orders")["AWSCURRENT"]
    assert outputs["warehouse/orders"]["verified_at"].endswith("+00:00")


def test_up_again_writes_nothing_and_asks_nothing(world: World) -> None:
    world.project.up()
    writes, logins = world.writes(), world.logins()

    run = world.project.up("--expect-no-changes")

    assert run.status == 0, run.output
    assert (world.writes(), world.logins()) == (writes, logins)


def test_verify_always_asks_again_and_still_writes_nothing(world: World) -> None:
    world.write(extra="defaults: {verify: always}")
    world.project.up()
    writes, logins = world.writes(), world.logins()

    run = world.project.up()

    assert run.status == 0, run.output
    assert world.writes() == writes
    assert world.logins() > logins
    assert "~ 3 updated" in run.output


def test_a_rotated_token_becomes_current_and_the_old_one_previous(world: World) -> None:
    world.project.up()
    before = world.labels("stock")["AWSCURRENT"]
    world.give(stock=world.account.spares["stock"])

    preview = world.project.pulumi("preview", "--diff")
    run = world.project.up()

    assert "~ digests" in preview.output
    assert world.account.spares["stock"].secret not in preview.output
    assert run.status == 0, run.output
    assert "~ 2 updated" in run.output
    assert world.current("stock")["token_id"] == world.account.spares["stock"].identifier
    assert world.labels("stock")["AWSPREVIOUS"] == before


def test_a_wrong_token_is_refused_and_current_stays(world: World) -> None:
    world.project.up()
    labels, content = world.labels("orders"), world.current("orders")
    world.give(orders=Values())

    run = world.project.up()

    assert run.status != 0
    assert "warehouse/orders: not promoted; current is unchanged" in run.output
    assert "HTTP 401" in run.output
    assert "Login Audit Trail" in run.output
    assert "Traceback" not in run.output
    assert world.labels("orders") == labels
    assert world.current("orders") == content


def test_the_same_wrong_token_is_refused_again_without_another_version(world: World) -> None:
    world.project.up()
    world.give(orders=Values())
    world.project.up()
    versions, logins = len(world.secret("orders").versions), world.logins()

    run = world.project.up()

    assert run.status != 0
    assert "not promoted; current is unchanged" in run.output
    assert len(world.secret("orders").versions) == versions
    assert world.logins() == logins + 1


def test_a_refused_candidate_is_known_to_be_gone(world: World) -> None:
    world.project.up()
    world.give(orders=Values())
    world.project.up()

    refresh = world.project.pulumi("refresh", "--yes", "--skip-preview")
    staged = world.project.resources()["StagedCredential orders"]["outputs"]

    assert refresh.status == 0, refresh.output
    assert "current is tba-" in staged["drift"]["aws"]


def test_after_a_refusal_the_right_value_is_promoted(world: World) -> None:
    world.project.up()
    world.give(orders=Values())
    world.project.up()
    world.give(orders=world.account.spares["orders"])

    run = world.project.up()

    assert run.status == 0, run.output
    assert world.current("orders")["token_id"] == world.account.spares["orders"].identifier
    assert world.project.up("--expect-no-changes").status == 0


def test_after_a_refusal_the_old_value_changes_nothing_in_the_store(world: World) -> None:
    world.project.up()
    labels = world.labels("orders")
    world.give(orders=Values())
    world.project.up()
    world.give()

    run = world.project.up()

    assert run.status == 0, run.output
    assert world.labels("orders") == labels
    assert world.project.up("--expect-no-changes").status == 0


def test_a_wrong_first_token_leaves_a_placeholder_that_is_no_credential(world: World) -> None:
    world.give(orders=Values())

    run = world.project.up()

    assert run.status != 0
    assert world.current("orders") == {"tba_secrets": "no credential has passed its checks yet"}
    assert "AWSPENDING" not in world.labels("orders")


def test_a_token_of_another_role_is_refused(world: World) -> None:
    world.project.up()
    text = (world.project.folder / "stacks" / "test.yaml").read_text()
    world.project.write(text.replace("name: billing role", "name: Administrator"))

    run = world.project.up()

    assert run.status != 0
    assert "billing/invoices: the current credential has failed, and is left as it is" in run.output
    assert "Administrator" in run.output
    assert "billing role" in run.output


def test_three_refusals_and_the_user_is_not_asked_again(world: World) -> None:
    world.project.up()
    for _ in range(3):
        world.give(orders=Values())
        world.project.up()
    logins = world.logins()
    world.give(orders=Values())

    run = world.project.up()

    assert run.status != 0
    assert "not asked again until" in run.output
    assert world.logins() == logins
    assert not world.netsuite.state.is_locked(world.account.id, "orders.bot@example.com")


def test_a_targeted_up_cannot_promote_what_was_refused(world: World) -> None:
    world.project.up()
    labels = world.labels("orders")
    world.give(orders=Values())
    world.project.up()

    world.project.up("--target", "**SmokeTest::orders")
    world.project.up("--target-replace", "**SmokeTest::orders")
    world.project.up("--exclude", "**SmokeTest::orders")

    assert world.labels("orders")["AWSCURRENT"] == labels["AWSCURRENT"]


def test_current_moves_only_once_the_candidate_has_been_asked_for(world: World) -> None:
    moved_before_login: list[str] = []
    logins = {"at start": 0}

    def watch(state: AccountState, action: str, name: str) -> None:
        secret = state.secret(name)
        promoted = secret is not None and "AWSPREVIOUS" in secret.labels
        if promoted and world.logins() == logins["at start"]:
            moved_before_login.append(name)

    world.aws.observers.append(watch)
    world.project.up()

    assert world.logins() > 0
    assert moved_before_login == []
