"""Lives of a credential on the real engine that once ended wrong: each by its right outcome."""

from __future__ import annotations

import time
from threading import Barrier

import pytest

from tba_secrets.cli.exits import Exit
from tests.deep import rest_is_deep
from tests.engine.conftest import World
from tests.engine.project import HANG_GUARD_SECONDS, environment_yaml
from tests.engine.tba import assert_nothing_to_do, tba
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

MISTYPED = Values()


@pytest.fixture
def rotated(rotated: World) -> World:
    """`orders` was rotated to its spare, and its source gives the old token again."""
    rotated.give(orders=rotated.account.tokens["orders"])
    return rotated


def token_id(world: World, token: str = "orders") -> str:
    return world.current(token)["token_id"]


def journal(world: World, name: str = "orders") -> list[str]:
    """The states of the secret's lines."""
    tags = world.secret(name).tags
    lines = [value for key, value in tags.items() if key.startswith("tba-secrets:journal")]
    return sorted(line.split()[-1] for line in lines)


@pytest.mark.deep
def test_a_digest_key_does_not_undo_a_rotation(rotated: World) -> None:
    rotated.project.pulumi("config", "set", "--secret", "tba:digestKey", "an-obviously-fake-key")

    run = rotated.project.up()

    assert run.status == 0, run.output
    assert token_id(rotated) == rotated.account.spares["orders"].identifier
    assert "still gives a superseded token" in run.output, run.output
    assert_nothing_to_do(rotated)


def test_a_digest_key_that_is_set_after_a_refusal(deployed: World) -> None:
    """The engine asks two providers in one update, one of each configuration, and cancels the first."""
    right = deployed.account.tokens["orders"]
    deployed.give(orders=Values(right.identifier, Values().secret))
    assert deployed.project.up().status != 0
    deployed.give(orders=deployed.account.spares["orders"])
    deployed.project.pulumi("config", "set", "--secret", "tba:digestKey", "an-obviously-fake-key")

    run = tba(deployed, "up", "test")

    assert run.status == 0, run.output
    assert token_id(deployed) == deployed.account.spares["orders"].identifier


@pytest.mark.deep
def test_settings_do_not_undo_a_rotation(rotated: World) -> None:
    rotated.write(extra="defaults:\n  format: {token_id: NS_TOKEN_ID}")

    run = rotated.project.up()

    assert run.status == 0, run.output
    spare = rotated.account.spares["orders"]
    assert rotated.current("orders")["NS_TOKEN_ID"] == spare.identifier


def test_a_secret_is_not_renamed_while_a_superseded_token_waits(rotated: World) -> None:
    text = environment_yaml(rotated.account)
    rotated.project.write(text.replace("- name: orders", "- name: orders\n        secret: renamed"))

    for command in ("preview", "up --yes --skip-preview"):
        run = rotated.project.pulumi(*command.split())
        assert run.status != 0
        assert "cannot be left yet" in run.output
        assert "tba retire" in run.output
    assert rotated.aws.state.secret("netsuite/test/renamed") is None
    rotated.write()
    assert tba(rotated, "retire", "test", "orders", "--now").status == 0
    rotated.project.write(text.replace("- name: orders", "- name: orders\n        secret: renamed"))
    run = rotated.project.up()
    assert run.status == 0, run.output
    assert token_id(rotated, "renamed") == rotated.account.spares["orders"].identifier


