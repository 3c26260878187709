"""What an update takes from the stack's state before it starts: undeclared records, and who was refused lately."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.engine.update import _remember_refusals, undeclared
from tba_secrets.netsuite.gate import Gate

PARENTS = "tba:index:Environment$tba:index:Integration$"


def resource(record: str, *, parents: str = PARENTS, **more: Any) -> dict[str, Any]:
    """A SmokeTest in state."""
    kind = "tba:index:SmokeTest"
    urn = f"urn:pulumi:test::tba-secrets::{parents}{kind}::{record.rpartition('/')[2]}"
    inputs = {"record": record, "account": "1234567", "user": {"email": "Bot@example.com"}}
    return {"urn": urn, "type": kind, "inputs": inputs, **more}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([resource("w/orders"), resource("w/stock")], ["w/stock"]),
        ([resource("w/orders")], []),
        ([resource("w/stock", parents="")], []),
        ([resource("w/stock", delete=True)], []),
        ([{"urn": "urn:pulumi:test::tba-secrets::pulumi:pulumi:Stack::s", "type": "s"}], []),
    ],
    ids=["left over", "declared", "a program's own", "being replaced", "no record"],
)
def test_what_is_deployed_and_no_longer_declared(
    held: list[dict[str, Any]], expected: list[str]
) -> None:
    assert undeclared(held, {"w/orders", "w/new"}) == expected


def test_the_refusals_of_all_records_count_for_their_user() -> None:
    gate = Gate(lambda: 1000.0)
    refused = {"refusals": [{"fingerprint": "first", "at": 900}]}
    again = {"refusals": [{"fingerprint": "second", "at": 950}]}

    _remember_refusals(
        gate,
        [
            resource("w/orders", outputs=refused),
            resource("w/stock", outputs=again),
            resource("w/new"),
        ],
    )

    assert [one.fingerprint for one in gate.refusals("1234567", "bot@example.com")] == [
        "first",
        "second",
    ]
    assert gate.refusals("1234567", "another@example.com") == ()
