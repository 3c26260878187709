"""What becomes of a candidate that NetSuite has refused: a 401 is no verdict on the value, so none is lost for it.

1. NetSuite has issued it in this very run: kept, and the next run tests it again.
2. Its source, or whoever has just typed it, can give it again; or its token is the current one: discarded.
3. Otherwise a plain `pulumi up` keeps it, and a rotation that has taken it up lets it go to make room for another
   one: journalled first, for a person to revoke.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tba_secrets.errors import SourceError, StoreError
from tba_secrets.payload import parse
from tba_secrets.provider.intents import Rotation
from tba_secrets.provider.proof import Proof
from tba_secrets.provider.wanted import token_pair
from tba_secrets.sources.interface import Pair
from tba_secrets.stage import Place
from tba_secrets.stores.interface import Stage
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.versions import is_placeholder
from tba_secrets.verify import ReadBack

_KEPT: Final = "and the candidate is kept, for no source can give it again"
_ORPHAN: Final = (
    "the candidate was discarded, and is in the journal: no source can give it again, so a person has to look its "
    "token up in NetSuite (Setup > Users/Roles > Access Tokens), and revoke it"
)


@dataclass(frozen=True)
class Refused:
    """One refused candidate."""

    proof: Proof
    places: Mapping[str, Place]
    back: ReadBack
    now: int
    """Epoch seconds."""

    def settle(self) -> str:
        """Do what is to be done with it; in words."""
        host, inputs = self.proof.host, self.proof.inputs
        intent, brought = host.intents.get(inputs.record), inputs.record in host.brought
        if inputs.keep_candidate or (brought and isinstance(intent, Rotation) and intent.issued):
            return _KEPT
        if brought or self._can_be_had_again():
            return self._discarded("the candidate was discarded")
        if not isinstance(intent, Rotation):
            return _KEPT
        try:
            self._journal()
        except StoreError as failure:
            return f"{_KEPT}, and it is not in the journal ({failure.what})"
        return self._discarded(_ORPHAN)

    def _can_be_had_again(self) -> bool:
        """Its source gives the token, or it is what is current; yes where nobody knows its source."""
        source = self.proof.host.token_sources.get(self.proof.inputs.record)
        if source is None:
            return True
        try:
            given = self.proof.host.sources.read(source)
        except SourceError:
            given = None
        known = [*self._current_tokens(), *([given] if given is not None else [])]
        mine = self._token
        return any((one.identifier, one.secret) == (mine.identifier, mine.secret) for one in known)

    def _current_tokens(self) -> list[Pair]:
        """What readers get; the placeholder is no credential."""
        tokens = []
        for place in self._unpromoted:
            stored = place.store.read(place.name, Stage.CURRENT)
            if stored is not None and not is_placeholder(stored.version):
                held = parse(stored.value, self.proof.inputs.format, str(place))
                tokens.append(token_pair(held))
        return tokens

    def _journal(self) -> None:
        digest = self.proof.digest_key.pair(self._token)
        for place in self._unpromoted:
            version = self.back.versions[place.store.kind]
            entry = JournalEntry(version, digest, self.now, self.now, Retirement.PERSON)
            place.store.note(place.name, entry)

    def _discarded(self, done: str) -> str:
        left = []
        for place in self._unpromoted:
            try:
                place.store.discard(place.name, self.back.versions[place.store.kind])
            except StoreError as failure:
                left.append(failure.what)
        return f"but the candidate was not discarded ({'; '.join(left)})" if left else f"and {done}"

    @property
    def _unpromoted(self) -> list[Place]:
        """Where it is not current."""
        return [
            place
            for kind, place in self.places.items()
            if self.back.current[kind] != self.back.versions[kind]
        ]

    @property
    def _token(self) -> Pair:
        return token_pair(self.back.credential)