@pytest.mark.deep
def test_a_region_is_not_left_while_a_superseded_token_waits(rotated: World) -> None:
    text = environment_yaml(rotated.account)
    moved = text.replace("us-east-1", "eu-west-1")
    assert moved != text
    name = "netsuite/test/orders"
    rotated.project.write(moved)
    for command in ("preview", "up --yes --skip-preview"):
        run = rotated.project.pulumi(*command.split())
        assert run.status != 0
        assert "cannot be left yet" in run.output
    assert rotated.aws.state.secret(name, "eu-west-1") is None
    rotated.write()
    assert tba(rotated, "retire", "test", "orders", "--now").status == 0
    rotated.project.write(moved)

    run = rotated.project.up()

    assert run.status == 0, run.output
    assert f"aws secret {name} is left as it is (arn:aws:secretsmanager:us-east-1:" in run.output
    there = rotated.aws.state.secret(name, "eu-west-1")
    assert there is not None
    current = there.current()
    assert current is not None
    assert current.value is not None
    spare = rotated.account.spares["orders"]
    assert spare.identifier in (current.value.string or "")
    assert_nothing_to_do(rotated)


@pytest.mark.deep
def test_a_rotation_staged_while_netsuite_is_away_keeps_what_it_owes(deployed: World) -> None:
    deployed.give(orders=deployed.account.spares["orders"])
    deployed.netsuite.state.faults.add("maintenance", "/rest/tokeninfo", times=None)
    assert tba(deployed, "rotate", "test", "orders").status == 1
    deployed.netsuite.state.faults.clear()
    deployed.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert token_id(deployed) == deployed.account.spares["orders"].identifier
    assert journal(deployed) == ["overlap"]


@pytest.mark.deep
def test_a_mistyped_token_locks_nobody_out_whatever_else_changes(deployed: World) -> None:
    deployed.give(orders=MISTYPED)
    failures = len(deployed.netsuite.state.trail.failures())
    outputs = []
    for number in range(5):
        names = f"{{token_id: KEY_{number}}}"
        deployed.write(extra=f"defaults:\n  format: {names}")
        outputs.append(deployed.project.up())

    assert all(run.status != 0 for run in outputs)
    assert len(deployed.netsuite.state.trail.failures()) - failures <= 3
    assert "INVALID_LOGIN" in outputs[0].output or "refused" in outputs[0].output
    assert "not asked again until" in outputs[-1].output


@pytest.mark.deep
def test_what_was_rolled_back_is_not_due_again(world: World) -> None:
    world.write(extra="defaults: {rotate_every: 1s}")
    world.project.up()
    world.give(orders=world.account.spares["orders"])
    assert tba(world, "rotate", "test", "orders").status == 0
    assert tba(world, "rollback", "test", "orders").status == 0
    time.sleep(1)

    night = tba(world, "rotate", "test", "--due")

    assert night.status == Exit.PERSON, night.output
    assert token_id(world) == world.account.tokens["orders"].identifier
    assert not world.netsuite.state.token(world.account.id, "orders").revoked


@pytest.mark.deep
def test_a_renamed_token_leaves_the_secret_that_readers_use(deployed: World) -> None:
    text = environment_yaml(deployed.account)
    deployed.project.write(text.replace("- name: stock", "- name: goods"))

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert token_id(deployed, "goods") == deployed.account.tokens["stock"].identifier
    assert deployed.secret("stock").deleted is None
    assert "is left as it is" in run.output


def another_token(world: World) -> Values:
    """A third good token of the user of `orders`."""
    third = Values()
    who = {"name": "third", "integration": "warehouse", "user": world.account.user_of("orders")}
    token = {"token_id": third.identifier, "token_secret": third.secret, "role": "1001"}
    world.netsuite.state.add_token(world.account.id, {**token, **who})
    return third


@pytest.mark.deep
def test_a_rotation_takes_what_the_source_gives_and_not_what_waits(deployed: World) -> None:
    deployed.give(orders=deployed.account.spares["orders"])
    deployed.netsuite.state.faults.add("maintenance", "/rest/tokeninfo", times=None)
    assert deployed.project.up().status != 0
    deployed.netsuite.state.faults.clear()
    wanted = another_token(deployed)
    deployed.give(orders=wanted)

    run = tba(deployed, "rotate", "test", "orders")

    assert run.status == 0, run.output
    assert token_id(deployed) == wanted.identifier
    assert "AWSPENDING" not in deployed.labels("orders")


