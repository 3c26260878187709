"""State and stores -> a report. Reads only: no NetSuite call, no value. What cannot be read becomes a finding.

State says which version has passed, when and as whom; the store says which version readers get, and what waits there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from tba_secrets.cli.refusals import RefusalFile
from tba_secrets.cli.status_report import EnvironmentReport, Proof, StoreReport, TokenReport
from tba_secrets.errors import SpecError, StoreError, StoreUnavailableError, TbaError
from tba_secrets.netsuite.lockout import WINDOW_SECONDS, Refusal, Who
from tba_secrets.provider import drift
from tba_secrets.provider.places import places_in
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.rotation import (
    Finding,
    Policy,
    Standing,
    judge_age,
    judge_journal,
    not_asked_until,
    short,
    when,
)
from tba_secrets.sensitive import Fingerprint
from tba_secrets.spec import load_stack
from tba_secrets.stage import Place
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import SecretName, Snapshot, Stage, Store

Seen: TypeAlias = Snapshot | StoreError | None
"""What a store tells of a secret: what there is, nothing, or why it cannot be read."""

ReadState: TypeAlias = Callable[[Path, str], list[dict[str, Any]]]
"""`engine.exported_resources`, or a test's own."""


@dataclass(frozen=True)
class TokenState:
    """What the stack's state says of one record."""

    staged: Mapping[str, Any] = field(default_factory=dict)
    """The outputs of its StagedCredential."""
    tested: Mapping[str, Any] = field(default_factory=dict)
    """The outputs of its SmokeTest."""
    failures: tuple[str, ...] = ()
    """Why the last update of either did not succeed: the engine's `initErrors`."""

    @property
    def verified(self) -> Mapping[str, str]:
        """The version that passed last, by store."""
        return self.tested.get("verified") or {}

    @property
    def since(self) -> int | None:
        """When it was first proven; None where the state is from before that was kept."""
        return int(self.tested.get("since") or 0) or None

    @property
    def fingerprint(self) -> str | None:
        """Of the verified value, where what was staged last is what passed."""
        same = bool(self.verified) and self.staged.get("versions") == self.verified
        return self.staged.get("fingerprint") if same else None

    @property
    def proof(self) -> Proof | None:
        """The last call that passed."""
        if not self.tested.get("verifiedAt"):
            return None
        evidence = tuple(self.tested.get("evidence") or ())
        return Proof(self.tested["verifiedAt"], self.tested.get("verifiedAs") or "", evidence)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The user's refused logins, as the last run knew them."""
        found = self.tested.get("refusals") or ()
        return tuple(Refusal(Fingerprint(one["fingerprint"]), float(one["at"])) for one in found)


def token_states(resources: Iterable[Mapping[str, Any]]) -> dict[str, TokenState]:
    """State's resources by record. A resource that waits for its deletion, or only tests, is passed over."""
    found: dict[str, TokenState] = {}
    for one in resources:
        outputs = one.get("outputs") or {}
        record = outputs.get("record")
        if record is None or one.get("delete") or outputs.get("promote") is False:
            continue
        state = found.get(record, TokenState())
        failures = (*state.failures, *map(str, one.get("initErrors") or ()))
        if one["type"] == "tba:index:StagedCredential":
            found[record] = replace(state, staged=outputs, failures=failures)
        elif one["type"] == "tba:index:SmokeTest":
            found[record] = replace(state, tested=outputs, failures=failures)
    return found


def gather(
    project: Path, environment: str, now: float, read_state: ReadState, refused: RefusalFile
) -> EnvironmentReport:
    """Everything there is to say of one environment; never raises for what cannot be read.

    Args:
        project: The folder that holds Pulumi.yaml and stacks/.
        environment: The stack's name.
        now: The time of the report, epoch seconds.
        read_state: Gives the stack's resources.
        refused: The refusals that `tba verify` has kept.
    """
    try:
        records = credential_records(load_stack(project, environment))
    except SpecError as error:
        return EnvironmentReport(environment, findings=(_unreadable("its YAML is wrong", error),))
    account = records[0].account if records else None
    try:
        states = token_states(read_state(project, environment))
        problem: tuple[Finding, ...] = ()
    except TbaError as error:
        states, problem = {}, (_unreadable("its state cannot be read", error),)
    refusals = _refusals(records, states, refused, now)
    seen = _look(records)
    tokens = tuple(
        _token(
            environment,
            record,
            None if problem else states.get(record.path, TokenState()),
            seen[record.path],
            refusals[Who.of(record.account, record.user.email)],
            now,
        )
        for record in records
    )
    return EnvironmentReport(environment, account, tokens, problem)


def _unreadable(what: str, error: TbaError) -> Finding:
    return Finding(Standing.FAILING, f"{what}: {error.what}", error.remedy)


def _refusals(
    records: Iterable[CredentialRecord],
    states: Mapping[str, TokenState],
    refused: RefusalFile,
    now: float,
) -> dict[Who, tuple[Refusal, ...]]:
    """By user, the last 30 minutes: what one token's run has learnt holds for all of the user's."""
    known: dict[Who, set[Refusal]] = {}
    for record in records:
        mine = known.setdefault(Who.of(record.account, record.user.email), set())
        mine.update(refused.of(record.account, record.user.email))
        mine.update(states.get(record.path, TokenState()).refusals)
    return {
        who: tuple(sorted((r for r in all_ if abs(now - r.at) < WINDOW_SECONDS), key=_at))
        for who, all_ in known.items()
    }


def _at(refusal: Refusal) -> float:
    return refusal.at


