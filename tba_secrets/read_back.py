"""Read a credential back from its stores: NetSuite is asked with what they give, never with what was sent to them.

It writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tba_secrets.errors import ConflictError, ValueNeededError
from tba_secrets.payload import AnyCredential, Names, parse, same_content
from tba_secrets.places import Places
from tba_secrets.stores.interface import Snapshot, Stage, VersionId


@dataclass(frozen=True)
class ReadBack:
    """One credential as every store gives it back, and the version that holds it in each."""

    credential: AnyCredential
    versions: Mapping[str, VersionId]
    """The version that was read, by store kind."""
    current: Mapping[str, VersionId | None]
    """The version that was current at that moment: what a promotion replaces, or fails."""


def read_back(
    places: Places,
    versions: Mapping[str, VersionId],
    names: Names,
    snapshots: Mapping[str, Snapshot | None],
) -> ReadBack:
    """Read the versions to prove from every store; they must hold the same.

    A store that `versions` does not name gives its current version. `snapshots` are what a look at each showed.

    Raises:
        ValueNeededError: A version is gone, or is the placeholder.
        ConflictError: Two stores hold different contents.
    """
    found = {}
    current = {}
    for kind, place in places.items():
        snapshot = snapshots[kind]
        current[kind] = snapshot.stages.get(Stage.CURRENT) if snapshot else None
        wanted = versions.get(kind, Stage.CURRENT)
        stored = place.store.read(place.name, wanted)
        if stored is None:
            raise ValueNeededError(
                f"{place}: the version to be tested is gone",
                "run `pulumi up` again with the token's source at hand, which writes it anew",
            )
        if snapshot is not None and stored.version == snapshot.placeholder:
            raise ValueNeededError(
                f"{place} holds no credential yet: none has passed its checks",
                "give its source a value, and run `pulumi up`",
            )
        found[kind] = stored
    first_kind, first = next(iter(found.items()))
    for kind, stored in found.items():
        if not same_content(first.value, stored.value):
            raise ConflictError(
                f"{places[first_kind]} and {places[kind]} hold different candidates",
                "run `pulumi up` again, which writes both from one source",
            )
    return ReadBack(
        credential=parse(first.value, names, str(places[first_kind])),
        versions={kind: stored.version for kind, stored in found.items()},
        current=current,
    )
