"""The findings of `tba status` about one token, each with its standing and what to do. No IO."""

from __future__ import annotations

from tba_secrets.cli.refused import MEANWHILE, told
from tba_secrets.cli.status_report import StoreReport
from tba_secrets.cli.status_state import TokenState
from tba_secrets.netsuite.diagnosis import in_short
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.records import CredentialRecord
from tba_secrets.rotation import (
    Policy,
    RotationFinding,
    Standing,
    Superseded,
    judge_age,
    judge_journal,
    judge_validity,
)
from tba_secrets.stores.versions import short


def state_findings(state: TokenState, policy: Policy, now: float) -> list[RotationFinding]:
    """Find what state shows: a failed update, no credential yet, an age."""
    found = [_failure(failure, state) for failure in state.failures]
    if not state.verified:
        what = "no credential has passed its checks yet"
        remedy = state.waits_for or "`tba up ENV` stages and tests it, or says why not"
        return [*found, RotationFinding(Standing.FAILING, what, remedy)]
    judged = (
        judge_age(policy, state.since, now),
        judge_validity(policy, state.since, state.valid_until, now),
    )
    return [*found, *(finding for finding in judged if finding is not None)]


def _failure(failure: str, state: TokenState) -> RotationFinding:
    words, mend = in_short(failure)
    if state.waits_for and len(state.failures) == 1:
        what = f"its new certificate waits for a person: {words}"
        return RotationFinding(Standing.ATTENTION, what, state.waits_for)
    remedy = f"{mend or 'fix the cause'}, then run `tba up ENV`: it tests again by itself"
    return RotationFinding(Standing.FAILING, f"its last update failed: {words}", remedy)


def store_findings(
    store: StoreReport, state: TokenState, now: float, about: Superseded
) -> list[RotationFinding]:
    """Find what one store shows: unreadable, drift, a pending candidate, what was superseded."""
    if store.error is not None:
        what = f"the {store.kind} secret {store.name} cannot be read: {store.error}"
        return [RotationFinding(Standing.FAILING, what, store.remedy)]
    found = []
    if store.restore:
        what = f"{store.drift or store.name}, so readers get no credential"
        found.append(RotationFinding(Standing.FAILING, what, f"restore it: {store.restore}"))
    elif store.drift is not None and state.verified:
        readers = "" if store.current else ", so readers get no credential"
        standing = Standing.ATTENTION if store.current else Standing.FAILING
        named = short(state.verified.get(store.kind, "?"))
        what = f"{store.drift}{readers}; state names {named}"
        remedy = "`pulumi refresh --stack ENV`, then `tba up ENV`"
        found.append(RotationFinding(standing, what, remedy))
    if store.candidate is not None:
        found.append(_pending(store))
    return [*found, *judge_journal(store.journal, now, about)]


def _pending(store: StoreReport) -> RotationFinding:
    candidate = f"a candidate waits in {store.kind}: {short(store.candidate or '')}"
    if store.foreign_candidate:
        what = f"{candidate}, which tba-secrets did not write"
        return RotationFinding(Standing.ATTENTION, what, "let the other rotation end, or cancel it")
    return RotationFinding(Standing.ATTENTION, candidate, "`tba up ENV` tests it again")


def untold_findings(record: CredentialRecord, state: TokenState) -> list[RotationFinding]:
    """Report that `after_promote` has not told readers yet of what is current."""
    if record.after_promote is None or not state.untold:
        return []
    version = short(next(iter(state.verified.values()), "?"))
    what = f"readers were not told of version {version}: {state.untold}"
    return [RotationFinding(Standing.ATTENTION, what, "mend that, then `tba up ENV` tells them")]


def refused_findings(
    record: CredentialRecord, refusals: tuple[Refusal, ...], until: float | None
) -> list[RotationFinding]:
    """Report the user's refused logins, which need action once no login is tried any more."""
    if not refusals:
        return []
    what = told(record.user.email, refusals, until)
    if until is None:
        return [RotationFinding(Standing.WELL, what)]
    return [RotationFinding(Standing.ATTENTION, what, MEANWHILE)]
