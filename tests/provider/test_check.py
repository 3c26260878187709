"""Check: values become digests, absent is kept or refused, and everything wrong is said at once by property."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.provider.codec import UNKNOWN
from tba_secrets.provider.handler import Checked
from tba_secrets.stores.interface import VersionId
from tests.netsuite_account import Values
from tests.provider.bench import AWS, NAME, NOWHERE, URN, Bench, Kept

KNOWN = {"digests": {"consumer": "abcdef:0000000000000001", "token": "abcdef:0000000000000002"}}


def check(bench: Bench, old: dict[str, Any] | None = None, **changes: Any) -> Checked:
    bench.new_process()
    return bench.staged.check(URN, old or {}, bench.staged_inputs(**changes))


def test_values_become_digests_and_go_no_further(offline: Bench) -> None:
    checked = check(offline)

    assert checked.failures == {}
    assert set(checked.inputs["digests"]) == {"consumer", "token"}
    for value in offline.account.environment().values():
        assert value not in str(checked)
    assert {**checked.inputs, "digests": 0} == {**offline.staged_inputs(), "digests": 0}


def test_a_digest_is_the_same_each_time_and_another_for_another_value(offline: Bench) -> None:
    first, again = check(offline), check(offline)
    offline.give(orders=Values())
    changed = check(offline)

    assert again == first
    assert changed.inputs["digests"]["consumer"] == first.inputs["digests"]["consumer"]
    assert changed.inputs["digests"]["token"] != first.inputs["digests"]["token"]


def test_the_digest_key_of_the_configuration_is_used(offline: Bench) -> None:
    first = check(offline).inputs["digests"]
    offline.host.digest_key = "a-key-that-is-obviously-fake"
    other = offline.staged.check(URN, {}, offline.staged_inputs()).inputs["digests"]

    assert all(other[part] != first[part] for part in ("consumer", "token"))


def test_absent_keeps_what_was_seen_last(offline: Bench) -> None:
    offline.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    checked = check(offline, KNOWN)

    assert checked.failures == {}
    assert checked.inputs["digests"]["token"] == KNOWN["digests"]["token"]
    assert checked.inputs["digests"]["consumer"] != KNOWN["digests"]["consumer"]


@pytest.mark.parametrize("empty", ["", " "])
def test_empty_is_absent(offline: Bench, empty: str) -> None:
    for name in ("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET"):
        offline.monkeypatch.setenv(name, empty)

    assert check(offline, KNOWN).inputs["digests"]["token"] == KNOWN["digests"]["token"]


def test_absent_on_create_is_refused_for_both_parts_at_once(offline: Bench) -> None:
    offline.withhold()

    failures = check(offline).failures

    assert set(failures) == {"consumer", "token"}
    assert "ORDERS_TOKEN_ID" in failures["token"]
    assert "nothing was written" in failures["consumer"]


def test_absent_in_the_preview_of_a_create_is_unknown(offline: Bench) -> None:
    offline.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    checked = check(offline, preview=True)

    assert checked.failures == {}
    assert checked.inputs["digests"]["token"] is UNKNOWN
    assert checked.inputs["digests"]["consumer"] is not UNKNOWN


def test_absent_in_the_preview_of_an_update_is_known(offline: Bench) -> None:
    offline.withhold()

    assert check(offline, KNOWN, preview=True).inputs["digests"] == KNOWN["digests"]


def test_absent_in_a_preview_is_unknown_until_something_has_passed(bench: Bench) -> None:
    """So that a plan made without values takes the value that mends a refused one."""
    kept = bench.stage()
    bench.withhold()
    assert digests_in_a_preview(bench, kept) == kept.inputs["digests"]  # it waits for its proof

    bench.aws.discard(NAME, VersionId(kept.state["versions"]["aws"]))
    assert digests_in_a_preview(bench, kept) == dict.fromkeys(("consumer", "token"), UNKNOWN)

    bench.write_as_another("{}")
    assert digests_in_a_preview(bench, kept) == kept.inputs["digests"]


def digests_in_a_preview(bench: Bench, kept: Kept) -> dict[str, Any]:
    """As the engine has them after `preview` without values."""
    bench.new_process()
    checked = bench.staged.check(URN, kept.inputs, bench.staged_inputs(preview=True))
    digests: dict[str, Any] = checked.inputs["digests"]
    return digests


@pytest.mark.parametrize("preview", [True, None])
def test_require_values_refuses_what_is_absent_even_where_it_is_known(
    offline: Bench, preview: bool | None
) -> None:
    offline.withhold("ORDERS_TOKEN_ID", "ORDERS_TOKEN_SECRET")

    failures = check(offline, KNOWN, requireValues=True, preview=preview).failures

    assert set(failures) == {"token"}
    assert "require_values" in failures["token"]


@pytest.mark.parametrize("known", [{}, KNOWN])
def test_half_a_pair_is_refused_always(offline: Bench, known: dict[str, Any]) -> None:
    offline.withhold("ORDERS_TOKEN_SECRET")

    failures = check(offline, known, preview=True).failures

    assert set(failures) == {"token"}
    assert "ORDERS_TOKEN_SECRET" in failures["token"]


def test_the_preview_s_mark_is_never_kept(offline: Bench) -> None:
    assert "preview" not in check(offline, preview=True).inputs
    assert "preview" not in check(offline, preview=True, secret=UNKNOWN).inputs
    assert "preview" not in check(offline, preview=True, account=7).inputs


def test_a_preview_that_cannot_know_its_inputs_asks_no_source(offline: Bench) -> None:
    offline.withhold("ORDERS_TOKEN_SECRET")

    checked = check(offline, preview=True, secret=UNKNOWN)

    assert checked.failures == {}
    assert checked.inputs["digests"] is UNKNOWN


def test_digests_are_ours_to_say(offline: Bench) -> None:
    checked = check(offline, digests={"token": "made up"})

    assert checked == check(offline)


def test_what_looks_odd_is_a_warning_without_the_value(offline: Bench) -> None:
    offline.monkeypatch.setenv("ORDERS_TOKEN_ID", "short-and-obviously-fake")

    check(offline)

    (warning,) = offline.warnings
    assert warning.startswith("warehouse/orders: token from environment variables")
    assert "short-and-obviously-fake" not in warning


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"record": None}, "record"),
    ({"account": 1234567}, "account"),
    ({"stores": {"aws": {"region": "nowhere"}}}, "stores.aws.region"),
    ({"stores": {"aws": AWS, "floppy": {}}}, "stores.floppy"),
    ({"format": {"token_id": ""}}, "format.token_id"),
    ({"token": {"env": {"id": "ORDERS_TOKEN_ID"}}}, "token.env.secret"),
    ({"token": {}}, "token"),
    ({"token": {"env": {"id": "A", "secret": "B"}, "file": {"path": "x"}}}, "token"),
    ({"retain": "yes"}, "retain"),
    ({"colour": "blue"}, "colour"),
]


@pytest.mark.parametrize(("changes", "property_"), INVALID, ids=[one[1] for one in INVALID])
def test_invalid_inputs_are_named_by_property(
    offline: Bench, changes: dict[str, Any], property_: str
) -> None:
    failures = check(offline, **changes).failures

    assert property_ in failures
    assert failures[property_]


def test_everything_invalid_is_said_at_once(offline: Bench) -> None:
    assert set(check(offline, account=7, secret=8, adopt="x").failures) == {
        "account",
        "secret",
        "adopt",
    }


# --- SmokeTest ----------------------------------------------------------------------------------------

SMOKE: dict[str, Any] = {
    "record": "warehouse/orders",
    "account": "1234567_SB1",
    "endpoint": NOWHERE,
    "stores": {"aws": AWS},
    "secret": "orders",
    "role": {"name": "warehouse role"},
    "user": {"email": "orders.bot@example.com"},
}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"checks": ["soap", {"restlet": {"script": "customscript_a", "deploy": "1"}}]},
        {"versions": UNKNOWN, "fingerprint": UNKNOWN},
    ],
    ids=["least", "checks", "unknown"],
)
def test_a_smoke_test_s_inputs_pass_as_they_are(offline: Bench, more: dict[str, Any]) -> None:
    new = {**SMOKE, **more}

    assert offline.smoke.check(URN, {}, new) == Checked(new, {})


@pytest.mark.parametrize(
    ("changes", "property_"),
    [
        ({"checks": []}, "checks"),
        ({"checks": ["telepathy"]}, "checks.0"),
        ({"user": {"email": "nobody"}}, "user.email"),
        ({"role": {}}, "role.name"),
        ({"promote": "yes"}, "promote"),
    ],
)
def test_a_smoke_test_s_invalid_inputs(
    offline: Bench, changes: dict[str, Any], property_: str
) -> None:
    failures = offline.smoke.check(URN, {}, {**SMOKE, **changes}).failures

    assert property_ in failures
