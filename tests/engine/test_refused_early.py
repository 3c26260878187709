"""What is wrong before anything is written: one clear error, no traceback, nothing in the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tba_secrets.simulator.aws import SECRET_ACCESS_KEY
from tests.engine.conftest import World

pytestmark = pytest.mark.engine

OTHER_KEY = "AKIADENIEDDENIED0000"


def refused(world: World, *words: str) -> None:
    """`up` fails, says the words, and wrote nothing."""
    writes = world.writes()

    run = world.project.up()

    assert run.status != 0
    for word in words:
        assert word in run.output
    assert "Traceback" not in run.output
    assert world.writes() == writes


def test_bad_yaml_names_every_place(world: World) -> None:
    text = (world.project.folder / "stacks" / "test.yaml").read_text()
    bad = text.replace("region:", "regoin:").replace('"1234567_SB1"', "1234567_sb1")
    world.project.write(bad)

    refused(world, "stacks/test.yaml:2:10:", "stacks/test.yaml:5:9:", "region", "1234567_SB1")


@pytest.mark.deep
def test_a_stack_without_a_file(world: World) -> None:
    (world.project.folder / "stacks" / "test.yaml").unlink()

    refused(world, "there is no environment for the stack 'test'", "`tba init test` writes")


@pytest.mark.deep
def test_netsuite_out_of_reach(world: World) -> None:
    world.netsuite.stop()

    refused(world, "127.0.0.1", "clock probe")


@pytest.mark.deep
def test_a_clock_that_is_wrong_is_no_verdict_on_the_credential(world: World) -> None:
    world.netsuite.state.faults.add("clock_skew", seconds=900, times=None)
    logins = world.logins()

    refused(world, "clock", "says nothing about the credential")

    assert world.logins() == logins


def test_the_wrong_aws_account(world: World) -> None:
    world.project.write(_with_store(world, "account_id: '111122223333'"))

    refused(world, "111122223333", "000000000000")


@pytest.mark.deep
def test_no_aws_credentials(world: World) -> None:
    world.withhold("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    world.project.environment["AWS_EC2_METADATA_DISABLED"] = "true"

    refused(world, "AWS", "credentials")


@pytest.mark.deep
def test_a_missing_permission_is_named(world: World) -> None:
    world.aws.identities.add(OTHER_KEY, "ci", denied={"CreateSecret"})
    settings = {"AWS_ACCESS_KEY_ID": OTHER_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}
    world.project.environment.update(settings)

    run = world.project.up()

    assert run.status != 0
    assert "secretsmanager:CreateSecret" in run.output
    assert "netsuite/test/orders" in run.output
    assert world.aws.state.secret("netsuite/test/orders") is None


@pytest.mark.deep
def test_an_unknown_kms_key_is_named(world: World) -> None:
    world.project.write(_with_store(world, "kms_key: alias/absent"))

    run = world.project.up()

    assert run.status != 0
    assert "alias/absent" in run.output
    assert world.aws.state.secret("netsuite/test/orders") is None


def test_the_schema_is_one_that_pulumi_accepts(world: World) -> None:
    plugin = Path(".venv/bin/pulumi-resource-tba")

    run = world.project.pulumi("package", "get-schema", str(plugin))

    assert run.status == 0, run.output
    schema = json.loads(run.output[run.output.index("{") :])
    resources = schema["resources"]
    assert set(resources) == {"tba:index:StagedCredential", "tba:index:SmokeTest"}
    assert "record" in resources["tba:index:SmokeTest"]["requiredInputs"]


def _with_store(world: World, setting: str) -> str:
    text = (world.project.folder / "stacks" / "test.yaml").read_text()
    assert "region: us-east-1" in text
    return text.replace("region: us-east-1", f"region: us-east-1, {setting}")
