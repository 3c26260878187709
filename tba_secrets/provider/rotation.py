"""What `tba rotate` asks of the provider that it serves itself: a new token, had while the engine holds its lock.

The new pair passes in this process's memory alone. It is no input: a plain `pulumi up` afterwards sees no change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tba_secrets.errors import ConflictError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse
from tba_secrets.sources.interface import Pair
from tba_secrets.spec.model import Format
from tba_secrets.stage import Place
from tba_secrets.stores.interface import Stage


@dataclass(frozen=True, repr=False)
class Rotation:
    """A new token pair for one record."""

    obtain: Callable[[TbaCredential], Pair]
    """Gets it, given the credential that is in the store: its consumer pair signs the authorization flow."""
    issued: bool
    """NetSuite issues it now: no source can give it again, so a refused one is kept."""


def rotated(
    rotation: Rotation, places: dict[str, Place], held: TbaCredential, names: Format
) -> Pair:
    """The pair to stage: a candidate of ours that an earlier, killed rotation left, else a new one.

    Args:
        rotation: What was asked for.
        places: Where the record is.
        held: The credential that state names.
        names: The keys of the stored object.

    Raises:
        ConflictError: The new pair is the one that is there already.
    """
    for place in places.values():
        snapshot = place.store.describe(place.name)
        if snapshot is None or snapshot.foreign_candidate or Stage.CANDIDATE not in snapshot.stages:
            continue
        waiting = place.store.read(place.name, snapshot.stages[Stage.CANDIDATE])
        if waiting is not None:
            left = parse(waiting.value, names, str(place))
            return Pair(left.token_id, left.token_secret)
    pair = rotation.obtain(held)
    if pair.identifier == held.token_id:
        raise ConflictError(
            "the new token is the one that is current", "create another token in NetSuite"
        )
    return pair
