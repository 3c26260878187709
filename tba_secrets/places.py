"""Store settings and a secret's name -> the places: one in each store, in the order of promotion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tba_secrets.errors import StoreError
from tba_secrets.spec.model import Stores
from tba_secrets.stores.interface import OwnerMark, SecretName, Store

_NOBODY = OwnerMark(stack="", record="", claim="")


@dataclass(frozen=True)
class Place:
    """Where one record is kept in one store, and on what terms."""

    store: Store
    name: SecretName
    mark: OwnerMark
    adopt: bool = False
    """A secret that is not ours may be taken over."""
    restore: bool = False
    """A secret that is scheduled for deletion may be restored."""
    description: str | None = None

    def __str__(self) -> str:
        return f"{self.store.kind} secret {self.name}"


Places = Mapping[str, Place]
"""By store kind, in the order of promotion."""


def places_in(
    opened: Mapping[str, Store],
    stores: Stores,
    secret: str,
    mark: OwnerMark = _NOBODY,
    *,
    adopt: bool = False,
    restore: bool = False,
    description: str | None = None,
) -> dict[str, Place]:
    """Return a place in each store that `stores.open_stores` opened, by kind, in the order of promotion.

    Without a mark, which says who we are, they are for reading and deleting, not for claiming.
    """
    if not opened:
        raise StoreError("no store is declared", "declare `store: {aws: {region: ...}}`")
    return {
        kind: Place(
            store, SecretName(prefix(stores, kind) + secret), mark, adopt, restore, description
        )
        for kind, store in opened.items()
    }


def prefix(stores: Stores, kind: str) -> str:
    """Return the prefix of one store."""
    return str(getattr(stores, kind).prefix)
