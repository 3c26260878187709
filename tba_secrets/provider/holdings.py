"""Which store holds what, in words, after a promotion that did not end in all of them."""

from __future__ import annotations

from collections.abc import Container, Mapping

from tba_secrets.errors import StoreError
from tba_secrets.stage import Place
from tba_secrets.stores.interface import Stage
from tba_secrets.verify import ReadBack


def who_holds_what(places: Mapping[str, Place], back: ReadBack, done: Container[str]) -> str:
    """What readers get from each store now: `aws holds the new one, vault still holds the one before`.

    Args:
        places: By store kind, in the order of promotion.
        back: What was to be promoted, and what was current before.
        done: The kinds that were promoted; the others are asked.
    """
    return ", ".join(
        f"{kind} {'holds the new one' if kind in done else _holding(place, back)}"
        for kind, place in places.items()
    )


def _holding(place: Place, back: ReadBack) -> str:
    kind = place.store.kind
    try:
        snapshot = place.store.describe(place.name)
    except StoreError:
        return "cannot be asked what it holds"
    current = snapshot.stages.get(Stage.CURRENT) if snapshot is not None else None
    if current == back.versions[kind]:
        return "holds the new one"
    if snapshot is None or current in (None, snapshot.placeholder):
        return "holds none yet"
    if current == back.current[kind]:
        return "still holds the one before"
    return "holds one that somebody else wrote"
