"""A store -> the credentials in it that can be taken over, and why the others cannot. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tba_secrets.cli.adopt.keys import Recognised, recognise
from tba_secrets.errors import NotOursError, StoreError, TbaError
from tba_secrets.lifecycle.act import admit
from tba_secrets.lifecycle.facts import Remembered
from tba_secrets.places import Place, places_in
from tba_secrets.spec.model import Stores
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import Snapshot, Stage

_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Found:
    """A secret that can be taken over."""

    name: str
    """Under the prefix."""
    place: Place
    location: str
    """The ARN, or mount and path."""
    recognised: Recognised


@dataclass(frozen=True)
class Unfit:
    """A secret that cannot."""

    place: Place
    error: TbaError


def listed(stores: Stores, prefix: str) -> tuple[str, ...]:
    """The names of the secrets under the prefix, without it.

    Raises:
        StoreError: They could not be listed.
    """
    (store,) = open_stores(stores).values()
    return tuple(name.removeprefix(prefix) for name in store.names(prefix))


def look(stores: Stores, names: Iterable[str], account: str) -> list[Found | Unfit]:
    """Read what readers get, some secrets at a time.

    Args:
        stores: The one store.
        names: The secrets' names under its prefix.
        account: The account that they must be for, in realm form.
    """
    opened = open_stores(stores)

    def one(name: str) -> Found | Unfit:
        (place,) = places_in(opened, stores, name, adopt=True).values()
        try:
            return _found(name, place, account)
        except TbaError as error:
            return Unfit(place, error)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(one, names))


def _found(name: str, place: Place, account: str) -> Found:
    snapshot = place.store.describe(place.name)
    if snapshot is None:
        raise StoreError(f"{place} does not exist", "correct its name")
    _refuse_managed(place, snapshot)
    stored = place.store.read(place.name, Stage.CURRENT)
    if stored is None:
        raise StoreError(f"{place} has no current version")
    return Found(name, place, snapshot.location, recognise(stored.value, account, str(place)))


def _refuse_managed(place: Place, snapshot: Snapshot) -> None:
    """Let a secret pass that nothing else manages: `adopt: true` would switch this check off in `pulumi up`."""
    admit(place, snapshot, Remembered())
    if (owner := snapshot.owner) is not None:
        raise NotOursError(
            f"{place} carries the mark of {owner.record} in the stack {owner.stack}: it is managed already",
            "leave it there; or take it out of that stack, and declare it here by hand with `adopt: true`",
        )
    if snapshot.foreign_candidate:
        raise NotOursError(
            f"{place} has a pending version: another rotation is in progress, or was left half done",
            "let it end, or take the pending label off that version, and run it again",
        )
