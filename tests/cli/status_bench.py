"""Reports for tests: made by hand, and gathered from a state that a test writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from tba_secrets.cli.status_report import (
    EnvironmentReport,
    ProofReport,
    Report,
    StoreReport,
    TokenReport,
)
from tba_secrets.cli.status_state import ReadState
from tba_secrets.rotation import Policy, RotationFinding, judge_age, judge_journal
from tba_secrets.stores.journal import JournalEntry

DAY = 86400
NOW = 1_795_456_000.0
POLICY = Policy(timedelta(days=90), timedelta(days=14), timedelta(days=7))
VERSION = "tba-e710b481002a5b050bd7066bfeca2e65ffebcafe"


def token(
    path: str,
    age_days: float | None,
    *,
    policy: Policy = POLICY,
    environment: str = "prod",
    findings: tuple[RotationFinding, ...] = (),
    journal: tuple[JournalEntry, ...] = (),
) -> TokenReport:
    """A token of an age; what its age and journal call for is found as it would be."""
    since = None if age_days is None else int(NOW - age_days * DAY)
    age = judge_age(policy, since, NOW)
    found = (*findings, *([] if age is None else [age]), *judge_journal(journal, NOW))
    store = StoreReport(
        "aws", f"netsuite/{path}", "arn:x", VERSION, "tba-aa10b481002a", journal=journal
    )
    proof = ProofReport(
        "2026-11-20T08:15:00+00:00", "role R in account 1234567", ("rest proves login",)
    )
    return TokenReport(
        environment, path, policy, since, proof, "80f5a2:58e6ae10f34c3deb", (store,), findings=found
    )


def report(*tokens: TokenReport, broken: tuple[EnvironmentReport, ...] = ()) -> Report:
    """One report over the tokens' environments, and over those that cannot be read."""
    names = dict.fromkeys(token.environment for token in tokens)
    environments = (
        EnvironmentReport(name, "1234567", tuple(t for t in tokens if t.environment == name))
        for name in names
    )
    return Report(NOW, (*environments, *broken))


def smoke_test(record: str, verified: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """A SmokeTest as state holds it; `outputs` beyond the usual ones and `initErrors` are given by name."""
    errors = more.pop("initErrors", [])
    outputs = {
        "record": record,
        "verified": dict(verified),
        "verifiedAt": "2026-11-20T08:15:00+00:00" if verified else "",
        "verifiedAs": "role warehouse role in account 1234567_SB1",
        "since": int(NOW - 5 * DAY),
        **more,
    }
    return {"type": "tba:index:SmokeTest", "outputs": outputs, "initErrors": errors}


def staged_credential(
    record: str, versions: Mapping[str, str], fingerprint: str = "k:1"
) -> dict[str, Any]:
    """A StagedCredential as state holds it."""
    outputs = {"record": record, "versions": dict(versions), "fingerprint": fingerprint}
    return {"type": "tba:index:StagedCredential", "outputs": outputs}


def state_of(**stacks: list[dict[str, Any]]) -> ReadState:
    """Reads these states, by stack."""

    def read(_project: Path, stack: str) -> list[dict[str, Any]]:
        return stacks[stack]

    return read
