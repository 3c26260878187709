"""The records that a command names, and the credentials that their stores hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tba_secrets.errors import ScheduledForDeletionError, TbaError, ValueNeededError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.places import Place, places_in
from tba_secrets.read_back import ReadBack, read_back
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec import load_stack
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import Snapshot, Stage
from tba_secrets.suggestions import did_you_mean, or_else


@dataclass(frozen=True)
class Held:
    """What a store holds for a record now."""

    back: ReadBack
    passed_before: bool
    """tba-secrets manages the secret, and it makes nothing current that has not passed."""
    superseded: frozenset[str]
    """The digests of the tokens in the secret's journal."""


def find(project: Path, environment: str, names: Sequence[str]) -> tuple[CredentialRecord, ...]:
    """Return the records that the names mean, `integration/token` or a token's name alone; all of them for no name.

    Raises:
        SpecError: The environment cannot be read.
        TbaError: A name means no record; the message lists those that exist.
    """
    records = credential_records(load_stack(project, environment))
    known = {name for record in records for name in (record.path, record.token)}
    unknown = [name for name in names if name not in known]
    if unknown:
        there = ", ".join(record.path for record in records)
        meant = did_you_mean(unknown[0], [*(r.path for r in records), *(r.token for r in records)])
        raise TbaError(
            f"{environment} has no token {', '.join(unknown)}",
            or_else(meant, f"take one of: {there}"),
        )
    wanted = (r for r in records if not names or r.path in names or r.token in names)
    return tuple(record.anchored(project) for record in wanted)


def find_one(project: Path, environment: str | None, name: str) -> CredentialRecord:
    """Return the one record that a name means.

    Raises:
        TbaError: No environment is given, the name means no record, or more than one.
    """
    if environment is None:
        raise TbaError("--record needs the environment that declares it", "add --env STACK")
    found = find(project, environment, [name])
    if len(found) > 1:
        raise TbaError(
            f"{environment} has {len(found)} tokens named {name}",
            f"write one of: {', '.join(record.path for record in found)}",
        )
    return found[0]


def current(record: CredentialRecord) -> Held:
    """Return what readers of the record's secret get now.

    Raises:
        ValueNeededError: Nothing is stored, or nothing has passed its checks yet.
        StoreError: The store could not be asked, or holds no credential.
    """
    places = places_of(record)
    described = {kind: place.store.describe(place.name) for kind, place in places.items()}
    snapshots = {kind: _not_empty(places[kind], one) for kind, one in described.items()}
    ours = all(snapshot.owner for snapshot in snapshots.values())
    entries = [entry for snapshot in snapshots.values() for entry in snapshot.journal]
    superseded = frozenset(entry.digest for entry in entries if entry.superseded)
    return Held(read_back(places, {}, record.format, snapshots), ours, superseded)


def signing(record: CredentialRecord) -> TbaCredential:
    """Return the TBA credential that readers of the record's secret get now.

    Raises:
        TbaError: It is a certificate, which signs no call; otherwise as `current`.
    """
    held = current(record).back.credential
    if isinstance(held, TbaCredential):
        return held
    raise TbaError(
        f"{record.path} is a certificate of OAuth 2.0, and signs no call of OAuth 1.0",
        "take `tba verify`, or a session of `tba_secrets.client`",
    )


def current_token_id(record: CredentialRecord) -> Sensitive | None:
    """Return the token id, or the certificate's id, that readers get; None if nothing has passed, or it is deleted.

    Raises:
        StoreError: The store could not be asked: then it is not known who uses a token.
    """
    try:
        return current(record).back.credential.pair("token").identifier
    except (ValueNeededError, ScheduledForDeletionError):
        return None


def places_of(record: CredentialRecord) -> dict[str, Place]:
    """Where a record is kept, for reading: by store, in the order of promotion."""
    return places_in(open_stores(record.stores), record.stores, record.secret)


def _not_empty(place: Place, snapshot: Snapshot | None) -> Snapshot:
    version = snapshot.stages.get(Stage.CURRENT) if snapshot is not None else None
    if snapshot is None or version is None or version == snapshot.placeholder:
        raise ValueNeededError(
            f"{place}: no credential has passed its checks yet, so there is none to read",
            "run `pulumi up` first",
        )
    return snapshot


def expected(record: CredentialRecord) -> Expected:
    """Return what the environment declares of the record."""
    return Expected(
        account=record.account,
        role_name=record.role.name,
        role_id=record.role.id,
        user_email=record.user.email,
        entity=record.user.entity,
        permissions=record.role.permissions,
        accept_unproven=frozenset(record.verify.accept_unproven),
    )
