"""Build the report from state and stores. It only reads: no NetSuite call, no value.

State says which version has passed, when and as whom; the store says which version readers get, and what waits there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from tba_secrets.cli import credentials, leftovers
from tba_secrets.cli.refused import refusals_by_user
from tba_secrets.cli.status_findings import (
    refused_findings,
    state_findings,
    store_findings,
    untold_findings,
)
from tba_secrets.cli.status_report import EnvironmentReport, StoreReport, TokenReport
from tba_secrets.cli.status_state import ReadState, TokenState, token_states
from tba_secrets.errors import SpecError, StoreError, StoreUnavailableError, TbaError
from tba_secrets.lifecycle import drift
from tba_secrets.netsuite.lockout import Refusal, Who, not_asked_until
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.places import Place
from tba_secrets.records import CredentialRecord, using_tba
from tba_secrets.rotation import Policy, RotationFinding, Standing, Superseded
from tba_secrets.stores.interface import SecretName, Snapshot, Stage, Store
from tba_secrets.stores.versions import is_placeholder

Seen: TypeAlias = Snapshot | StoreError | None
"""What a store tells of a secret: what there is, nothing, or why it cannot be read."""


def gather(
    project: Path, environment: str, now: float, read_state: ReadState, refused: RefusedLogins
) -> EnvironmentReport:
    """Collect everything about one environment; what cannot be read becomes a finding. `now` is in epoch seconds."""
    try:
        records = credentials.find(project, environment, [])
    except SpecError as error:
        return EnvironmentReport(environment, findings=(_unreadable("its YAML is wrong", error),))
    account = records[0].account if records else None
    try:
        states = token_states(read_state(project, environment))
        problem: tuple[RotationFinding, ...] = ()
    except TbaError as error:
        states, problem = {}, (_unreadable("its state cannot be read", error),)
    refusals = refusals_by_user(records, states, refused, now)
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
    return EnvironmentReport(
        environment,
        account,
        tokens,
        (*problem, *_left(project, environment, records, states)),
        using_tba(records),
    )


def _left(
    project: Path,
    environment: str,
    records: tuple[CredentialRecord, ...],
    states: Mapping[str, TokenState],
) -> list[RotationFinding]:
    """Name the secrets that were taken out of the YAML while superseded tokens waited for being revoked."""
    try:
        left = leftovers.find(project, environment, records, states, lambda _: None)
    except (TbaError, OSError):
        return []  # what cannot be read is a finding of the tokens already
    return [
        RotationFinding(
            Standing.ATTENTION,
            f"{one.record} is not deployed any more, and {one.place} is kept until its superseded tokens are revoked",
            f"run `tba retire {environment} {one.record}`",
        )
        for one in left
    ]


_UNKNOWN_STATE: Final = RotationFinding(
    Standing.ATTENTION, "proof and age are not known without the state"
)
"""For each token if the stack's state cannot be read, because unknown is not well."""


def _unreadable(what: str, error: TbaError) -> RotationFinding:
    return RotationFinding(Standing.FAILING, f"{what}: {error.what}", error.remedy)


def _look(records: Iterable[CredentialRecord]) -> dict[str, dict[str, tuple[Place, Seen]]]:
    """Describe the secrets by record and kind of store; each store is asked once."""
    places = {record.path: credentials.places_of(record) for record in records}
    wanted: dict[Store, list[SecretName]] = {}
    for mine in places.values():
        for place in mine.values():
            wanted.setdefault(place.store, []).append(place.name)
    seen = {store: snapshots(store, names) for store, names in wanted.items()}
    return {
        path: {kind: (place, seen[place.store][place.name]) for kind, place in mine.items()}
        for path, mine in places.items()
    }


def snapshots(store: Store, names: Iterable[SecretName]) -> dict[SecretName, Seen]:
    """Describe every secret of one store. One that may not be read affects no other; no answer affects all."""
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
    stores = tuple(store_report(*seen[kind], known.verified.get(kind)) for kind in seen)
    until = not_asked_until(refusals, now)
    listed = f"application {record.integration}, user {record.user.email}, role {record.role.name}"
    about = replace(Superseded.of(certified=record.certificate is not None), listed=listed)
    found = [
        *([_UNKNOWN_STATE] if state is None else state_findings(state, policy, now)),
        *(finding for store in stores for finding in store_findings(store, known, now, about)),
        *untold_findings(record, known),
        *refused_findings(record, refusals, until),
    ]
    return TokenReport(
        environment=environment,
        path=record.path,
        kind=about.noun,
        policy=policy,
        since=known.since,
        valid_until=known.valid_until,
        proof=known.proof,
        fingerprint=known.fingerprint,
        stores=stores,
        refusals=refusals,
        not_asked_until=until,
        findings=tuple(
            addressed(one, environment, record.path)
            for one in sorted(dict.fromkeys(found), key=lambda finding: -finding.standing)
        ),
    )


def addressed(finding: RotationFinding, environment: str, path: str) -> RotationFinding:
    """Fill environment and token into the commands of a remedy."""

    def filled(command: re.Match[str]) -> str:
        return _PLACE.sub(lambda place: {"ENV": environment, "TOKEN": path}[place[0]], command[0])

    return replace(finding, remedy=_COMMAND.sub(filled, finding.remedy))


_COMMAND: Final = re.compile(r"`(?:tba|pulumi) [^`]*`")
_PLACE: Final = re.compile(r"\b(?:ENV|TOKEN)\b")


def _restore(place: Place) -> str:
    command = ""
    with suppress(StoreError):  # Vault has to be asked for the version's number
        command = f"`{place.store.restore_command(place.name)}`, or "
    return f"{command}declare `restore: true`"


def store_report(place: Place, seen: Seen, verified: str | None) -> StoreReport:
    """Report what one store has, and how that differs from the version that state names."""
    kind = place.store.kind
    blank = StoreReport(kind, place.name)
    if isinstance(seen, StoreError):
        return replace(blank, error=seen.what, remedy=seen.remedy)
    named = {} if verified is None else {kind: verified}
    odd = drift.missing({kind: place}, {kind: seen}, named, (Stage.CURRENT,))
    if seen is None:
        return replace(blank, drift=odd[kind])
    current = seen.stages.get(Stage.CURRENT)
    previous = seen.stages.get(Stage.PREVIOUS)
    usable = current != seen.placeholder and seen.deletion_at is None
    return replace(
        blank,
        restore="" if seen.deleted is None else _restore(place),
        location=seen.location,
        current=current if usable else None,
        previous=None if is_placeholder(previous) else previous,
        candidate=seen.stages.get(Stage.CANDIDATE),
        foreign_candidate=seen.foreign_candidate,
        drift=odd.get(kind) if verified is not None or not usable else None,
        journal=seen.journal,
    )
