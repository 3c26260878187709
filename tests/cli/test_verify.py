"""`tba verify` proves what readers get now, and says which cause the fate of the other tokens points to."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.verify import CheckedRecord, _show as show
from tba_secrets.netsuite.evidence import Evidence, Verification
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.records import credential_records
from tba_secrets.simulator.vocabulary import Feature
from tba_secrets.spec import load_stack
from tests.cli.conftest import PERMISSIONS, YAML, Ended, Tba, World
from tests.netsuite_account import Values

pytestmark = pytest.mark.long

ALL = ["warehouse/orders", "warehouse/stock", "billing/invoices"]


def verify(tba: Tba, world: World, *arguments: str) -> Ended:
    return tba("verify", "test", *arguments, "--project", str(world.project))


def report(tba: Tba, world: World, *arguments: str) -> dict[str, dict[str, Any]]:
    told = json.loads(verify(tba, world, "--json", *arguments).out)
    assert told["environment"] == "test"
    return {one["token"]: one for one in told["tokens"]}


def test_everything_is_proven(tba: Tba, world: World) -> None:
    ended = verify(tba, world)
    assert (ended.status, ended.err) == (Exit.DONE, "")
    for token in ALL:
        row = next(line for line in ended.out.splitlines() if token in line)
        assert "proven" in row
    assert "warehouse role" in ended.out
    assert "in 1234567_SB1" in ended.out
    assert "SOAP web" in ended.out


def test_the_console_script_does_the_same(script: Tba, world: World) -> None:
    ended = verify(script, world, "orders", "--json")
    assert ended.status == 0
    assert json.loads(ended.out)["tokens"][0]["result"] == "proven"


def test_the_report_has_the_evidence(tba: Tba, world: World) -> None:
    found = report(tba, world)
    assert list(found) == ALL
    one = found["warehouse/stock"]
    assert (one["result"], one["account"], one["role"]) == (
        "proven",
        "1234567_SB1",
        "warehouse role",
    )
    assert (one["entity"], one["not_proven"], one["error"]) == ("39", ["user"], None)
    assert [evidence["check"] for evidence in one["evidence"]] == ["tokeninfo", "rest", "soap"]
    for evidence in one["evidence"]:
        assert 0 < evidence["latency_seconds"] < 60
        assert abs(evidence["clock_skew_seconds"]) < 5
        assert evidence["at"] > 1_700_000_000


@pytest.mark.parametrize("name", ["stock", "warehouse/stock"])
def test_one_token_alone(name: str, tba: Tba, world: World) -> None:
    assert list(report(tba, world, name)) == ["warehouse/stock"]


def test_a_name_that_is_not_there(tba: Tba, world: World) -> None:
    ended = verify(tba, world, "stork")
    assert (ended.status, ended.out) == (Exit.FAILED, "")
    assert "warehouse/stock" in ended.err


def test_it_writes_nothing_and_shows_no_secret(tba: Tba, world: World) -> None:
    world.put("stock", Values())
    ended = verify(tba, world)
    assert not any(secret in ended.out + ended.err for secret in world.secrets)
    assert "Traceback" not in ended.err


def test_a_refused_token_beside_good_ones_is_the_tokens_own_fault(tba: Tba, world: World) -> None:
    world.netsuite.state.revoke_token(world.account.id, "stock")
    one = report(tba, world)["warehouse/stock"]
    assert one["result"] == "refused"
    assert "token id is wrong, inactive, revoked" in one["causes"][0]["what"]
    assert "user or the role is inactive" in one["causes"][1]["what"]
    assert not any("consumer key is another account" in cause["what"] for cause in one["causes"])


def test_all_tokens_of_an_integration_refused_is_the_integrations_fault(
    tba: Tba, world: World
) -> None:
    world.netsuite.state.block_integration(world.account.id, "warehouse")
    assert verify(tba, world, "invoices").status == Exit.DONE
    found = report(tba, world)
    assert found["billing/invoices"]["result"] == "proven"
    for token in ("warehouse/orders", "warehouse/stock"):
        assert "Blocked" in found[token]["causes"][0]["what"]


def test_everything_refused_is_the_accounts_fault(tba: Tba, world: World) -> None:
    world.netsuite.state.account(world.account.id).features.remove(Feature.TBA)
    found = report(tba, world)
    assert verify(tba, world).status == Exit.REFUSED
    for one in found.values():
        assert "Token-based Authentication is off" in one["causes"][0]["what"]


def test_a_token_of_another_role_is_a_failure_and_no_refused_login(tba: Tba, world: World) -> None:
    world.write(YAML.format(permissions=PERMISSIONS).replace("billing role", "Administrator"))
    ended = verify(tba, world)
    assert ended.status == Exit.OTHERWISE
    assert "its role is 'billing role'; declared is 'Administrator'" in ended.err


def test_what_was_never_promoted_is_not_asked(tba: Tba, empty_world: World) -> None:
    empty_world.put("orders")
    ended = verify(tba, empty_world)
    assert ended.status == Exit.FAILED
    assert ended.err.count("no credential has passed its checks yet") == 2
    assert report(tba, empty_world)["warehouse/orders"]["result"] == "proven"


@pytest.mark.parametrize(
    ("latency", "skew", "shown"),
    [
        (10.0, -5.3, ""),
        (10.0, -7.0, "-7.0 s"),
        (0.1, 0.5, ""),
        (0.1, 1.2, "+1.2 s"),
        (0.1, None, ""),
    ],
)
def test_a_skew_that_a_slow_answer_explains_is_not_shown(
    latency: float,
    skew: float | None,
    shown: str,
    empty_world: World,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = credential_records(load_stack(empty_world.project, "test"))[0]
    proof = Evidence("rest", record.account, "R", "1", None, 1.8e9, latency, skew, ("role",), ())
    show("test", [CheckedRecord(record, Verification((proof,)))])
    out = capsys.readouterr().out
    assert (" clock " in out) is (shown != "")
    assert shown in out


def test_netsuite_out_of_reach_is_no_verdict(
    tba: Tba, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.netsuite.state.faults.add("maintenance", times=None)
    world.netsuite.state.faults.add("clock_skew", seconds=900, times=None)
    heading = re.findall(r"[a-z]\S*", verify(tba, world).out.splitlines()[2])
    assert heading == ["token", "result"]  # all else would be empty
    found = report(tba, world)
    assert {one["result"] for one in found.values()} == {"not asked"}
    assert world.netsuite.state.audit() == []


def test_a_broken_token_run_again_and_again_never_locks_its_user(tba: Tba, world: World) -> None:
    world.put("stock", Values(world.account.tokens["stock"].identifier))
    for _ in range(6):
        verify(tba, world)
    assert not world.netsuite.state.is_locked(world.account.id, "stock.bot@example.com")
    failures = world.netsuite.state.trail.failures()
    assert len(failures) == 3
    assert "not asked again until" in verify(tba, world).err


def test_several_tokens_of_one_user_stop_at_the_first_refusal(tba: Tba, world: World) -> None:
    yaml = YAML.format(permissions=PERMISSIONS).replace("stock.bot@", "orders.bot@")
    world.write(yaml)
    for token in ("orders", "stock"):
        world.put(token, Values())
    results = [one["result"] for one in report(tba, world, "orders", "stock").values()]
    assert sorted(results) == ["not asked", "refused"]


def test_a_store_that_does_not_answer_takes_no_refusal_out_of_memory(
    tba: Tba, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("orders", Values())
    assert verify(tba, world, "orders").status == Exit.REFUSED
    account, user = world.account.id, world.account.user_of("orders")
    known = RefusedLogins.at_home().of(account, user)
    assert len(known) == 1
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    assert verify(tba, world, "orders").status == Exit.FAILED

    assert RefusedLogins.at_home().of(account, user) == known
