"""Stores -> facts: one look at each secret, and each version read at most once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import RLock
from time import monotonic
from typing import Final

from tba_secrets.errors import StoreError
from tba_secrets.lifecycle.facts import Content, Seen, Sight
from tba_secrets.netsuite.credential import Credential
from tba_secrets.payload import Names, parse
from tba_secrets.places import Place, Places
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import SecretName, Snapshot, Store, VersionId
from tba_secrets.stores.journal import JournalEntry

_FRESH_SECONDS: Final = 5.0
_Key = tuple[Store, SecretName]
"""A record that changes its region, address or mount has two secrets of one kind and name."""


@dataclass
class Looked:
    """What one run has seen of one record's secrets, kept up to date by its own writes.

    An old look is harmless: every move is a compare-and-set against it, and a refused one makes the run look again.
    """

    snapshots: dict[_Key, Snapshot | None] = field(default_factory=dict)
    texts: dict[tuple[_Key, VersionId], Sensitive] = field(default_factory=dict, repr=False)
    failures: dict[_Key, tuple[float, StoreError]] = field(default_factory=dict, repr=False)
    """Errors of looks ahead, with their time (monotonic): raised only for a caller that was waiting."""
    lock: RLock = field(default_factory=RLock, repr=False)

    def forget(self) -> None:
        """Look again: somebody else moved what was seen."""
        with self.lock:
            self.snapshots.clear()
            self.failures.clear()

    def snapshot(self, place: Place) -> Snapshot | None:
        """Return what a place shows; both resources of a record share one look."""
        with self.lock:
            key = (place.store, place.name)
            at, failure = self.failures.pop(key, (0.0, None))
            if failure is not None and monotonic() - at < _FRESH_SECONDS:
                raise failure
            if key not in self.snapshots:
                self.snapshots[key] = place.store.describe(place.name)
            return self.snapshots[key]

    def look_ahead(self, place: Place) -> None:
        """Look before anybody asks; a caller that asks meanwhile waits for this look, and gets its result."""
        with self.lock:
            try:
                self.snapshot(place)
            except StoreError as error:
                self.failures[(place.store, place.name)] = (monotonic(), error)

    def at(self, places: Places) -> dict[str, Snapshot | None]:
        """Return what each of a record's places shows, by store kind."""
        return {kind: self.snapshot(place) for kind, place in places.items()}

    def lines(self, places: Iterable[Place]) -> Iterator[JournalEntry]:
        """Return the lines of the journals of some places."""
        for place in places:
            snapshot = self.snapshot(place)
            yield from () if snapshot is None else snapshot.journal

    def note(self, place: Place, snapshot: Snapshot | None) -> None:
        """Keep what a write of ours has made of a secret: an acknowledged write is believed."""
        with self.lock:
            self.snapshots[(place.store, place.name)] = snapshot

    def text(self, place: Place, version: VersionId) -> Sensitive | None:
        """Return a version's text, read once; None if the store has it no more."""
        key = ((place.store, place.name), version)
        with self.lock:
            if key not in self.texts:
                stored = place.store.read(place.name, version)
                if stored is None:
                    return None
                self.texts[key] = stored.value
            return self.texts[key]


def look(
    looked: Looked,
    places: Places,
    formats: Iterable[Names] = (),
    needed: Mapping[str, Iterable[VersionId | None]] | None = None,
    account: str | None = None,
) -> Seen:
    """Look at a record's secrets, each as `look_at` does; the versions to read are by store."""
    formats, needed = tuple(dict.fromkeys(formats)), needed or {}
    return {
        kind: look_at(looked, place, formats, needed.get(kind, ()), account)
        for kind, place in places.items()
    }


def look_at(
    looked: Looked,
    place: Place,
    formats: Iterable[Names] = (),
    needed: Iterable[VersionId | None] = (),
    account: str | None = None,
) -> Sight:
    """Look at one secret.

    Args:
        looked: What this run has seen already.
        place: The secret.
        formats: The keys under which a credential may be stored, the likeliest first.
        needed: The versions to read; None is passed over.
        account: The account of an object that does not say its own; None if it has to.
    """
    contents = {}
    for version in filter(None, needed):
        if (text := looked.text(place, version)) is not None:
            contents[version] = Content(text, _parsed(text, formats, account))
    return Sight(str(place), looked.snapshot(place), contents)


def _parsed(text: Sensitive, formats: Iterable[Names], account: str | None) -> Credential | None:
    """Parse a text; None if it is no credential, which is never an error that hides NetSuite's verdict."""
    for names in formats:
        with suppress(StoreError):
            return parse(text, names, "", account)
    return None
