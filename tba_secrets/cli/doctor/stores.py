"""Check the stores of one environment: that they answer, our permissions, their clocks.

A login to Vault counts like any run's against a secret id of limited uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tba_secrets.cli.doctor.clocks import measured
from tba_secrets.cli.doctor.finding import DoctorFinding, of_error, ok
from tba_secrets.cli.prose import counted
from tba_secrets.errors import ScheduledForDeletionError, StoreError
from tba_secrets.lifecycle.act import refuse_deleted
from tba_secrets.places import Place, places_in
from tba_secrets.records import CredentialRecord
from tba_secrets.spec.model import AwsSettings, Stores, VaultSettings
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import Store

_TRIES: Final = 2
"""Tries of each AWS call: the user waits for the answer."""


def look(records: Sequence[CredentialRecord]) -> Iterator[DoctorFinding]:
    """Check each store for all of its secrets. Nothing is written, and no value is read."""
    places: dict[str, list[Place]] = {}
    for record in records:
        stores, restore = record.stores, record.restore
        here = places_in(open_stores(stores), stores, record.secret, restore=restore)
        for kind, place in here.items():
            places.setdefault(kind, []).append(place)
    for kind, settings in records[0].stores.listed.items():
        yield from _look(kind, settings, places[kind])


def _look(
    kind: str, settings: AwsSettings | VaultSettings, places: list[Place]
) -> Iterator[DoctorFinding]:
    try:
        store = _opened(kind, settings)
        found = store.preflight([place.name for place in places])
        shown = ", ".join(f"{name}: {text}" for name, text in found.settings.items())
        count = counted(len(places), "secret")
        yield ok(f"{kind}: as {found.identity}; may look up {count} ({shown})")
        yield from _deleted(store, places)
    except StoreError as error:
        yield of_error(error)
    address = _address(settings)
    if address is not None:
        yield measured(address, f"{kind}'s")


def _deleted(store: Store, places: list[Place]) -> Iterator[DoctorFinding]:
    """Name the secrets that are deleted, or are going to be: `up` would refuse them."""
    seen = store.describe_many([place.name for place in places])
    for place in places:
        try:
            if (snapshot := seen[place.name]) is not None:
                refuse_deleted(place, snapshot)
        except ScheduledForDeletionError as error:
            yield of_error(error)


def _opened(kind: str, settings: AwsSettings | VaultSettings) -> Store:
    if isinstance(settings, VaultSettings):
        return open_stores(Stores.model_validate({kind: settings}))[kind]
    from tba_secrets.stores.aws import AwsStore
    from tba_secrets.stores.aws.session import Transport

    return AwsStore(settings, transport=Transport(total_max_attempts=_TRIES, read_timeout=10))


def _address(settings: AwsSettings | VaultSettings) -> str | None:
    """Return the store's address; None if the SDK does not know it, which the preflight has reported."""
    if isinstance(settings, VaultSettings):
        return settings.address_url
    from botocore.exceptions import BotoCoreError, ClientError

    from tba_secrets.stores.aws.session import Transport, open_clients

    try:
        return str(open_clients(settings, Transport()).secretsmanager.meta.endpoint_url)
    except (StoreError, BotoCoreError, ClientError):
        return None
