"""Diff: which inputs, which drift, and when a test is due although nothing has changed."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.provider.codec import UNKNOWN, Properties
from tba_secrets.provider.handler import Change, Handler, Wire
from tba_secrets.provider.properties import SmokeTestInputs, StagedCredentialInputs
from tba_secrets.sensitive import Sensitive
from tests.provider.bench import BOTH, NAME, URN, Bench


@pytest.fixture
def passed(offline: Bench) -> Properties:
    """The state of what has passed, and is current in both stores."""
    text = Sensitive("{}")
    versions: dict[str, str] = {
        kind: store.write_as_another(NAME, text) for kind, store in offline.stores.items()
    }
    return {"stores": BOTH, "secret": "orders", "versions": versions, "verified": versions}


def properties(model: type[Wire]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def handler(bench: Bench, kind: type[Wire]) -> Handler:
    return bench.staged if kind is StagedCredentialInputs else bench.smoke


HOW = ("mostUsers", "siblings", "afterPromote", "withheld")
"""How a credential is tested and brought, and who is told: no reason to test it again."""
EVERY = [
    (kind, name)
    for kind in (StagedCredentialInputs, SmokeTestInputs)
    for name in properties(kind)
    if name not in ("digests", *HOW)
]


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=[f"{k.__name__}.{n}" for k, n in EVERY])
@pytest.mark.parametrize("new", ["changed", None, UNKNOWN], ids=["changed", "gone", "unknown"])
def test_every_input_is_compared(offline: Bench, kind: type[Wire], name: str, new: Any) -> None:
    old: dict[str, Any] = {one: f"the old {one}" for one in properties(kind)}
    old["digests"] = {"consumer": "k:1", "token": "k:2"}
    changed = {**old, name: new}
    if new is None:
        del changed[name]

    assert handler(offline, kind).diff(URN, old, {}, changed) == [Change(name)]


@pytest.mark.parametrize("name", HOW)
def test_how_it_is_tested_is_not_compared(offline: Bench, name: str) -> None:
    old: dict[str, Any] = {one: f"the old {one}" for one in properties(SmokeTestInputs)}

    changes = offline.smoke.diff(URN, old, {}, {**old, name: "changed"})

    assert changes == [Change("verified", input=False)], "nothing has passed yet"


SEEN = {"consumer": "k:1", "token": "k:2"}
STORED = {"consumer": "k:1", "token": "k:3"}


@pytest.mark.parametrize(
    ("new", "changed"),
    [
        (SEEN, False),
        ({**SEEN, "token": "k:4"}, True),
        ({**SEEN, "token": UNKNOWN}, True),
        (UNKNOWN, True),
        (STORED, False),
        ({"consumer": "k:5", "token": "k:3"}, True),
    ],
    ids=["same", "another", "unknown", "all unknown", "caught up", "caught up in one part alone"],
)
def test_a_digest_is_a_change_unless_the_store_holds_it_already(
    offline: Bench, new: Any, changed: bool
) -> None:
    state = {"storedDigests": STORED}

    changes = offline.staged.diff(URN, {"digests": SEEN}, state, {"digests": new})

    assert changes == ([Change("digests")] if changed else [])


@pytest.mark.parametrize("kind", [StagedCredentialInputs, SmokeTestInputs])
def test_nothing_changed_is_nothing_to_do(
    offline: Bench, passed: Properties, kind: type[Wire]
) -> None:
    assert handler(offline, kind).diff(URN, passed, passed, passed) == []


@pytest.mark.parametrize("kind", [StagedCredentialInputs, SmokeTestInputs])
def test_drift_is_named_by_store(offline: Bench, passed: Properties, kind: type[Wire]) -> None:
    """What a refresh has found, and what is seen now."""
    refreshed = {**passed, "drift": {"aws": "another is current"}}
    offline.vault.write_as_another(NAME, Sensitive("{}"))

    changes = handler(offline, kind).diff(URN, passed, refreshed, passed)

    assert changes == [Change("drift.aws", input=False), Change("drift.vault", input=False)]


def test_drift_is_said(offline: Bench, passed: Properties) -> None:
    offline.aws.write_as_another(NAME, Sensitive("{}"))
    offline.vault.lose(NAME)

    offline.smoke.diff(URN, passed, passed, passed)

    aws, vault = (words for _, words, _ in offline.said)
    assert "aws secret netsuite/test/orders: current is " in aws
    assert vault.startswith("vault secret netsuite/test/orders is gone; readers do not get what")


def test_a_change_and_drift_are_both_told(offline: Bench) -> None:
    changes = offline.staged.diff(URN, {"secret": "a"}, {"drift": {"aws": "gone"}}, {"secret": "b"})

    assert changes == [Change("secret"), Change("drift.aws", input=False)]


@pytest.mark.parametrize(("held", "change"), [((), "verified"), (("aws",), "drift.vault")])
def test_what_has_not_passed_is_tested_again(
    offline: Bench, passed: Properties, held: tuple[str, ...], change: str
) -> None:
    state = {**passed, "verified": {kind: passed["versions"][kind] for kind in held}}

    assert offline.smoke.diff(URN, passed, state, passed) == [Change(change, input=False)]


def test_on_its_own_it_has_passed_with_any_version(offline: Bench, passed: Properties) -> None:
    assert offline.smoke.diff(URN, {}, passed, {}) == []
    assert offline.smoke.diff(URN, {}, {}, {}) == [Change("verified", input=False)]


def test_always_is_a_reason_where_there_is_no_other(offline: Bench, passed: Properties) -> None:
    plain = {"versions": passed["versions"]}
    always = {"always": True, **plain}

    assert offline.smoke.diff(URN, always, passed, always) == [Change("verifiedAt", input=False)]
    assert offline.smoke.diff(URN, plain, passed, always) == [Change("always")]
    assert offline.smoke.diff(URN, always, {}, always) == [Change("verified", input=False)]
