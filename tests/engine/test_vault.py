"""The main job with a real Vault, on the real engine: what passes becomes current, what does not changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import hvac
import pytest

from tba_secrets.cli.exits import Exit
from tests.engine.tba import tba
from tests.engine.vault_world import PREFIX, VaultWorld, vault_world
from tests.netsuite_account import TOKENS, Values
from tests.stores.vault_server import ROOT_TOKEN, Api, VaultProcess, shared_server

__all__ = ["shared_server"]

pytestmark = pytest.mark.engine

DESTROY = ("destroy", "--yes", "--skip-preview")


@pytest.fixture
def world(tmp_path: Path, vault: VaultProcess) -> Iterator[VaultWorld]:
    with vault_world(tmp_path, Api(vault.url, ROOT_TOKEN)) as ready:
        yield ready


def test_everything_is_created_proven_promoted_and_noted_and_up_again_does_nothing(
    world: VaultWorld,
) -> None:
    run = world.project.up()

    assert run.status == 0, run.output
    assert "verified as role warehouse role in account 1234567_SB1, promoted" in run.output
    for token in TOKENS:
        values = world.account.tokens[token]
        assert world.current(token)["token_id"] == values.identifier
        assert world.current(token)["token_secret"] == values.secret
        assert (world.versions(token), world.candidate(token)) == (1, {})
    outputs = world.project.outputs()["credentials"]["warehouse/orders"]
    assert outputs["locations"]["vault"] == f"{world.mount}/{PREFIX}orders"

    # What was proven is noted beside the secret, and no value.
    custom = world.metadata("orders")["custom_metadata"]

    assert custom["tba_account"] == world.account.id
    assert custom["tba_role"] == "warehouse role"
    assert datetime.fromisoformat(custom["tba_verified_at"]).utcoffset() is not None
    assert "account" in custom["tba_evidence"]
    assert (custom["tba_integration"], custom["tba_token"]) == ("warehouse", "orders")
    every = {**world.account.environment()}.values()
    assert not any(value in json.dumps(world.metadata("orders")) for value in every)

    writes, logins = world.writes(), world.logins()
    again = world.project.up("--expect-no-changes")
    assert again.status == 0, again.output
    assert (world.writes(), world.logins()) == (writes, logins)
    assert writes > 0, "the proxy counts nothing"


@pytest.mark.deep
def test_verify_always_asks_again_and_still_writes_nothing(world: VaultWorld) -> None:
    world.write(extra="defaults: {verify: always}")
    world.project.up()
    writes, logins = world.writes(), world.logins()

    run = world.project.up()

    assert run.status == 0, run.output
    assert world.writes() == writes
    assert world.logins() > logins


@pytest.mark.deep
def test_a_rotated_token_becomes_current_and_the_old_one_stays_as_a_version(
    world: VaultWorld,
) -> None:
    world.project.up()
    world.give(stock=world.account.spares["stock"])

    run = world.project.up()

    assert run.status == 0, run.output
    assert "~ 2 updated" in run.output
    world.assert_settled("stock", world.account.spares["stock"], versions=2)
    before = world.kv.read_secret_version(
        PREFIX + "stock", version=1, mount_point=world.mount, raise_on_deleted_version=True
    )
    assert before["data"]["data"]["token_id"] == world.account.tokens["stock"].identifier


@pytest.mark.deep
def test_a_wrong_token_is_refused_current_stays_and_the_right_one_is_promoted(
    world: VaultWorld,
) -> None:
    world.project.up()
    content, metadata = world.current("orders"), world.metadata("orders")
    world.give(orders=Values())

    run = world.project.up()

    assert run.status != 0
    assert "warehouse/orders: not promoted; current is unchanged" in run.output
    assert "HTTP 401" in run.output
    assert "Traceback" not in run.output
    assert (world.current("orders"), world.metadata("orders")) == (content, metadata)
    assert world.candidate("orders") == {}

    world.give(orders=world.account.spares["orders"])
    right = world.project.up()
    assert right.status == 0, right.output
    world.assert_settled("orders", world.account.spares["orders"], versions=2)


def test_a_wrong_first_token_leaves_nothing_to_read(world: VaultWorld) -> None:
    world.give(orders=Values())

    run = world.project.up()

    assert run.status != 0
    with pytest.raises(hvac.exceptions.InvalidPath):
        world.current("orders")
    assert (world.versions("orders"), world.candidate("orders")) == (0, {})


@pytest.mark.deep
def test_drift_is_shown_and_mended_without_the_value_at_hand(world: VaultWorld) -> None:
    world.project.up()
    world.kv.create_or_update_secret(
        PREFIX + "orders", {"not": "ours"}, mount_point=world.mount, cas=1
    )
    for variable in world.account.environment():
        world.project.environment.pop(variable)

    preview = world.project.pulumi("preview", "--diff")
    run = world.project.up()

    assert "drift" in preview.output
    assert run.status == 0, run.output
    world.assert_settled("orders", world.account.tokens["orders"], versions=3)


def test_a_secret_of_others_is_refused_and_adopted_on_request(world: VaultWorld) -> None:
    theirs = {"password": "obviously fake"}
    world.kv.create_or_update_secret(PREFIX + "orders", theirs, mount_point=world.mount)

    refused = world.project.up()
    held = world.current("orders")
    world.write(adopt=True)
    adopted = world.project.up()

    assert refused.status != 0
    assert "was not made by tba-secrets" in refused.output
    assert held == theirs
    assert adopted.status == 0, adopted.output
    world.assert_settled("orders", world.account.tokens["orders"], versions=2)


@pytest.mark.deep
def test_destroy_deletes_softly_and_what_is_deleted_is_restored_on_request(
    world: VaultWorld,
) -> None:
    world.project.up()

    destroyed = world.project.pulumi(*DESTROY)
    gone = world.metadata("orders")["versions"]["1"]
    refused = world.project.up()
    world.write(extra="defaults: {restore: true}")
    restored = world.project.up()

    assert destroyed.status == 0, destroyed.output
    assert (gone["destroyed"], bool(gone["deletion_time"])) == (False, True)
    assert refused.status != 0
    assert f"vault secret {PREFIX}orders is deleted on 20" in refused.output
    assert "vault kv undelete" in refused.output
    assert restored.status == 0, restored.output
    world.assert_settled("orders", world.account.tokens["orders"], versions=1)


@pytest.mark.deep
def test_destroy_leaves_what_carries_another_mark(world: VaultWorld) -> None:
    world.project.up()
    world.api.call(
        "POST",
        f"{world.mount}/metadata/{PREFIX}orders",
        {
            "custom_metadata": {
                **world.metadata("orders")["custom_metadata"],
                "tba_claim": "somebody-else",
            }
        },
    )

    run = world.project.pulumi(*DESTROY)

    assert run.status == 0, run.output
    assert "left as it is" in run.output
    assert world.current("orders")["token_id"] == world.account.tokens["orders"].identifier
    with pytest.raises(hvac.exceptions.InvalidPath):
        world.current("stock")


@pytest.mark.deep
def test_a_token_that_vault_does_not_know_is_named_before_anything_is_written(
    world: VaultWorld,
) -> None:
    run = world.project.up(env={"VAULT_TOKEN": "obviously-fake-token"})

    assert run.status != 0
    assert "Vault does not accept the token any more" in run.output
    assert "Traceback" not in run.output
    assert (world.metadata("orders"), world.logins()) == ({}, 0)


@pytest.mark.deep
def test_the_printed_policies_are_enough_for_a_whole_run(world: VaultWorld) -> None:
    """The broken twin: a login without them is told the lines, and those make the next run pass."""
    world.project.environment["VAULT_TOKEN"] = world.api.token_for('path "nowhere" {}')
    lines: set[str] = set()
    for _ in range(3):
        run = world.project.up()
        found = {line.strip() for line in run.output.splitlines() if 'path "' in line}
        if run.status == 0:
            break
        assert found - lines, run.output
        lines |= {line[line.index("path ") :] for line in found}
        world.project.environment["VAULT_TOKEN"] = world.api.token_for("\n".join(lines))

    assert run.status == 0, run.output
    assert lines, "the login without a policy was enough"
    world.assert_settled("orders", world.account.tokens["orders"], versions=1)


def test_a_refused_token_of_a_rotation_leaves_everything_as_it_was(world: VaultWorld) -> None:
    """Current, previous and journal; the right one is then rotated to, and the old one revoked."""
    world.project.up()
    world.give(orders=world.account.spares["orders"])
    assert tba(world, "rotate", "test", "orders").status == 0
    before = (world.current("orders"), world.metadata("orders"))
    world.give(orders=Values())

    run = tba(world, "rotate", "test", "orders")

    assert run.status == Exit.FAILED, run.output
    assert "not promoted; current is unchanged, and the candidate was discarded" in run.output
    assert "Traceback" not in run.output
    assert (world.current("orders"), world.metadata("orders")) == before
    assert world.candidate("orders") == {}
    revoked = world.netsuite.state.token(world.account.id, "orders").revoked
    assert not revoked, "the superseded token is still in its overlap"
    retired = tba(world, "retire", "test", "orders", "--now")
    assert retired.status == 0, retired.output
    assert world.netsuite.state.token(world.account.id, "orders").revoked
