"""The watcher sees what it is there to see: each good sight has its broken twin."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tba_secrets.simulator.audit import AuditEntry
from tba_secrets.stores.versions import PLACEHOLDER
from tests.engine.conftest import World
from tests.faults.watcher import CHECKS, watched
from tests.netsuite_account import Values

pytestmark = [pytest.mark.engine, pytest.mark.faults]

NAME = "netsuite/test/orders"
FIRST, SECOND = "1" * 32, "2" * 32


@pytest.fixture
def client(world: World) -> Any:
    """Anybody who may write to the store."""
    return world.reader()


def _text(world: World, token: Values) -> str:
    consumer = world.account.consumers["warehouse"]
    return json.dumps(
        {
            "account": world.account.id,
            "consumer_key": consumer.identifier,
            "consumer_secret": consumer.secret,
            "token_id": token.identifier,
            "token_secret": token.secret,
        }
    )


def _create(world: World, client: Any) -> None:
    """A secret whose current version is the first token's credential."""
    text = _text(world, world.account.tokens["orders"])
    client.create_secret(Name=NAME, SecretString=text, ClientRequestToken=FIRST)


def _put(world: World, client: Any, *labels: str) -> None:
    client.put_secret_value(
        SecretId=NAME,
        SecretString=_text(world, world.account.spares["orders"]),
        ClientRequestToken=SECOND,
        VersionStages=list(labels),
    )


def _prove(world: World, token: str, *requests: str) -> None:
    """Add to the Login Audit Trail that NetSuite accepted these requests."""
    for request in requests:
        state = world.netsuite.state
        state.trail.append(
            AuditEntry(
                date=state.clock.moment(),
                account=world.account.id,
                service="rest",
                request=request,
                success=True,
                detail="",
                token_name=token,
            )
        )


def test_it_lets_the_placeholder_and_a_proven_successor_pass(world: World, client: Any) -> None:
    with watched(world) as watcher:
        client.create_secret(Name=NAME, SecretString=PLACEHOLDER, ClientRequestToken=FIRST)
        _put(world, client, "AWSPENDING")
        _prove(world, "orders second", *CHECKS)
        _put_current(client)
    assert (watcher.violations, watcher.changes) == ([], 3)


def test_it_notices_an_unproven_current_version(world: World, client: Any) -> None:
    _create(world, client)
    with watched(world) as watcher:
        _put(world, client, "AWSPENDING")
        assert watcher.violations == []
        _put_current(client)
    assert watcher.violations == [
        f"I1: UpdateSecretVersionStage made {SECOND} of {NAME} current, unproven"
    ]


@pytest.mark.parametrize("token", ["orders", "orders second"])
def test_half_of_the_checks_or_another_tokens_are_no_proof(
    world: World, client: Any, token: str
) -> None:
    _create(world, client)
    with watched(world) as watcher:
        _put(world, client, "AWSPENDING")
        _prove(world, token, *(sorted(CHECKS)[:1] if token == "orders second" else CHECKS))
        _put_current(client)
    assert [one[:2] for one in watcher.violations] == ["I1"]


def test_proofs_from_before_it_was_made_do_not_count(world: World, client: Any) -> None:
    _create(world, client)
    _prove(world, "orders second", *CHECKS)
    with watched(world) as watcher:
        _put(world, client, "AWSCURRENT")
    assert [one[:2] for one in watcher.violations] == ["I1"]


def _delete(client: Any) -> None:
    client.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)


def _purge(client: Any) -> None:
    client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize("loss", [_delete, _purge])
def test_it_notices_that_the_last_good_one_is_gone(
    world: World, client: Any, loss: Callable[[Any], None]
) -> None:
    _create(world, client)
    with watched(world) as watcher:
        loss(client)
    assert watcher.violations[0] == f"I2: DeleteSecret took away {FIRST} of {NAME}"


def test_it_notices_that_the_last_good_one_lost_its_last_label(world: World, client: Any) -> None:
    _create(world, client)
    with watched(world) as watcher:
        _put(world, client, "AWSCURRENT")
        client.update_secret_version_stage(
            SecretId=NAME, VersionStage="AWSPREVIOUS", RemoveFromVersionId=FIRST
        )
    assert [one[:2] for one in watcher.violations] == ["I1", "I1", "I2"]


def _put_current(client: Any) -> None:
    client.update_secret_version_stage(
        SecretId=NAME,
        VersionStage="AWSCURRENT",
        MoveToVersionId=SECOND,
        RemoveFromVersionId=FIRST,
    )
