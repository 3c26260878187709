"""The main job on the real engine: what passes becomes current, what does not leaves everything as it was."""

from __future__ import annotations

import pytest

from tba_secrets.simulator.aws import AccountState
from tests.deep import rest_is_deep
from tests.engine.conftest import World
from tests.engine.tba import tba
from tests.netsuite_account import TOKENS, Values

pytestmark = pytest.mark.engine

DEPENDENT = """
from pathlib import Path

import pulumi

from tba_secrets.components import Environment
from tba_secrets.program import export_credentials
from tba_secrets.spec import load_stack

environment = Environment(pulumi.get_stack(), load_stack(Path(__file__).parent, pulumi.get_stack()))
for token in ("orders", "stock"):
    credential = environment.credentials[f"warehouse/{token}"]
    version = credential.apply(lambda known: known["versions"]["aws"])
    pulumi.Stash(f"{token}-service", input=version)
export_credentials(environment)
"""
"""A program of one's own, with resources that are told the version, as a service is that has to start anew for it."""


def test_everything_is_created_proven_and_promoted(world: World) -> None:
    """And current moves only once the candidate was asked for."""
    moved_before_login: list[str] = []

    def watch(state: AccountState, action: str, name: str) -> None:
        secret = state.secret(name)
        promoted = secret is not None and "AWSPREVIOUS" in secret.labels
        if promoted and not world.logins():
            moved_before_login.append(name)

    world.aws.observers.append(watch)
    run = world.project.up()

    assert run.status == 0, run.output
    assert world.logins() > 0
    assert moved_before_login == []
    for token in TOKENS:
        values = world.account.tokens[token]
        assert world.current(token)["token_id"] == values.identifier
        assert world.current(token)["token_secret"] == values.secret
        assert world.current(token)["account"] == world.account.id
        assert "AWSPENDING" not in world.labels(token)
    assert "verified as role warehouse role in account 1234567_SB1, promoted" in run.output

    # The outputs tell consumers where it is, and which version.
    outputs = world.project.outputs()["credentials"]
    assert outputs["warehouse/orders"]["locations"]["aws"] == world.secret("orders").arn
    assert outputs["warehouse/orders"]["versions"]["aws"] == world.labels("orders")["AWSCURRENT"]
    assert outputs["warehouse/orders"]["verified_at"].endswith("+00:00")

    for name, kept in world.project.resources().items():
        if "orders" in name or "stock" in name:
            assert "stackTrace" not in kept, (
                "it would name this machine's folders, and takes a third of the state"
            )
            assert not kept["inputs"].keys() & kept["outputs"].keys(), name


def test_the_output_moves_with_a_rotation_and_what_depends_on_it_with_up(world: World) -> None:
    """What the program makes of the output is no target of `tba rotate`."""
    program = world.project.folder / "__main__.py"
    program.write_text(DEPENDENT)
    world.project.up()

    def seen(token: str) -> tuple[str, str, str]:
        """The version that readers get, that of the output, and that of what depends on it."""
        outputs = world.project.outputs()["credentials"][f"warehouse/{token}"]
        dependent = world.project.resources()[f"Stash {token}-service"]
        current = world.labels(token)["AWSCURRENT"]
        return current, outputs["versions"]["aws"], dependent["inputs"]["input"]

    first = world.labels("orders")["AWSCURRENT"]
    assert seen("orders") == (first, first, first)

    world.give(orders=world.account.spares["orders"])
    run = tba(world, "rotate", "test", "orders")
    assert run.status == 0, run.output
    second = world.labels("orders")["AWSCURRENT"]
    assert second != first
    assert seen("orders") == (second, second, first)

    world.give(orders=world.account.spares["orders"], stock=world.account.spares["stock"])
    run = world.project.up()
    assert run.status == 0, run.output
    assert "~ 4 updated" in run.output
    assert seen("orders") == (second, second, second)
    third = world.labels("stock")["AWSCURRENT"]
    assert world.current("stock")["token_id"] == world.account.spares["stock"].identifier
    assert seen("stock") == (third, third, third)


def test_up_again_writes_nothing_and_asks_nothing(deployed: World) -> None:
    writes, logins = deployed.writes(), deployed.logins()

    run = deployed.project.up("--expect-no-changes")

    assert run.status == 0, run.output
    assert (deployed.writes(), deployed.logins()) == (writes, logins)


def test_verify_always_asks_again_and_still_writes_nothing(deployed: World) -> None:
    deployed.write(extra="defaults: {verify: always}")
    deployed.project.up()  # the change is a reason of its own
    writes, logins = deployed.writes(), deployed.logins()

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert deployed.writes() == writes
    assert deployed.logins() > logins
    assert "~ 3 updated" in run.output


