"""What a source's value means for its part of a credential: is it new, unchanged, or superseded? No IO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum, auto

from tba_secrets.digest import DigestKeys
from tba_secrets.sources.interface import Pair


class Offer(Enum):
    """What a source's value means for its part."""

    ABSENT = auto()
    """The source has no value: the part is kept."""
    HELD = auto()
    """It is what readers have."""
    UNCHANGED = auto()
    """It is what the source gave last: nothing that happened since is undone."""
    STALE = auto()
    """It was superseded under a policy, or left by a rollback: only a person brings it back."""
    UNKNOWN = auto()
    """The digest seen last was made under a key that is not at hand: counts as unchanged, and is said."""
    NEW = auto()
    """The source gives another value."""


def judge(
    keys: DigestKeys,
    pair: Pair | None,
    seen_last: str | None,
    *,
    held: bool = False,
    barred: bool = False,
    stored: str | None = None,
    foreign: bool = False,
) -> Offer:
    """Say what a source's value means.

    Args:
        keys: The record's digest keys.
        pair: The value.
        seen_last: The digest of what the source gave last; None if that is not known.
        held: The record holds this value.
        barred: A line of the journal says that it was superseded.
        stored: The digest of what was staged last; None if that is not to be compared.
        foreign: Others wrote what the record holds: no rotation of ours, which an unchanged source would undo.
    """
    if pair is None:
        return Offer.ABSENT
    if held:
        return Offer.HELD
    if barred:
        return Offer.STALE
    if seen_last is None:
        return Offer.NEW
    same = keys.same(seen_last, pair)
    if same is None:
        return Offer.UNKNOWN
    if same and not foreign and keys.same(stored, pair) is not True:
        return Offer.UNCHANGED
    return Offer.NEW  # another value, or the one that was staged last and did not pass


def calls_for_update(
    offers: Mapping[str, Offer],
    digests: Mapping[str, str],
    seen_last: Mapping[str, str],
    stored: Mapping[str, str],
) -> bool:
    """Return whether a part's source gives anything that is to be staged.

    The `digests` are of what the sources give now, or gave last where they have no value.
    """
    return any(
        digest not in (seen_last.get(part), stored.get(part))
        if offers.get(part, Offer.ABSENT) is Offer.ABSENT
        else offers[part] in (Offer.NEW, Offer.UNKNOWN)
        for part, digest in digests.items()
    )


def unused(offers: Mapping[str, Offer], places: Mapping[str, str]) -> Iterator[str]:
    """Say which source's value is not used, and why; `places` names the source of each part."""
    for part, offer in offers.items():
        if offer is Offer.STALE:
            yield (
                f"its source ({places[part]}) still gives a superseded {part}: it is not used until the source gives "
                "another one"
            )
        elif offer is Offer.UNKNOWN:
            yield (
                f"whether the {part} from its source is new cannot be told, since `tba:digestKey` was changed: it "
                "counts as unchanged. Set `tba:previousDigestKey` to the old key for one run, or run `tba rotate`"
            )
