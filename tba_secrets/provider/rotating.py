"""Which credential a rotation stages: what an earlier, killed run left, else one with a new pair."""

from __future__ import annotations

from dataclasses import dataclass

from tba_secrets.errors import ConflictError, ValueNeededError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse
from tba_secrets.provider.intents import Rotation
from tba_secrets.provider.wanted import Wanted, consumer_pair, token_pair
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.interface import Snapshot, Stage
from tba_secrets.stores.versions import is_placeholder


@dataclass(frozen=True)
class Rotating:
    """One record, and what was asked for."""

    wanted: Wanted
    rotation: Rotation

    def credential(self) -> TbaCredential:
        """What is to be staged. A token is only obtained where no earlier run has left one.

        Raises:
            ConflictError: The new pair is the one that is there already, or was superseded before.
            ValueNeededError: For the very first credential: nothing gives the other pair.
            NotOursError: For the very first credential: the secret is not ours to write.
        """
        wanted, record = self.wanted, self.wanted.inputs.record
        if (promoted := self._promoted_before_a_kill()) is not None:
            return promoted
        new = self._waiting() or self._with_new_pair()
        if wanted.key.pair(token_pair(new)) in wanted.superseded():
            raise ConflictError(
                f"{record}: the new token is one that was superseded before",
                "create another token in NetSuite; to go back to the previous one: `tba rollback`",
            )
        return new

    def _promoted_before_a_kill(self) -> TbaCredential | None:
        """What an earlier rotation has promoted without living to say so."""
        for kind, place in self.wanted.places.items():
            snapshot = place.store.describe(place.name)
            if snapshot is not None and self._is_news(kind, snapshot):
                stored = place.store.read(place.name, Stage.CURRENT)
                if stored is not None:
                    return parse(stored.value, self.wanted.format_before(), str(place))
        return None

    def _is_news(self, kind: str, snapshot: Snapshot) -> bool:
        """What is current has passed, and state does not know: its predecessor, which state still names as the one that
        passed last, is in the journal; or a rotation brought the very first, and no proof is in state at all."""
        current, old = snapshot.stages.get(Stage.CURRENT), self.wanted.old
        known = self.wanted.host.proven.get(self.wanted.inputs.record)
        if current is None or is_placeholder(current):
            return False
        if known is None:
            return bool(old.get("rotation")) and current == old["versions"].get(kind)
        superseded = [one.version for one in snapshot.journal if one.superseded]
        return current != known.get(kind) and known.get(kind) in superseded

    def _waiting(self) -> TbaCredential | None:
        """A candidate of ours that an earlier, killed rotation left."""
        for place in self.wanted.places.values():
            snapshot = place.store.describe(place.name)
            if (
                snapshot is None
                or snapshot.foreign_candidate
                or Stage.CANDIDATE not in snapshot.stages
            ):
                continue
            waiting = place.store.read(place.name, snapshot.stages[Stage.CANDIDATE])
            if waiting is not None:
                return parse(waiting.value, self.wanted.format_before(), str(place))
        return None

    def _with_new_pair(self) -> TbaCredential:
        record, part = self.wanted.inputs.record, self.rotation.part
        held = self.wanted.held()
        if held is None:
            return self._first()
        pair = self._obtain(consumer_pair(held))
        new = held.with_pair(part, pair.identifier, pair.secret)
        if new == held and self._passed():
            raise ConflictError(
                f"{record}: the new {part} pair is the one that is in the store already",
                "create another one in NetSuite, and give that",
            )
        return new

    def _passed(self) -> bool:
        """What is held is what state names as the one that passed last; else a killed run has not lived to say so."""
        versions, proven = self.wanted.old.get("versions", {}), self.wanted.proven()
        return not proven or versions == proven

    def _first(self) -> TbaCredential:
        """The record's very first credential: a new token, for the consumer pair that its source gives."""
        inputs = self.wanted.inputs
        consumer = self.wanted.host.sources.read(inputs.consumer)
        if self.rotation.part == "consumer" or consumer is None:
            raise ValueNeededError(
                f"{inputs.record}: there is no credential yet, and its consumer's source has no value",
                "give the consumer's source its value, and run `tba rotate` for the token",
            )
        token = self._obtain(consumer)
        return TbaCredential(
            inputs.account, consumer.identifier, consumer.secret, token.identifier, token.secret
        )

    def _obtain(self, consumer: Pair) -> Pair:
        """The new pair, and a note that it was this run that brought it."""
        pair = self.rotation.obtain(consumer)
        self.wanted.host.brought.add(self.wanted.inputs.record)
        return pair
