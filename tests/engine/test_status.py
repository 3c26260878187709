"""`tba status` on the real engine's state and the strict Secrets Manager: what is well, and each way not to be."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import World
from tests.engine.project import HANG_GUARD_SECONDS, ROOT, Run
from tests.netsuite_account import Values

pytestmark = pytest.mark.engine

POLICY = "defaults: {rotate_every: 90d, warn_before: 2w}"


def status(world: World, *arguments: str, **more: str) -> Run:
    """Run the console script, its stdout and stderr as a person sees them."""
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "tba", "status", *arguments],
        cwd=world.project.folder,
        env={**world.project.environment, "COLUMNS": "200", **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=HANG_GUARD_SECONDS,
    )
    assert "Traceback" not in done.stdout
    for values in (*world.account.tokens.values(), *world.account.spares.values()):
        assert values.secret not in done.stdout
        assert values.identifier not in done.stdout
    return Run(done.returncode, done.stdout)


def plain(world: World, token: str) -> dict[str, Any]:
    """What `--json` says of one token."""
    report = json.loads(status(world, "--json").output)
    tokens = {one["token"]: one for env in report["environments"] for one in env["tokens"]}
    found: dict[str, Any] = tokens[token]
    return found


def test_fresh_it_is_well_and_asks_netsuite_nothing(deployed: World) -> None:
    deployed.write(extra=POLICY)
    logins, writes = deployed.logins(), deployed.writes()

    run = status(deployed, "--html", "status.html")

    assert run.status == 0, run.output
    assert "3 well" in run.output
    assert (deployed.logins(), deployed.writes()) == (logins, writes)
    page = (deployed.project.folder / "status.html").read_text()
    assert "warehouse/orders" in page
    one = plain(deployed, "warehouse/orders")
    assert one["state"] == "well"
    assert one["stores"][0]["current"] == deployed.labels("orders")["AWSCURRENT"]
    assert one["verified_as"] == "role warehouse role in account 1234567_SB1"
    assert one["fingerprint"]
    assert 0 <= one["age_seconds"] <= time.time() - datetime.fromisoformat(one["since"]).timestamp()
    assert one["policy"]["rotate_every_seconds"] == 90 * 86400
    assert one["due_at"] > one["warn_at"] > one["since"]


@pytest.mark.deep
def test_a_token_older_than_its_policy(world: World) -> None:
    """Real age against a policy of one second: the test needs no other clock."""
    world.write(extra="defaults: {rotate_every: 1s}")
    assert world.project.up().status == 0
    time.sleep(1)

    run = status(world, "test")

    assert run.status == 11, run.output
    assert "3 overdue" in run.output


def test_before_the_first_up_there_is_no_credential(world: World) -> None:
    run = status(world)
    assert run.status == 13, run.output
    assert "no credential has passed its checks yet" in run.output


@pytest.mark.deep
def test_a_stack_that_does_not_exist_is_a_row_beside_the_others(deployed: World) -> None:
    deployed.project.write((deployed.project.folder / "stacks" / "test.yaml").read_text(), "other")

    run = status(deployed)

    assert run.status == 13, run.output
    assert "pulumi stack init other" in run.output
    assert "other: account" in run.output
    assert "test: account" in run.output


def test_drift_is_named_and_the_selected_stack_stays(deployed: World) -> None:
    before = deployed.labels("orders")
    deployed.reader().put_secret_value(SecretId="netsuite/test/orders", SecretString="{}")

    run = status(deployed)

    assert run.status == 12, run.output
    assert "aws secret netsuite/test/orders: current is" in run.output
    assert f"state names {before['AWSCURRENT'][:12]}" in run.output
    assert "2 well" in run.output
    shown = deployed.project.pulumi("stack", "--show-name")
    assert shown.output.strip() == deployed.project.stack


@pytest.mark.deep
def test_a_refused_candidate_fails_and_current_stays(deployed: World) -> None:
    current = deployed.labels("orders")["AWSCURRENT"]
    deployed.give(orders=Values())
    assert deployed.project.up().status != 0

    run = status(deployed)

    assert run.status == 13, run.output
    assert "its last update failed" in run.output
    assert "current is unchanged" in run.output
    one = plain(deployed, "warehouse/orders")
    assert one["stores"][0]["current"] == current
    assert one["stores"][0]["drift"] is None
    assert one["fingerprint"] is None
    assert len(one["refusals"]) == 1
    assert one["not_asked_until"] is None


@pytest.mark.deep
def test_a_store_that_cannot_be_asked_is_a_row(deployed: World) -> None:
    run = status(deployed, AWS_ENDPOINT_URL="http://127.0.0.1:9")

    assert run.status == 13, run.output
    assert "the aws secret netsuite/test/orders cannot be read" in run.output


def test_it_needs_no_passphrase(deployed: World) -> None:
    deployed.withhold("PULUMI_CONFIG_PASSPHRASE")
    assert status(deployed).status == 0


@pytest.mark.deep
def test_an_environment_that_is_not_there_is_an_error(world: World) -> None:
    run = status(world, "nowhere")
    assert run.status == 1
    assert "there is no environment nowhere (there: test)" in run.output


@pytest.mark.deep
def test_a_page_that_cannot_be_written_is_an_error(world: World) -> None:
    run = status(world, "--html", str(Path("no") / "folder" / "status.html"))
    assert run.status == 1
    assert "cannot be written" in run.output
