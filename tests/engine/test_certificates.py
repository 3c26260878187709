"""OAuth 2.0 on the real engine: the first certificate, rotation without a person, revocation, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tba_secrets.cli.exits import Exit
from tba_secrets.rotation import Standing
from tba_secrets.simulator.vocabulary import Scope
from tests.engine.conftest import Beginning, World, open_beginning, open_world
from tests.engine.tba import SCRIPT, tba
from tests.netsuite_certificates import PERMISSIONS as OWN_CERTIFICATES, allow_certificates

pytestmark = pytest.mark.engine

YAML = """\
version: 1
account: "1234567_SB1"
endpoint: {{env: TBA_SIMULATOR}}
store:
  aws: {{region: us-east-1, prefix: netsuite/test/}}
integrations:
  - name: warehouse
    auth: oauth2
    client: {{env: {{id: WAREHOUSE_KEY}}}}
    role: {{name: warehouse role, id: "1001"}}
    certificates:
      - name: bot
        user: {{email: orders.bot@example.com, entity: "38"}}
        by: {by}
        retire_after: {retire_after}
        verify: {{checks: [rest, suiteql]}}
        {more}
"""
PERMISSIONS = [*OWN_CERTIFICATES, "SuiteAnalytics Workbook"]


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[World]:
    """An integration record on which Client Credentials is ticked, and one certificate declared."""
    with open_world(tmp_path) as world:
        make_ready(world)
        yield world


def make_ready(world: World) -> None:
    """Tick Client Credentials on the integration record, and declare one certificate."""
    scopes = (Scope.RESTLETS, Scope.REST_WEB_SERVICES)
    allow_certificates(world.netsuite, world.account.id, permissions=PERMISSIONS, scopes=scopes)
    declare(world)


def declare(
    world: World, *, by: str = "api", retire_after: str = "1d", more: str = "valid_for: 365d"
) -> None:
    world.project.write(YAML.format(by=by, retire_after=retire_after, more=more))


def upload(world: World, name: str = "bot", **changed: str) -> None:
    """Do what a person does: take what `tba certificate` prints, and map it."""
    printed = subprocess.run(
        [world.project.folder / SCRIPT, "certificate", "test", name],
        cwd=world.project.folder,
        env=world.project.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PRIVATE" not in printed.stdout + printed.stderr
    mapping = {
        "integration": "warehouse",
        "user": "orders.bot@example.com",
        "role": "1001",
        "certificate": printed.stdout,
    }
    world.netsuite.state.add_certificate(world.account.id, {**mapping, **changed})


def active(world: World) -> list[str]:
    """The ids of the certificates that NetSuite takes."""
    account = world.netsuite.state.account(world.account.id)
    return [one.facts.certificate_id for one in account.certificates if not one.revoked]


@pytest.fixture(scope="module")
def first_proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    with open_beginning(tmp_path_factory.mktemp("first-proof"), _prove) as beginning:
        yield beginning


@pytest.fixture
def proven(first_proof: Beginning) -> Iterator[World]:
    """The first certificate is uploaded, proven and current."""
    with first_proof.again() as opened:
        yield opened


def _prove(world: World) -> None:
    make_ready(world)
    assert world.project.up().status != 0
    upload(world)
    run = world.project.up()
    assert run.status == 0, run.output


def test_the_first_certificate_waits_for_a_person_and_then_passes(certified: World) -> None:
    first = certified.project.up()

    assert first.status != 0
    assert "waits for its upload" in first.output
    assert "tba certificate test bot" in first.output
    assert certified.logins() == 0  # NetSuite knows nothing of it yet, so it is not asked
    assert "AWSCURRENT" in certified.labels("bot")  # the placeholder's

    upload(certified)
    second = certified.project.up()

    assert second.status == 0, second.output
    held = certified.current("bot")
    assert held["certificate_id"] == active(certified)[0]
    assert held["client_id"] == certified.account.consumers["warehouse"].identifier
    state = certified.project.pulumi("stack", "export", "--show-secrets").output
    assert held["private_key"].splitlines()[1] not in state + first.output + second.output
    again = certified.project.up()
    assert "4 unchanged" in again.output or "unchanged" in again.output, again.output


@pytest.mark.deep
def test_a_certificate_that_nobody_has_uploaded_is_refused_and_kept(certified: World) -> None:
    assert certified.project.up().status != 0
    waiting = certified.labels("bot")

    again = certified.project.up()

    assert again.status != 0
    assert "kept" in again.output
    assert certified.labels("bot") == waiting


@pytest.mark.deep
def test_tba_up_has_an_exit_code_of_its_own_for_what_waits(certified: World) -> None:
    first = tba(certified, "up", "test")

    assert first.status == Exit.PERSON, first.output
    assert "warehouse/bot: waits for a person" in first.output
    assert (
        "to do: warehouse/bot: `tba certificate test bot` prints it; upload it for" in first.output
    )
    assert "1 waits for a person; exit code 5" in first.output
    again = tba(certified, "up", "test", "--json")
    assert again.status == Exit.PERSON, again.output  # refused, for nobody has uploaded it
    upload(certified)
    done = tba(certified, "up", "test")
    assert done.status == Exit.DONE, done.output
    assert "waits" not in done.output


@pytest.mark.deep
def test_a_wrong_mapping_waits_for_nobody(certified: World) -> None:
    assert tba(certified, "up", "test").status == Exit.PERSON
    upload(certified, user="stock.bot@example.com")

    run = tba(certified, "up", "test")

    assert run.status == Exit.FAILED, run.output


def test_a_certificate_mapped_to_another_user_is_refused(certified: World) -> None:
    assert certified.project.up().status != 0
    account = certified.netsuite.state.account(certified.account.id)
    upload(certified, user="stock.bot@example.com")

    run = certified.project.up()

    assert run.status != 0
    assert "its user is" in run.output
    assert "certificate_id" not in json.dumps(certified.current("bot"))
    assert account.certificates


def test_a_rotation_needs_no_person_and_its_predecessor_is_revoked(proven: World) -> None:
    before = proven.current("bot")["certificate_id"]

    rotated = tba(proven, "rotate", "test", "bot")

    assert rotated.status == 0, rotated.output
    after = proven.current("bot")["certificate_id"]
    assert after != before
    assert set(active(proven)) == {before, after}  # the overlap
    retired = tba(proven, "retire", "test", "--now")
    assert retired.status == 0, retired.output
    assert active(proven) == [after]
    verified = tba(proven, "verify", "test", "--json")
    assert verified.status == 0, verified.output
    proof = json.loads(verified.output)["tokens"][0]
    assert {"access token", "account", "role", "user", "REST web services"} <= set(proof["proven"])


DUE = "valid_for: 730d\n        warn_before: 700d"
"""The certificate of a year that is current is due, and its successor will not be."""


def test_what_is_due_by_its_end_is_rotated_without_a_person(proven: World) -> None:
    before = proven.current("bot")
    outputs = proven.project.resources()["SmokeTest bot"]["outputs"]
    assert outputs["validUntil"] == before["valid_until"]
    assert tba(proven, "rotate", "test", "--due").output.strip() == "test: nothing is due"
    declare(proven, more=DUE)
    assert tba(proven, "status", "test").status == Standing.DUE_SOON

    night = tba(proven, "rotate", "test", "--due")

    assert night.status == Exit.DONE, night.output
    after = proven.current("bot")
    assert after["certificate_id"] != before["certificate_id"]
    assert after["valid_until"] > before["valid_until"]
    outputs = proven.project.resources()["SmokeTest bot"]["outputs"]
    assert outputs["validUntil"] == after["valid_until"]
    again = tba(proven, "rotate", "test", "--due")
    assert "nothing is due" in again.output, again.output


@pytest.mark.deep
def test_what_a_person_brings_is_due_and_is_only_named(proven: World) -> None:
    before = proven.current("bot")["certificate_id"]
    declare(proven, by="person", more=DUE)

    night = tba(proven, "rotate", "test", "--due")

    assert night.status == Exit.PERSON, night.output
    assert "warehouse/bot: due, and a person brings it to NetSuite" in night.output
    assert "`tba rotate test bot` makes the next one" in night.output
    assert proven.current("bot")["certificate_id"] == before
    assert len(proven.labels("bot")) == 2, proven.labels("bot")  # nothing is staged


def test_a_rotation_that_a_person_finishes(proven: World) -> None:
    declare(proven, by="person")
    before = proven.current("bot")["certificate_id"]

    rotated = tba(proven, "rotate", "test", "bot")

    assert rotated.status == Exit.PERSON, rotated.output
    assert "waits for its upload" in rotated.output
    assert rotated.output.count("upload it for") == 1
    assert "Rotated" not in rotated.output
    assert proven.current("bot")["certificate_id"] == before
    upload(proven)
    assert tba(proven, "rotate", "test", "bot").status == 0
    assert proven.current("bot")["certificate_id"] != before


def test_a_rollback_goes_to_the_certificate_before(proven: World) -> None:
    before = proven.current("bot")["certificate_id"]
    assert tba(proven, "rotate", "test", "bot").status == 0

    back = tba(proven, "rollback", "test", "bot")

    assert back.status == 0, back.output
    assert proven.current("bot")["certificate_id"] == before


def test_where_the_role_may_not_nothing_is_written(proven: World) -> None:
    account = proven.netsuite.state.account(proven.account.id)
    account.role("1001").permissions.remove(PERMISSIONS[1])
    secret = proven.secret("bot", "netsuite/test/")
    before = (dict(secret.labels), list(secret.versions))

    rotated = tba(proven, "rotate", "test", "bot")

    assert rotated.status == Exit.FAILED, rotated.output
    assert "nothing was staged" in rotated.output
    assert PERMISSIONS[1] in rotated.output
    assert (dict(secret.labels), list(secret.versions)) == before


@pytest.mark.deep
def test_a_certificate_taken_out_of_the_yaml_is_retired_all_the_same(proven: World) -> None:
    assert tba(proven, "rotate", "test", "bot").status == 0
    current = proven.current("bot")["certificate_id"]
    proven.write()  # the environment with tokens alone
    run = proven.project.up()
    assert run.status == 0, run.output
    assert proven.secret("bot").deleted is None

    retired = tba(proven, "retire", "test", "--now")

    assert retired.status == 0, retired.output
    assert active(proven) == [current]
    assert proven.secret("bot").deleted is not None


@pytest.mark.deep
def test_destroy_leaves_a_certificate_that_waits_to_a_person(proven: World) -> None:
    declare(proven, by="person")
    tba(proven, "rotate", "test", "bot")

    destroyed = proven.project.pulumi("destroy", "--yes", "--skip-preview")

    assert destroyed.status == 0, destroyed.output
    assert "is left in the store" in destroyed.output


def test_a_preview_before_the_first_update_makes_and_asks_nothing(certified: World) -> None:
    preview = certified.project.pulumi("preview")

    assert preview.status == 0, preview.output
    assert certified.writes() == 0
    assert certified.logins() == 0


@pytest.mark.deep
def test_other_scopes_are_proven_again_with_the_same_key(proven: World) -> None:
    before = proven.current("bot")
    assert before["scopes"] == "rest_webservices"

    declare(proven, more="scopes: [rest_webservices, restlets]")
    run = proven.project.up()

    assert run.status == 0, run.output
    after = proven.current("bot")
    assert set(after["scopes"].split(",")) == {"rest_webservices", "restlets"}
    assert after["certificate_id"] == before["certificate_id"]
    assert proven.project.up("--expect-no-changes").status == 0
    retired = tba(proven, "retire", "test", "--now")
    assert retired.status == 0, retired.output
    assert active(proven) == [after["certificate_id"]]  # the version before has the same one


@pytest.mark.deep
def test_scopes_that_are_not_ticked_never_become_current(proven: World) -> None:
    account = proven.netsuite.state.account(proven.account.id)
    account.integration("warehouse").scopes = [Scope.REST_WEB_SERVICES]
    before = proven.current("bot")

    declare(proven, more="scopes: [rest_webservices, restlets]")
    run = proven.project.up()

    assert run.status != 0
    assert proven.current("bot") == before


@pytest.mark.deep
def test_another_algorithm_waits_for_a_rotation(proven: World) -> None:
    before = proven.current("bot")

    declare(proven, more="algorithm: ES384")
    run = proven.project.up()

    assert run.status == 0, run.output
    assert proven.current("bot")["certificate_id"] == before["certificate_id"]
    assert proven.current("bot")["algorithm"] == "ES256"
    again = proven.project.up("--expect-no-changes")
    assert again.status == 0, again.output
    rotated = tba(proven, "rotate", "test", "bot")
    assert rotated.status == 0, rotated.output
    assert proven.current("bot")["algorithm"] == "ES384"
    assert proven.current("bot")["certificate_id"] != before["certificate_id"]


@pytest.mark.deep
def test_another_format_renames_and_keeps_the_key(proven: World) -> None:
    before = proven.current("bot")

    declare(proven, more="format: {private_key: key, certificate_id: kid}")
    run = proven.project.up()

    assert run.status == 0, run.output
    after = proven.current("bot")
    assert after["key"] == before["private_key"]
    assert after["kid"] == before["certificate_id"]
    assert "private_key" not in after
    again = proven.project.up("--expect-no-changes")
    assert again.status == 0, again.output
    assert tba(proven, "rotate", "test", "bot").status == 0
    assert proven.current("bot")["kid"] != before["certificate_id"]


@pytest.mark.deep
def test_a_consumer_rotation_is_nothing_for_certificates(proven: World) -> None:
    before, logins = proven.current("bot"), proven.logins()

    rotated = tba(proven, "rotate", "test", "--consumer", "warehouse", "--accept-cut")

    assert rotated.status == Exit.FAILED, rotated.output
    assert "no consumer pair" in rotated.output
    assert "Reset it now" not in rotated.output
    assert proven.current("bot") == before
    assert proven.logins() == logins
