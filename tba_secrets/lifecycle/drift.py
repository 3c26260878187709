"""Drift: what the stores show now, held against the version that state names. Judged without reading a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tba_secrets.places import Place
from tba_secrets.stores.interface import Snapshot, Stage, VersionId
from tba_secrets.stores.journal import Retirement
from tba_secrets.stores.versions import short

Snapshots = Mapping[str, Snapshot | None]


def missing(
    places: Mapping[str, Place],
    snapshots: Snapshots,
    versions: Mapping[str, str],
    allowed: Iterable[Stage],
) -> dict[str, str]:
    """Return, by store kind, what is there where the version in state has none of the `allowed` stages."""
    stages = tuple(allowed)
    found = {}
    for kind, place in places.items():
        snapshot, version = snapshots[kind], versions.get(kind)
        if snapshot is None:
            found[kind] = f"{place} is gone"
        elif snapshot.deleted is not None:
            found[kind] = f"{place} is {snapshot.deleted}"
        elif version is None or version not in [snapshot.stages.get(stage) for stage in stages]:
            found[kind] = _instead(place, snapshot)
    return found


def unsettled(places: Mapping[str, Place], snapshots: Snapshots) -> dict[str, str]:
    """Return, by store kind, what to look into where a run was killed while NetSuite issued a token."""
    return {
        kind: f"{place}: a run was killed while NetSuite was asked for a token"
        for kind, place in places.items()
        if (snapshot := snapshots[kind]) is not None
        and any(line.state is Retirement.INTENT for line in snapshot.journal)
    }


def held_now(kind: str, snapshot: Snapshot | None, version: str, before: VersionId | None) -> str:
    """Say what readers get after a half promotion: `vault still holds the one before`."""
    current = snapshot.stages.get(Stage.CURRENT) if snapshot is not None else None
    if current == version:
        return f"{kind} holds the new one"
    if snapshot is None or current in (None, snapshot.placeholder):
        return f"{kind} holds none yet"
    if current == before:
        return f"{kind} still holds the one before"
    return f"{kind} holds one that somebody else wrote"


def _instead(place: Place, snapshot: Snapshot) -> str:
    current = snapshot.stages.get(Stage.CURRENT)
    if current is None:
        return f"{place} has no current version"
    if current == snapshot.placeholder:
        return f"{place} holds no credential yet"
    return f"{place}: current is {short(current)}"
