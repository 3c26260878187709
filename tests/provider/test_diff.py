"""Diff: which inputs, which drift, and when a test is due although nothing has changed."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.provider.codec import UNKNOWN
from tba_secrets.provider.handler import Change, Handler, Wire
from tba_secrets.provider.properties import SmokeTestInputs, StagedCredentialInputs
from tests.provider.bench import URN, Bench

VERSIONS = {"aws": "tba-one", "vault": "tba-two"}
PASSED = {"versions": VERSIONS, "verified": VERSIONS}


def properties(model: type[Wire]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def handler(bench: Bench, kind: type[Wire]) -> Handler:
    return bench.staged if kind is StagedCredentialInputs else bench.smoke


EVERY = [
    (kind, name)
    for kind in (StagedCredentialInputs, SmokeTestInputs)
    for name in properties(kind)
    if name != "digests"
]


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=[f"{k.__name__}.{n}" for k, n in EVERY])
@pytest.mark.parametrize("new", ["changed", None, UNKNOWN], ids=["changed", "gone", "unknown"])
def test_every_input_is_compared(offline: Bench, kind: type[Wire], name: str, new: Any) -> None:
    old: dict[str, Any] = {one: f"the old {one}" for one in properties(kind)}
    old["digests"] = {"consumer": "k:1", "token": "k:2"}
    changed = {**old, name: new}
    if new is None:
        del changed[name]

    assert handler(offline, kind).diff(URN, old, PASSED, changed) == [Change(name)]


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
def test_nothing_changed_is_nothing_to_do(offline: Bench, kind: type[Wire]) -> None:
    assert handler(offline, kind).diff(URN, PASSED, PASSED, PASSED) == []


@pytest.mark.parametrize("kind", [StagedCredentialInputs, SmokeTestInputs])
def test_drift_is_named_by_store(offline: Bench, kind: type[Wire]) -> None:
    drifted = {**PASSED, "drift": {"vault": "gone", "aws": "another is current"}}

    changes = handler(offline, kind).diff(URN, PASSED, drifted, PASSED)

    assert changes == [Change("drift.aws", input=False), Change("drift.vault", input=False)]


def test_a_change_and_drift_are_both_told(offline: Bench) -> None:
    changes = offline.staged.diff(URN, {"secret": "a"}, {"drift": {"aws": "gone"}}, {"secret": "b"})

    assert changes == [Change("secret"), Change("drift.aws", input=False)]


NOT_PASSED: list[dict[str, Any]] = [
    {},
    {"verified": {}},
    {"verified": {"aws": "tba-one"}},
    {"verified": {**VERSIONS, "vault": "tba-older"}},
]


@pytest.mark.parametrize("state", NOT_PASSED)
def test_what_has_not_passed_is_tested_again(offline: Bench, state: dict[str, Any]) -> None:
    inputs = {"versions": VERSIONS}

    assert offline.smoke.diff(URN, inputs, state, inputs) == [Change("verified", input=False)]


def test_on_its_own_it_has_passed_with_any_version(offline: Bench) -> None:
    assert offline.smoke.diff(URN, {}, {"verified": {"aws": "theirs"}}, {}) == []
    assert offline.smoke.diff(URN, {}, {}, {}) == [Change("verified", input=False)]


def test_always_is_a_reason_where_there_is_no_other(offline: Bench) -> None:
    always = {"always": True, "versions": VERSIONS}

    assert offline.smoke.diff(URN, always, PASSED, always) == [Change("verifiedAt", input=False)]
    assert offline.smoke.diff(URN, {"versions": VERSIONS}, PASSED, always) == [Change("always")]
    assert offline.smoke.diff(URN, always, {}, always) == [Change("verified", input=False)]
