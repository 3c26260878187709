"""Superseded tokens: journalled before their successor is promoted, revoked once their time has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tba_secrets.netsuite import Revocation
from tba_secrets.payload import parse
from tba_secrets.provider.intents import Retire
from tba_secrets.provider.proof import Proof
from tba_secrets.provider.wanted import token_pair
from tba_secrets.retire import due, retire
from tba_secrets.stage import Place
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import is_placeholder
from tba_secrets.verify import ReadBack


@dataclass(frozen=True)
class Superseded:
    """One record's superseded tokens."""

    proof: Proof
    now: int
    """Epoch seconds."""

    def note(self, overlap_seconds: int, place: Place, back: ReadBack) -> None:
        """Journal the token that is current, before its successor is."""
        kind, names = place.store.kind, self.proof.inputs.format
        current = back.current[kind]
        if current is None or is_placeholder(current) or current == back.versions[kind]:
            return
        stored = place.store.read(place.name, current)
        if stored is None:
            return
        old = parse(stored.value, names, str(place))
        if old.token_id == back.credential.token_id:
            return
        entry = JournalEntry(
            version=current,
            digest=self.proof.digest_key.pair(token_pair(old)),
            since=self.now,
            revoke_after=self.now + overlap_seconds,
        )
        place.store.note(place.name, entry)

    def restored(self, place: Place, back: ReadBack) -> None:
        """A rollback has made it current again: it is not to be revoked any more."""
        for entry in _journal(place):
            if entry.open and entry.version == back.versions[place.store.kind]:
                place.store.note(place.name, replace(entry, state=Retirement.RESTORED))

    def retire(self, intent: Retire, places: Mapping[str, Place], back: ReadBack) -> list[str]:
        """Revoke what is due; the same token in another store is not asked about twice.

        Returns:
            What became of each, in words.
        """
        if intent.by_hand:
            return [
                self._closed(place, entry)
                for place in places.values()
                for entry in _journal(place)
                if entry.state is Retirement.PERSON
            ]
        words: list[str] = []
        done: dict[str, Retirement] = {}
        for place in places.values():
            snapshot = place.store.describe(place.name)
            for entry in due(snapshot, self.now, at_once=intent.at_once) if snapshot else ():
                self.proof.host.proceed()
                if entry.digest in done:
                    place.store.note(place.name, replace(entry, state=done[entry.digest]))
                    continue
                words.append(self._retire(intent, place, entry, back))
                done |= {
                    one.digest: one.state
                    for one in _journal(place)
                    if one.version == entry.version and one.state is not Retirement.OVERLAP
                }
        return words

    def _closed(self, place: Place, entry: JournalEntry) -> str:
        self.proof.host.proceed()
        place.store.note(place.name, replace(entry, state=Retirement.REVOKED))
        return f"{place}: noted as revoked by hand"

    def _retire(self, intent: Retire, place: Place, entry: JournalEntry, back: ReadBack) -> str:
        names = self.proof.inputs.format
        with self.proof.turn() as turn:
            done = retire(place, entry, back.credential, names, intent.in_use, self.proof.client)
            if isinstance(done, Revocation) and done.login_refused:
                turn.refused()
        return str(done)


def _journal(place: Place) -> tuple[JournalEntry, ...]:
    snapshot = place.store.describe(place.name)
    return snapshot.journal if snapshot is not None else ()