def test_a_rotated_token_becomes_current_and_the_old_one_previous(deployed: World) -> None:
    before = deployed.labels("stock")["AWSCURRENT"]
    deployed.give(stock=deployed.account.spares["stock"])

    preview = deployed.project.pulumi("preview", "--diff")
    run = deployed.project.up()

    assert "~ digests" in preview.output
    assert deployed.account.spares["stock"].secret not in preview.output
    assert run.status == 0, run.output
    assert "~ 2 updated" in run.output
    assert deployed.current("stock")["token_id"] == deployed.account.spares["stock"].identifier
    assert deployed.labels("stock")["AWSPREVIOUS"] == before


def test_a_wrong_token_is_refused_again_and_again_and_the_right_one_is_promoted(
    deployed: World,
) -> None:
    labels, content = deployed.labels("orders"), deployed.current("orders")
    deployed.give(orders=Values())

    run = deployed.project.up()

    assert run.status != 0
    assert "warehouse/orders: not promoted; current is unchanged" in run.output
    assert "HTTP 401" in run.output
    assert "Login Audit Trail" in run.output
    assert "Traceback" not in run.output
    assert deployed.labels("orders") == labels
    assert deployed.current("orders") == content
    versions, logins = len(deployed.secret("orders").versions), deployed.logins()
    again = deployed.project.up()
    assert again.status != 0
    assert "not promoted; current is unchanged" in again.output
    assert len(deployed.secret("orders").versions) == versions
    assert deployed.logins() == logins + 1
    deployed.give(orders=deployed.account.spares["orders"])
    right = deployed.project.up()
    assert right.status == 0, right.output
    assert deployed.current("orders")["token_id"] == deployed.account.spares["orders"].identifier
    assert deployed.project.up("--expect-no-changes").status == 0


@pytest.mark.deep
def test_a_refused_candidate_is_known_to_be_gone(deployed: World) -> None:
    deployed.give(orders=Values())
    deployed.project.up()

    refresh = deployed.project.pulumi("refresh", "--yes", "--skip-preview")
    staged = deployed.project.resources()["StagedCredential orders"]["outputs"]

    assert refresh.status == 0, refresh.output
    assert "current is tba-" in staged["drift"]["aws"]


@pytest.mark.deep
def test_after_a_refusal_the_old_value_changes_nothing_in_the_store(deployed: World) -> None:
    labels = deployed.labels("orders")
    deployed.give(orders=Values())
    deployed.project.up()
    deployed.give()

    run = deployed.project.up()

    assert run.status == 0, run.output
    assert deployed.labels("orders") == labels
    assert deployed.project.up("--expect-no-changes").status == 0


@pytest.mark.deep
def test_a_wrong_first_token_leaves_a_placeholder_that_is_no_credential(world: World) -> None:
    world.give(orders=Values())

    run = world.project.up()

    assert run.status != 0
    assert world.current("orders") == {"tba_secrets": "no credential has passed its checks yet"}
    assert "AWSPENDING" not in world.labels("orders")


@pytest.mark.deep
def test_a_token_of_another_role_is_refused(deployed: World) -> None:
    text = (deployed.project.folder / "stacks" / "test.yaml").read_text()
    deployed.project.write(text.replace("name: billing role", "name: Administrator"))

    run = deployed.project.up()

    assert run.status != 0
    assert "billing/invoices: the current credential has failed, and is left as it is" in run.output
    assert "Administrator" in run.output
    assert "billing role" in run.output


@pytest.mark.deep
def test_three_refusals_and_the_user_is_not_asked_again(deployed: World) -> None:
    for _ in range(3):
        deployed.give(orders=Values())
        deployed.project.up()
    logins = deployed.logins()
    deployed.give(orders=Values())

    run = deployed.project.up()

    assert run.status != 0
    assert "not asked again until" in run.output
    assert deployed.logins() == logins
    assert not deployed.netsuite.state.is_locked(deployed.account.id, "orders.bot@example.com")


@pytest.mark.parametrize(
    "option",
    rest_is_deep(["--target", "--target-replace", "--exclude"], "--target-replace".__eq__),
)
def test_a_targeted_up_cannot_promote_what_was_refused(deployed: World, option: str) -> None:
    labels = deployed.labels("orders")
    deployed.give(orders=Values())
    deployed.project.up()

    deployed.project.up(option, "**SmokeTest::orders")

    assert deployed.labels("orders")["AWSCURRENT"] == labels["AWSCURRENT"]
