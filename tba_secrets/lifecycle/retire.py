"""Superseded tokens -> revoked: each by its own signature, once, and written down in every store that has its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tba_secrets.errors import ConflictError, NotAskedError, StoreError
from tba_secrets.lifecycle import act
from tba_secrets.lifecycle.facts import TOKEN, Declared, Note
from tba_secrets.lifecycle.look import Looked, look, look_at
from tba_secrets.lifecycle.superseded import AFTER_REVOCATION, Lines, retiring
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.netsuite.revocation import Revocation
from tba_secrets.payload import Names
from tba_secrets.places import Places
from tba_secrets.rotation import Superseded, when
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import VersionId
from tba_secrets.stores.journal import Retirement


@dataclass(frozen=True)
class RetireRun:
    """Retires what is due of one record, whether a resource manages it or its stack has left it behind."""

    declared: Declared
    places: Places
    looked: Looked
    formats: tuple[Names, ...]
    """Under which keys a superseded version may have been written."""
    revoke: Callable[[Credential, Credential], Revocation]
    """Revokes the first one's token, in its user's turn; the second one is current."""
    in_use: Callable[[Sensitive], str | None]
    """The record, if any, whose current credential has a token id."""
    proceed: act.Proceed

    def run(self, current: Credential, now: int, *, at_once: bool, by_hand: bool) -> Iterator[str]:
        """Do what is due, and say what was done, token by token.

        `current` is what readers get: its consumer pair signs. `now` are epoch seconds. `at_once` revokes what is still
        in its overlap, too; `by_hand` closes what a person has revoked in NetSuite, and asks nobody.

        Raises:
            StoreError: A line could not be written; what was revoked stands in the stores that took it.
        """
        seen = look(self.looked, self.places)
        closing, due = retiring(self.declared, seen, current, now, at_once=at_once, by_hand=by_hand)
        for note in closing:
            self._note(note)
            yield f"{self.places[note.store]}: noted as {note.entry.state.value}"
        for lines in due:
            try:
                yield self._revoked(lines, current)
            except NotAskedError as error:
                # a refused revoke has ended the user's turn: a later run goes on
                yield error.what

    def _revoked(self, lines: Lines, current: Credential) -> str:
        store, line = lines[0]
        place = self.places[store]
        old = self._superseded(lines)
        if old is None:
            self._note_all(lines, Retirement.PERSON)
            return f"{place}: the superseded version is gone, so its token cannot sign its own revoke: a person has to"
        if (user := self.in_use(old.pair(TOKEN).identifier)) is not None:
            return f"{place}: the superseded token is what {user} uses now: it is not revoked"
        self.proceed()
        done = self.revoke(old, current)
        if (after := AFTER_REVOCATION.get(done.outcome)) is not None:
            self._note_all(lines, after)
        told = str(done).removeprefix(f"{self.declared.record}: ")
        noun = Superseded.of(certified=isinstance(old, OAuth2Credential)).noun
        return f"the {noun} superseded {when(line.superseded_at)}: {told}"

    def _superseded(self, lines: Lines) -> Credential | None:
        """Read the superseded credential from the first store that still has it."""
        for store, line in lines:
            version = VersionId(line.version)
            sight = look_at(self.looked, self.places[store], self.formats, [version])
            if (held := sight.credential(version)) is not None:
                return held
        return None

    def _note_all(self, lines: Lines, state: Retirement) -> None:
        """Write the outcome in every store: what one line says of a token holds for all."""
        failed: StoreError | None = None
        for store, line in lines:
            try:
                self._note(Note(store, replace(line, state=state)))
            except ConflictError:
                raise
            except StoreError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _note(self, note: Note) -> None:
        act.carry_out(self.looked, self.places[note.store], [note], self.declared, self.proceed)
