"""`tba verify --account-probe`: every inferred point is listed, asked where that is allowed, and compared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tba_secrets.netsuite.inferred import POINTS
from tba_secrets.simulator import answers
from tests.cli.conftest import Ended, Tba, World

pytestmark = pytest.mark.long

DOC = Path(__file__).parents[2] / "docs" / "simulator.md"
COSTLY = [point.number for point in POINTS if point.refused_logins]
FREE = [point.number for point in POINTS if point.ask and not point.refused_logins]
USER = "orders.bot@example.com"


@pytest.fixture
def probe(tba: Tba, world: World) -> Tba:
    def run(*arguments: str) -> Ended:
        project = str(world.project)
        return tba("verify", "test", "orders", "--account-probe", *arguments, "--project", project)

    return run


def findings(probe: Tba, *arguments: str) -> dict[int, dict[str, Any]]:
    ended = probe("--json", *arguments)
    assert (ended.status, ended.err) == (0, "")
    return {one["number"]: one for one in json.loads(ended.out)}


def test_the_table_of_the_documentation_is_the_one_that_is_asked() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", DOC.read_text(encoding="utf-8"), re.M)
    assert [(int(n), does, settle) for n, does, settle in rows] == [
        (point.number, point.does, point.settle) for point in POINTS
    ]


def test_what_costs_nothing_is_asked_and_agrees_with_the_simulator(probe: Tba) -> None:
    found = findings(probe, "--probe-restlet", "6/1")
    assert list(found) == [point.number for point in POINTS]
    results = {number: one["result"] for number, one in found.items()}
    # 19 needs a RESTlet that is there: the simulator of this test has none, and says so with 404.
    assert results[19] == "differs"
    assert [results[number] for number in FREE if number != 19] == ["agrees"] * (len(FREE) - 1)
    assert {results[number] for number in COSTLY} == {"not asked"}
    assert found[3]["answered"] == "by hand: revoke a spare token"
    assert "companyId" in found[1]["answered"]


def test_without_a_restlet_the_last_point_is_left_out(probe: Tba) -> None:
    assert "--probe-restlet" in findings(probe)[19]["answered"]


def test_with_a_restlet_it_agrees(probe: Tba, world: World) -> None:
    account = world.netsuite.state.account(world.account.id)
    account.restlets = type(account).model_validate({"restlets": [{"script": "6"}]}).restlets
    assert findings(probe, "--probe-restlet", "6/1")[19]["result"] == "agrees"


@pytest.mark.parametrize("number", COSTLY)
def test_what_costs_a_refused_login_is_asked_where_it_is_allowed(
    number: int, probe: Tba, world: World
) -> None:
    found = findings(probe, "--point", str(number), "--allow-refused-logins", "1")
    assert found[number]["result"] == "agrees"
    assert {one["result"] for n, one in found.items() if n != number} == {"not asked"}
    assert len(world.netsuite.state.trail.failures()) == 1


def test_never_more_than_three_refused_logins_in_thirty_minutes(probe: Tba, world: World) -> None:
    first = findings(probe, "--allow-refused-logins", "3")
    again = findings(probe, "--allow-refused-logins", "3")
    asked = [n for n in COSTLY if first[n]["result"] != "not asked"]
    assert asked == COSTLY[:3]
    assert {one["result"] for one in again.values()} == {"not asked"}
    assert "not asked again until" in again[FREE[0]]["answered"]
    assert not world.netsuite.state.is_locked(world.account.id, USER)


def test_a_token_that_is_refused_everywhere_is_asked_three_times(probe: Tba, world: World) -> None:
    world.netsuite.state.revoke_token(world.account.id, "orders")
    for _ in range(4):
        found = findings(probe)
    assert found[FREE[0]]["result"] == "not asked"
    assert len(world.netsuite.state.trail.failures()) == 3


def test_and_a_check_leaves_the_user_alone_afterwards(probe: Tba, tba: Tba, world: World) -> None:
    findings(probe, "--allow-refused-logins", "3")
    ended = tba("verify", "test", "orders", "--project", str(world.project))
    assert "not asked again until" in ended.err


def test_an_account_that_answers_otherwise_differs(
    probe: Tba, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: every answer that a point rests on is another one."""
    state = world.netsuite.state

    def refused_otherwise(*_: object) -> Any:
        return answers.restlet_error(403, "LOGIN_DISABLED", "Another message.")

    for name in ("restlet_malformed", "restlet_invalid_login", "rest_invalid_login"):
        monkeypatch.setattr(answers, name, refused_otherwise)
    monkeypatch.setattr(answers, "soap_invalid_login", lambda: answers.soap_ambiguous())
    found = findings(probe, "--allow-refused-logins", "3")
    assert {n: one["result"] for n, one in found.items() if one["result"] != "not asked"} == {
        1: "agrees",
        4: "differs",
        5: "differs",
        6: "differs",
        7: "differs",
        10: "agrees",
    }
    assert (
        found[4]["answered"]
        == "HTTP 403 LOGIN_DISABLED, keys of `error`: code, message, another message"
    )
    assert len(state.trail.failures()) == 3


def test_other_keys_of_tokeninfo_differ(world: World, probe: Tba) -> None:
    world.netsuite.state.faults.add("garbage", "tokeninfo", times=1)
    assert findings(probe, "--point", "1")[1]["result"] == "differs"


def test_the_table_shows_no_secret(probe: Tba, world: World) -> None:
    ended = probe("--allow-refused-logins", "3")
    assert "1234567_SB1, asked with warehouse/orders" in ended.out
    for word in ("agrees", "not asked", "by hand: press Deny"):
        assert word in ended.out
    assert not any(secret in ended.out + ended.err for secret in world.secrets)


@pytest.mark.parametrize("names", [(), ("orders", "stock")])
def test_it_asks_with_one_token(names: tuple[str, ...], tba: Tba, world: World) -> None:
    ended = tba("verify", "test", *names, "--account-probe", "--project", str(world.project))
    assert (ended.status, ended.out) == (1, "")


def test_a_wrong_clock_stops_it(probe: Tba, world: World) -> None:
    world.netsuite.state.faults.add("clock_skew", seconds=900, times=None)
    ended = probe()
    assert (ended.status, ended.out) == (1, "")
    assert world.netsuite.state.audit() == []