def test_a_renamed_stack_just_works(deployed: World) -> None:
    stacks = deployed.project.folder / "stacks"
    (stacks / "test.yaml").rename(stacks / "renamed.yaml")

    assert deployed.project.pulumi("stack", "rename", "renamed").status == 0
    runs = [deployed.project.pulumi(*command.split()) for command in ("preview", "up --yes")]

    assert [run.status for run in runs] == [0, 0], runs[-1].output
    assert token_id(deployed) == deployed.account.tokens["orders"].identifier


@pytest.mark.parametrize("policy", rest_is_deep(["retire_after: 7d", ""], bool))
def test_a_plain_update_supersedes_under_the_policy_that_is_declared(
    deployed: World, policy: str
) -> None:
    deployed.write(extra=f"defaults: {{{policy}}}")
    deployed.give(orders=deployed.account.spares["orders"])

    run = deployed.project.up()
    retired = tba(deployed, "retire", "test", "orders")

    assert run.status == 0, run.output
    assert journal(deployed) == ["overlap" if policy else "inform"]
    assert retired.status == 0, retired.output
    assert ("stays valid until" in retired.output) is bool(policy)
    at_once = "`tba retire test orders --now` revokes it at once"
    assert (at_once in retired.output) is bool(policy)


@pytest.mark.deep
def test_a_refused_rotation_leaves_the_output_to_its_readers(deployed: World) -> None:
    before = deployed.project.pulumi("stack", "output", "--json").output
    deployed.give(orders=MISTYPED)

    assert tba(deployed, "rotate", "test", "orders").status == 1

    assert deployed.project.pulumi("stack", "output", "--json").output == before


@pytest.mark.deep
def test_a_changed_account_is_named_as_the_cause(deployed: World) -> None:
    text = environment_yaml(deployed.account)
    deployed.project.write(text.replace(deployed.account.id, "7654321"))

    run = deployed.project.up()

    assert run.status != 0
    assert "`account:` was changed since these values were tested last" in run.output


@pytest.mark.deep
def test_a_deleted_secret_is_told_by_preview_too(deployed: World) -> None:
    deployed.reader().delete_secret(SecretId="netsuite/test/orders", RecoveryWindowInDays=7)

    preview, run = deployed.project.pulumi("preview"), deployed.project.up()

    assert "netsuite/test/orders is scheduled for deletion on" in preview.output
    assert run.status != 0
    assert "restore: true" in run.output


def test_of_two_stacks_that_make_one_secret_at_once_one_is_refused(world: World) -> None:
    """Both have seen that it is not there before either of them makes it."""
    text = environment_yaml(world.account, tokens=("orders",))
    both, project = Barrier(2), world.project
    for stack in ("test", "other"):
        project.write(text, stack)
    assert project.pulumi("stack", "init", "other").status == 0

    def met() -> None:
        both.wait(HANG_GUARD_SECONDS)

    world.aws.faults.before("CreateSecret", times=2, do=met)
    up = ("up", "--yes", "--skip-preview", "--stack")
    runs = [project.start(*up, stack) for stack in ("test", "other")]
    outputs = [run.communicate(timeout=HANG_GUARD_SECONDS)[0] for run in runs]

    won, lost = sorted(zip(runs, outputs, strict=True), key=lambda one: one[0].returncode)
    assert won[0].returncode == 0, won[1]
    assert lost[0].returncode != 0, lost[1]
    assert "netsuite/test/orders" in lost[1]
    assert "belongs to" in lost[1] or "claimed" in lost[1], lost[1]
    assert token_id(world) == world.account.tokens["orders"].identifier


@pytest.mark.deep
def test_a_misspelled_setting_is_named_before_anything_is_written(world: World) -> None:
    world.project.pulumi("config", "set", "tba:digestkey", "a-key-that-is-obviously-fake")

    run = world.project.up()

    assert run.status != 0
    assert "there is no setting `tba:digestkey`; did you mean `tba:digestKey`?" in run.output
    assert world.writes() == 0
