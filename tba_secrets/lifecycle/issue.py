"""Issue a token without losing it: a line of intent is written before NetSuite is asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from tba_secrets.errors import StoreError
from tba_secrets.lifecycle import act
from tba_secrets.lifecycle.facts import Declared, Note
from tba_secrets.lifecycle.look import Looked
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.revocation import Revocation
from tba_secrets.places import Place, Places
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.journal import INTENT, JournalEntry, Retirement
from tba_secrets.stores.versions import Terms, terms_of


@dataclass
class Issuing:
    """The issuing of one token, for the run that asks NetSuite for it."""

    declared: Declared
    places: Places
    looked: Looked
    now: Callable[[], int]
    """Epoch seconds."""
    proceed: act.Proceed
    nonce: str = ""
    """The nonce of the line of intent; empty until that is written."""

    @property
    def _place(self) -> Place:
        """The store that keeps the line: the first one."""
        return next(iter(self.places.values()))

    def intend(self) -> None:
        """Write the line of intent: a kill after NetSuite has issued a token must not lose it.

        Raises:
            StoreError: It could not be written, so NetSuite must not be asked.
        """
        act.claim(self.looked, self._place, self.proceed)
        self.nonce = secrets.token_hex(8)
        now = self.now()
        line = JournalEntry(f"{INTENT}{self.nonce}", self.nonce, now, now, Retirement.INTENT)
        self._note(line, self.proceed)

    def is_stored(self) -> bool:
        """Return whether a store holds the token in spite of a failure: an answer may have been lost."""
        self.looked.forget()
        snapshots = self.looked.at(self.places).values()
        versions = (v for one in snapshots if one is not None for v in one.stages.values())
        nonces = {(terms_of(version) or Terms()).nonce for version in versions}
        return bool(self.nonce) and self.nonce in nonces

    def take_back(
        self, issued: Pair, consumer: Pair, revoke: Callable[[Credential], Revocation]
    ) -> Revocation:
        """Revoke the token by its own signature, and close the line where NetSuite has confirmed it."""
        done = revoke(self.declared.credential(consumer, issued))
        if done.confirmed:
            for line in list(self.looked.lines([self._place])):
                if line.digest == self.nonce and line.state is Retirement.INTENT:
                    with suppress(StoreError):  # the line is left to the next run
                        self._note(replace(line, state=Retirement.REVOKED), lambda: None)
        return done

    def _note(self, line: JournalEntry, proceed: act.Proceed) -> None:
        notes = [Note(self._place.store.kind, line)]
        act.carry_out(self.looked, self._place, notes, self.declared, proceed)
