"""Store settings and a secret's name -> the places: one in each store, in the order of promotion."""

from __future__ import annotations

from collections.abc import Mapping

from tba_secrets.errors import StoreError
from tba_secrets.spec.model import AwsStore, Stores, VaultStore
from tba_secrets.stage import Place
from tba_secrets.stores.interface import OwnerMark, SecretName, Store

_NOBODY = OwnerMark(stack="", record="", claim="")


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
    """A place in each store, by kind, in the order in which they are promoted.

    Args:
        opened: The stores by kind, as `stores.open_stores` opens them.
        stores: Their settings, as in the YAML.
        secret: The secret's name under each store's prefix.
        mark: Who we are; the default is for reading only.
        adopt: A secret that is not ours may be taken over.
        restore: A secret that is scheduled for deletion may be restored.
        description: Written on the secret.
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
    """The prefix of one store."""
    return str(getattr(stores, kind).prefix)


def reference(stores: Stores, secret: str) -> str:
    """Names the places in words that do not change from run to run: part of the digest key."""
    return ";".join(
        f"{kind}:{_whereabouts(settings)}:{settings.prefix}{secret}"
        for kind, settings in sorted(stores.listed.items())
    )


def _whereabouts(settings: AwsStore | VaultStore) -> str:
    return settings.region if isinstance(settings, AwsStore) else settings.mount