def _look(records: Iterable[CredentialRecord]) -> dict[str, dict[str, tuple[Place, Seen]]]:
    """By record and kind of store; each store is asked once for all of its secrets."""
    places: dict[str, dict[str, Place]] = {}
    wanted: dict[Store, list[SecretName]] = {}
    for record in records:
        places[record.path] = places_in(open_stores(record.stores), record.stores, record.secret)
        for place in places[record.path].values():
            wanted.setdefault(place.store, []).append(place.name)
    seen = {store: snapshots(store, names) for store, names in wanted.items()}
    return {
        path: {kind: (place, seen[place.store][place.name]) for kind, place in mine.items()}
        for path, mine in places.items()
    }


def snapshots(store: Store, names: Iterable[SecretName]) -> dict[SecretName, Seen]:
    """Every secret of one store. One that may not be read costs the others nothing; a store that is away costs all."""
    wanted = tuple(names)
    try:
        return dict(store.describe_many(wanted))
    except StoreUnavailableError as error:
        return dict.fromkeys(wanted, error)
    except StoreError:
        return {name: _describe(store, name) for name in wanted}


def _describe(store: Store, name: SecretName) -> Seen:
    try:
        return store.describe(name)
    except StoreError as error:
        return error


def _token(
    environment: str,
    record: CredentialRecord,
    state: TokenState | None,
    seen: Mapping[str, tuple[Place, Seen]],
    refusals: tuple[Refusal, ...],
    now: float,
) -> TokenReport:
    known = state or TokenState()
    policy = Policy(record.rotate_every, record.warn_before, record.retire_after)
    stores = tuple(_store(*seen[kind], known.verified.get(kind)) for kind in seen)
    until = not_asked_until(refusals, now)
    found = [
        *([] if state is None else _state_findings(state, policy, now)),
        *(finding for store in stores for finding in _store_findings(store, known, now)),
        *_refused(record, refusals, until),
    ]
    return TokenReport(
        environment=environment,
        path=record.path,
        policy=policy,
        since=known.since,
        proof=known.proof,
        fingerprint=known.fingerprint,
        stores=stores,
        refusals=refusals,
        not_asked_until=until,
        findings=tuple(sorted(dict.fromkeys(found), key=lambda finding: -finding.standing)),
    )


def _state_findings(state: TokenState, policy: Policy, now: float) -> list[Finding]:
    found = [
        Finding(
            Standing.FAILING,
            f"its last update failed: {_first_lines(failure)}",
            "put the cause right, then `pulumi up`: it tests again by itself",
        )
        for failure in state.failures
    ]
    if not state.verified:
        what = "no credential has passed its checks yet"
        return [*found, Finding(Standing.FAILING, what, "`pulumi up`")]
    age = judge_age(policy, state.since, now)
    return found if age is None else [*found, age]


def _first_lines(failure: str) -> str:
    """What became of the record, and what NetSuite said: the diagnosis behind it is `pulumi up`'s to show."""
    return " ".join(line.strip() for line in failure.strip().splitlines()[:2])


def _store(place: Place, seen: Seen, verified: str | None) -> StoreReport:
    blank = StoreReport(place.store.kind, place.name)
    if isinstance(seen, StoreError):
        return replace(blank, error=seen.what, remedy=seen.remedy)
    kind, named = place.store.kind, {} if verified is None else {place.store.kind: verified}
    odd = drift.missing({kind: place}, {kind: seen}, named, (Stage.CURRENT,))
    if seen is None:
        return replace(blank, drift=odd[kind])
    current = seen.stages.get(Stage.CURRENT)
    previous = seen.stages.get(Stage.PREVIOUS)
    usable = current != seen.placeholder and seen.deletion_at is None
    return replace(
        blank,
        location=seen.location,
        current=current if usable else None,
        previous=previous,
        candidate=seen.stages.get(Stage.CANDIDATE),
        foreign_candidate=seen.foreign_candidate,
        drift=odd.get(kind) if verified is not None or not usable else None,
        journal=seen.journal,
    )


def _store_findings(store: StoreReport, state: TokenState, now: float) -> list[Finding]:
    found = []
    if store.error is not None:
        what = f"the {store.kind} secret {store.name} cannot be read: {store.error}"
        return [Finding(Standing.FAILING, what, store.remedy)]
    if store.drift is not None and state.verified:
        readers = "" if store.current else ", so readers get no credential"
        standing = Standing.ATTENTION if store.current else Standing.FAILING
        found.append(
            Finding(
                standing,
                f"{store.drift}{readers}; state names {short(state.verified.get(store.kind, '?'))}",
                "`pulumi refresh`, then `pulumi up`",
            )
        )
    if store.candidate is not None:
        found.append(_pending(store))
    return [*found, *judge_journal(store.journal, now)]


def _pending(store: StoreReport) -> Finding:
    candidate = f"a candidate waits in {store.kind}: {short(store.candidate or '')}"
    if store.foreign_candidate:
        what = f"{candidate}, which tba-secrets did not write"
        return Finding(Standing.ATTENTION, what, "let the other rotation end, or cancel it")
    return Finding(Standing.ATTENTION, candidate, "`pulumi up` tests it again")


def _refused(
    record: CredentialRecord, refusals: tuple[Refusal, ...], until: float | None
) -> list[Finding]:
    """The user's refused logins: mentioned, and a reason to act where he is not asked any more."""
    if not refusals:
        return []
    times = "once" if len(refusals) == 1 else f"{len(refusals)} times"
    what = f"NetSuite refused {record.user.email} {times} within 30 minutes"
    if until is None:
        return [Finding(Standing.WELL, what)]
    return [
        Finding(
            Standing.ATTENTION,
            f"{what}: not asked until {when(until)}",
            "put the credential right meanwhile; the Login Audit Trail names the cause",
        )
    ]
