"""OAuth 2.0 with a real Vault, on the real engine: the first certificate, and a rotation that needs nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.tba import tba
from tests.engine.test_certificates import PERMISSIONS, YAML
from tests.engine.vault_world import VaultWorld, vault_block, vault_world
from tests.stores.vault_server import ROOT_TOKEN, Api, VaultProcess, shared_server

__all__ = ["shared_server"]
from tests.netsuite_certificates import allow_certificates

pytestmark = pytest.mark.engine

AWS = "  aws: {region: us-east-1, prefix: netsuite/test/}"


@pytest.fixture
def world(tmp_path: Path, vault: VaultProcess) -> Iterator[VaultWorld]:
    with vault_world(tmp_path, Api(vault.url, ROOT_TOKEN)) as ready:
        allow_certificates(ready.netsuite, ready.account.id, permissions=PERMISSIONS)
        text = YAML.format(by="api", retire_after="1d", more="")
        assert AWS in text
        ready.project.write(text.replace(AWS, vault_block(ready.mount)))
        yield ready


def active(world: VaultWorld) -> list[str]:
    account = world.netsuite.state.account(world.account.id)
    return [one.facts.certificate_id for one in account.certificates if not one.revoked]


def test_the_first_certificate_and_a_rotation_without_a_person(world: VaultWorld) -> None:
    waiting = world.project.up()
    assert "waits for its upload" in waiting.output
    assert world.versions("bot") == 0  # readers get nothing before it has passed
    assert world.candidate("bot")
    printed = tba(world, "certificate", "test", "bot").output
    begins = printed.index("-----BEGIN CERTIFICATE-----")
    mapping = {"integration": "warehouse", "user": "orders.bot@example.com", "role": "1001"}
    world.netsuite.state.add_certificate(
        world.account.id, {**mapping, "certificate": printed[begins:]}
    )

    run = world.project.up()

    assert run.status == 0, run.output
    first = world.current("bot")["certificate_id"]
    assert (active(world), world.candidate("bot")) == ([first], {})

    rotated = tba(world, "rotate", "test", "bot")

    assert rotated.status == 0, rotated.output
    second = world.current("bot")["certificate_id"]
    assert second != first
    assert set(active(world)) == {first, second}
    assert tba(world, "retire", "test", "--now").status == 0
    assert active(world) == [second]
    again = world.project.up("--expect-no-changes")
    assert again.status == 0, again.output
