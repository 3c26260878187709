"""`tba status` from a given state and a real (local) Secrets Manager: what it finds, shows and gives to programs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import boto3
import pytest

from tba_secrets.cli.status import show, survey
from tba_secrets.cli.status_gather import addressed, snapshots, store_report
from tba_secrets.cli.status_markdown import markdown
from tba_secrets.cli.status_report import Report, StoreReport, TokenReport, versions
from tba_secrets.cli.status_state import ReadState, token_states
from tba_secrets.errors import AccessDeniedError, StoreError, StoreUnavailableError, TbaError
from tba_secrets.netsuite.diagnosis import diagnose
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.netsuite.rules import Clue
from tba_secrets.netsuite.tba_end import tba_note
from tba_secrets.places import Place
from tba_secrets.rotation import RotationFinding, Standing
from tba_secrets.sensitive import Fingerprint, Sensitive
from tba_secrets.stores.interface import OwnerMark, SecretName, Snapshot
from tba_secrets.stores.versions import short
from tests.cli.conftest import Tba, World
from tests.cli.status_bench import (
    DAY,
    NOW,
    report,
    smoke_test,
    staged_credential,
    state_of,
    token,
)
from tests.stores.memory import MemoryStore

pytestmark = pytest.mark.long

ORDERS, STOCK, INVOICES = "warehouse/orders", "warehouse/stock", "billing/invoices"
NAMES = {ORDERS: "orders", STOCK: "stock", INVOICES: "invoices"}


def current(world: World, path: str) -> str:
    """The version that readers of the record get."""
    held = client().describe_secret(SecretId=f"netsuite/test/{NAMES[path]}")
    versions: dict[str, list[str]] = held["VersionIdsToStages"]
    return next(version for version, labels in versions.items() if "AWSCURRENT" in labels)


def client() -> Any:
    return boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def world(empty_world: World) -> World:
    for name in NAMES.values():
        empty_world.put(name)
    return empty_world


def true_state(world: World, **orders: Any) -> list[dict[str, Any]]:
    """A state in which every token has passed; more is said of the orders token."""
    resources = []
    for path in NAMES:
        versions = {"aws": current(world, path)}
        resources += [
            staged_credential(path, versions),
            smoke_test(path, versions, **(orders if path == ORDERS else {})),
        ]
    return resources


def ask(world: World, state: list[dict[str, Any]], now: float = NOW) -> dict[str, TokenReport]:
    found = survey(world.project, ["test"], state_of(test=state), now)
    return {one.path: one for one in found.tokens}


def policy(world: World, words: str) -> None:
    text = (world.project / "stacks" / "test.yaml").read_text()
    world.write(text.replace("defaults: {", f"defaults: {{{words}, "))


def test_what_state_and_store_agree_on_is_well(world: World) -> None:
    found = ask(world, true_state(world))
    assert {one.standing for one in found.values()} == {Standing.WELL}
    one = found[ORDERS]
    assert one.fingerprint == "k:1"
    assert one.age(NOW) == 5 * DAY
    assert one.stores[0].current == current(world, ORDERS)


@pytest.mark.parametrize(
    ("days", "standing"),
    [(0, Standing.WELL), (71, Standing.DUE_SOON), (85, Standing.OVERDUE), (900, Standing.OVERDUE)],
)
def test_the_clock_goes_on(world: World, days: int, standing: Standing) -> None:
    """Five days old at first, under a policy of 90 days that warns two weeks before."""
    policy(world, "rotate_every: 90d, warn_before: 2w")
    found = ask(world, true_state(world), NOW + days * DAY)
    assert found[ORDERS].standing is standing


def test_a_state_from_before_ages_were_kept(world: World) -> None:
    policy(world, "rotate_every: 90d")
    state = true_state(world)
    del state[1]["outputs"]["since"]
    one = ask(world, state)[ORDERS]
    assert one.age(NOW) is None
    assert one.standing is Standing.DUE_SOON


STATES = [
    # (what the orders token's SmokeTest says besides, the standing, words of the finding)
    ({"initErrors": ["warehouse/orders: not promoted.\n  refused: 401\n  more"]}, 13, "401"),
    ({"verified": {}}, 13, "no credential has passed its checks yet"),
    ({"verified": {"aws": "tba-other"}}, 12, "state names tba-other"),
    ({"promote": False}, 13, "no credential has passed"),
    ({"validUntil": "2026-11-26"}, 10, "the certificate runs out in"),
    ({"validUntil": "2026-11-01"}, 13, "the certificate ran out on 2026-11-01"),
    ({"initErrors": ["w: kept\n  nobody has"], "waitsFor": "upload it"}, 12, "waits for a person"),
    ({"initErrors": ["a", "b"], "waitsFor": "upload it"}, 13, "its last update failed: a"),
]


@pytest.mark.parametrize(("more", "standing", "words"), STATES)
def test_what_state_says(world: World, more: dict[str, Any], standing: int, words: str) -> None:
    verified = more.get("verified")
    state = true_state(world, **{key: value for key, value in more.items() if key != "verified"})
    if verified is not None:
        state[1] = smoke_test(ORDERS, verified)
    one = ask(world, state)[ORDERS]
    assert one.standing == standing
    assert words in one.findings[0].what
    assert "more" not in one.findings[0].what


def test_a_refusal_is_told_with_its_causes(world: World) -> None:
    diagnosis = diagnose("tokeninfo was answered HTTP 401", [Clue.REFUSED])
    kept = f"warehouse/orders: not promoted.\n  NetSuite refused the login: {diagnosis}\n  Fix: see"

    one = ask(world, true_state(world, initErrors=[kept]))[ORDERS]

    cause, told = diagnosis.causes[0], one.findings[0]
    assert told.what.endswith(f"HTTP 401; most likely: {cause.what}")
    assert told.remedy.startswith(f"{cause.where}: {cause.mend}, then run `tba up test`")


@pytest.mark.parametrize("declared", [True, False])
def test_readers_that_were_not_told(world: World, declared: bool) -> None:
    """Nothing is owed where nobody is to be told any more."""
    if declared:
        text = (world.project / "stacks" / "test.yaml").read_text()
        hook = "after_promote: {command: {argv: [kubectl]}}"
        world.write(text.replace("{name: orders,", f"{{name: orders, {hook},"))

    one = ask(world, true_state(world, untold="command kubectl: it ended with status 1"))[ORDERS]

    told = [(finding.standing, finding.what, finding.remedy) for finding in one.findings]
    version = short(current(world, ORDERS))
    what = f"readers were not told of version {version}: command kubectl: it ended with status 1"
    mend = "mend that, then `tba up test` tells them"
    assert told == ([(Standing.ATTENTION, what, mend)] if declared else [])


def test_a_certificate_s_last_day_is_shown(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    found = survey(
        world.project, [], state_of(test=true_state(world, validUntil="2027-11-28")), NOW
    )
    one = {one.path: one for one in found.tokens}[ORDERS]

    assert one.standing is Standing.WELL
    assert [t["valid_until"] for t in found.plain()["environments"][0]["tokens"]] == [
        "2027-11-28",
        None,
        None,
    ]
    assert shown(found, capsys).count("valid until 2027-11-28") == 1


def test_a_secret_that_is_scheduled_for_deletion_has_its_own_way_out(world: World) -> None:
    state = true_state(world)
    client().delete_secret(SecretId="netsuite/test/orders", RecoveryWindowInDays=7)

    one, other = (ask(world, state)[path] for path in (ORDERS, STOCK))

    (finding,) = one.findings
    assert finding.standing is Standing.FAILING
    assert "scheduled for deletion on" in finding.what
    assert "aws secretsmanager restore-secret" in finding.remedy
    assert "restore: true" in finding.remedy
    assert other.findings == ()


class Unreachable(MemoryStore):
    """It was seen, and is away when it is asked for the command."""

    def restore_command(self, name: SecretName) -> str:
        raise StoreUnavailableError("away")


def test_a_store_that_is_away_costs_the_restore_command_alone() -> None:
    store, name = Unreachable(), SecretName("netsuite/test/orders")
    store.write_as_another(name, Sensitive("{}"))
    place = Place(store, name, OwnerMark("", "", ""))
    seen = store.describe(name)
    assert seen is not None

    assert store_report(place, seen, None).restore == ""
    going = replace(seen, deletion_at=datetime.fromtimestamp(NOW, UTC))
    assert store_report(place, going, None).restore == "declare `restore: true`"


@pytest.mark.parametrize(
    ("remedy", "filled"),
    [
        ("run `tba rotate ENV TOKEN`", "run `tba rotate prod wh/bot`"),
        (
            "`pulumi refresh --stack ENV`, then `tba up ENV`",
            "`pulumi refresh --stack prod`, then `tba up prod`",
        ),
        ("set AWS_SESSION_TOKEN, or ENV", "set AWS_SESSION_TOKEN, or ENV"),
        ("`tba up ENV` as role DEV ENVIRONMENT", "`tba up prod` as role DEV ENVIRONMENT"),
        ("`tba rotate ENV` with `AWS_SESSION_TOKEN`", "`tba rotate prod` with `AWS_SESSION_TOKEN`"),
    ],
)
def test_commands_are_filled_in_and_nothing_else(remedy: str, filled: str) -> None:
    finding = RotationFinding(Standing.DUE_SOON, "due", remedy)

    assert addressed(finding, "prod", "wh/bot").remedy == filled


def test_a_resource_that_waits_for_its_deletion_says_nothing(world: World) -> None:
    old = {**smoke_test(ORDERS, {"aws": "tba-old"}), "delete": True}
    assert token_states([smoke_test(ORDERS, {"aws": "tba-new"}), old])[ORDERS].verified == {
        "aws": "tba-new"
    }


def test_drift_and_a_pending_candidate(world: World) -> None:
    state = true_state(world)
    client().put_secret_value(SecretId="netsuite/test/orders", SecretString="{}")
    client().put_secret_value(
        SecretId="netsuite/test/stock", SecretString="{}", VersionStages=["AWSPENDING"]
    )

    found = ask(world, state)

    assert found[ORDERS].standing is Standing.ATTENTION
    assert "current is" in found[ORDERS].findings[0].what
    assert found[STOCK].standing is Standing.ATTENTION
    assert "tba-secrets did not write" in found[STOCK].findings[0].what
    assert found[INVOICES].standing is Standing.WELL


def test_where_readers_get_nothing_it_fails(world: World) -> None:
    state = true_state(world)
    client().delete_secret(SecretId="netsuite/test/orders")
    client().delete_secret(SecretId="netsuite/test/stock", ForceDeleteWithoutRecovery=True)

    found = ask(world, state)

    assert "scheduled for deletion" in found[ORDERS].findings[0].what
    assert "is gone" in found[STOCK].findings[0].what
    assert {found[ORDERS].standing, found[STOCK].standing} == {Standing.FAILING}


def test_refusals_of_a_run_and_of_verify_together_lock_out(world: World) -> None:
    refusals = [{"fingerprint": "00ff", "at": int(NOW - ago)} for ago in (60, 30)]
    state = true_state(world, refusals=refusals)
    known = ask(world, state)[ORDERS]
    assert (known.standing, known.not_asked_until) == (Standing.WELL, None)
    assert "2 times within 30 minutes" in known.findings[0].what
    RefusedLogins.at_home().add(
        "1234567_SB1", "orders.bot@example.com", Refusal(Fingerprint("11"), NOW - 10)
    )

    found = ask(world, state)

    assert found[ORDERS].not_asked_until == NOW - 60 + 1800
    assert found[ORDERS].standing is Standing.ATTENTION
    assert found[STOCK].refusals == ()


def unreadable(_project: Path, _stack: str) -> NoReturn:
    raise TbaError("the state is away", "look where it is")


def test_a_state_that_cannot_be_read_is_a_row_and_the_store_still_speaks(world: World) -> None:
    found = survey(world.project, [], unreadable, NOW)
    assert found.standing is Standing.FAILING
    assert found.environments[0].findings[0].what == "its state cannot be read: the state is away"
    assert found.tokens[0].stores[0].current is not None
    assert found.tokens[0].standing is Standing.ATTENTION, "what is not known is not well"


def test_yaml_that_is_wrong_is_a_row_beside_the_others(world: World) -> None:
    (world.project / "stacks" / "other.yaml").write_text("version: 2\n")
    state = true_state(world)
    found = survey(world.project, [], state_of(test=state), NOW)
    assert [one.name for one in found.environments] == ["other", "test"]
    assert [one.standing for one in found.environments] == [Standing.FAILING, Standing.WELL]
    assert "its YAML is wrong" in found.environments[0].findings[0].what


def test_a_store_that_nobody_can_log_in_to_is_a_row(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = true_state(world)
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    found = ask(world, state)
    assert {one.standing for one in found.values()} == {Standing.FAILING}
    problem = found[ORDERS].findings[0]
    assert "the aws secret netsuite/test/orders cannot be read" in problem.what
    assert "list-profiles" in problem.remedy
    assert found[ORDERS].stores[0].current is None
    assert found[ORDERS].proof is not None


@pytest.mark.parametrize(
    ("current", "words"),
    [
        (("tba-one", "tba-one"), "tba-one"),
        (("tba-one", "tba-two"), "aws tba-one, vault tba-two"),
        (("tba-one", None), "aws tba-one, vault none"),
        ((None, None), ""),
    ],
)
def test_two_stores_are_told_apart_where_they_differ(
    current: tuple[str | None, str | None], words: str
) -> None:
    stores = tuple(
        StoreReport(kind, "a", current=version)
        for kind, version in zip(("aws", "vault"), current, strict=True)
    )
    assert versions(TokenReport("prod", "a/b", stores=stores), "current") == words


class Patchy(MemoryStore):
    """One secret may not be read; or the whole store is away."""

    def __init__(self, error: StoreError) -> None:
        super().__init__()
        self._error = error

    def _describe(self, name: SecretName) -> Snapshot | None:
        if name == "locked":
            raise self._error
        return super()._describe(name)


def test_one_secret_that_may_not_be_read_costs_the_others_nothing() -> None:
    store, names = Patchy(AccessDeniedError("no")), [SecretName("locked"), SecretName("open")]
    store.write_as_another(names[1], Sensitive("{}"))
    seen = snapshots(store, names)
    assert isinstance(seen[names[0]], AccessDeniedError)
    assert isinstance(seen[names[1]], Snapshot)


def test_a_store_that_is_away_is_asked_once() -> None:
    store = Patchy(StoreUnavailableError("away"))
    seen = snapshots(store, [SecretName("locked"), SecretName("open")])
    assert all(isinstance(one, StoreUnavailableError) for one in seen.values())


def test_a_name_that_does_not_exist(world: World, tba: Tba) -> None:
    ended = tba("status", "nowhere", "--project", str(world.project))
    assert ended.status == 1
    assert "there is no environment nowhere (there: test)" in ended.err
    assert ended.out == ""


TOKEN_KEYS = {
    "token",
    "state",
    "findings",
    "since",
    "age_seconds",
    "warn_at",
    "due_at",
    "valid_until",
    "policy",
    "verified_at",
    "verified_as",
    "evidence",
    "fingerprint",
    "stores",
    "refusals",
    "not_asked_until",
}


def test_the_shape_for_programs(world: World) -> None:
    policy(world, "rotate_every: 90d, warn_before: 2w, retire_after: 7d")
    found = survey(world.project, [], state_of(test=true_state(world)), NOW).plain()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {"at", "state", "exit_code", "environments"}
    environment = found["environments"][0]
    assert set(environment) == {"environment", "account", "state", "findings", "notes", "tokens"}
    assert environment["notes"] == [tba_note(["warehouse", "billing"])]
    one = environment["tokens"][0]
    assert set(one) == TOKEN_KEYS
    assert one["age_seconds"] == 5 * DAY
    assert one["policy"] == {
        "rotate_every_seconds": 90 * DAY,
        "warn_before_seconds": 14 * DAY,
        "retire_after_seconds": 7 * DAY,
    }
    assert one["due_at"] == "2027-02-16T17:46:40+00:00"


def shown(found: Report, capsys: pytest.CaptureFixture[str]) -> str:
    show(found)
    return capsys.readouterr().out


def test_no_value_is_shown_and_no_colour_outside_a_terminal(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    found = survey(world.project, [], state_of(test=true_state(world)), NOW)
    out = shown(found, capsys) + json.dumps(found.plain())
    assert not any(secret in out for secret in world.secrets)
    assert "\x1b" not in out
    assert "3 tokens: 3 well; exit code 0" in out
    assert out.count("note  TBA of warehouse, billing: existing") == 1


def test_a_finding_of_what_is_well_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    refused = RotationFinding(Standing.WELL, "NetSuite refused bot@example.com once")
    noted = report(token("a/b", 5, findings=(refused,)))
    assert "  note  a/b: NetSuite refused" in shown(noted, capsys)
    assert "- **note** a/b: NetSuite refused" in markdown(noted)
    odd = report(token("a/b", 5, findings=(replace(refused, standing=Standing.ATTENTION),)))
    assert "  attention  a/b: NetSuite refused" in shown(odd, capsys)


def test_each_finding_is_a_line_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    odd = RotationFinding(Standing.ATTENTION, "[red]odd[/red]", "mend [it]")
    out = shown(report(token("a/b", 101, findings=(odd,))), capsys)
    assert "attention  a/b: [red]odd[/red]\n    To do: mend [it]" in out
    assert "overdue  a/b: overdue by 11 days" in out
    assert "exit code 12" in out


READ: ReadState = state_of()


def test_a_project_without_environments(tmp_path: Path) -> None:
    with pytest.raises(TbaError, match="there: none yet"):
        survey(tmp_path, [], READ, NOW)
