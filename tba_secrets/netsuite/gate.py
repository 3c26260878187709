"""Serialise the calls of each user on one machine, and record each call before it is sent.

1. The user's turn: in this process by a queue, beside other processes by a lock.
2. What the machine's file and the states know of refusals is counted.
3. The attempt is recorded.
4. The caller asks.
5. The attempt is struck out, unless NetSuite refused it, or may have: an answer that was lost counts as a refusal,
   and so does one that a killed run did not live to hear.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Condition
from typing import Final

from tba_secrets.errors import AuthenticationRefusedError, NetSuiteUnreachableError, NotAskedError
from tba_secrets.netsuite.concurrency import PROCESS_CONCURRENCY, Concurrency
from tba_secrets.netsuite.lockout import Ledger, Refusal, Who
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.sensitive import Fingerprint

_POLL_SECONDS: Final = 0.1


class Turn:
    """The right to call NetSuite for one user, held inside `Gate.admit`."""

    was_refused = False
    counts = False
    """The attempt stays on record."""

    def refused(self) -> None:
        """NetSuite refused the login: the user is not asked again in this run. Calling it twice counts once."""
        self.was_refused = self.counts = True

    def unanswered(self) -> None:
        """Note that what was signed and sent has no answer: it may have been a refused login, and counts as one."""
        self.counts = True


class Gate:
    """Lets signed calls through, one user's one after another. For threads of one process, beside other processes.

    Args:
        clock: Epoch seconds.
        concurrency: How many users of an account are asked side by side; that of this process if None.
        logins: The file that all runs of this machine share; the current user's if None.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        concurrency: Concurrency | None = None,
        logins: RefusedLogins | None = None,
    ) -> None:
        self._clock = clock
        self._concurrency = concurrency if concurrency is not None else PROCESS_CONCURRENCY
        self._logins = logins if logins is not None else RefusedLogins.at_home()
        self._changed = Condition()
        self._ledger = Ledger()
        self._queues: dict[Who, list[object]] = {}
        self._running: Counter[str] = Counter()

    @contextmanager
    def admit(
        self,
        account: str,
        user: str,
        record: str,
        fingerprint: Fingerprint,
        known_refusals: Sequence[Refusal] = (),
        cancelled: Callable[[], bool] = lambda: False,
        unrecorded: Callable[[str], None] | None = None,
    ) -> Iterator[Turn]:
        """Wait for the user's turn and a free place of the account, hold both, and record the attempt.

        An `AuthenticationRefusedError` that leaves the block counts as `turn.refused()`. The user is an e-mail address
        or entity id, the same for all records of one user. `cancelled` is asked while waiting, ten times a second.
        `unrecorded` is called with a warning if the machine's file cannot be written, in a run that also records
        refusals in state; it is None in any other run, which then does not ask.

        Raises:
            NotAskedError: The user may not be asked, the attempt could not be recorded, or `cancelled` said so.
        """
        who = Who.of(account, user)
        with self._changed:
            self._ledger.learn(who, known_refusals)
        with (
            self._place(who, record, cancelled),
            self._attempt(who, record, fingerprint, unrecorded) as turn,
        ):
            yield turn

    def limit(self, account: str, most_users: int | None) -> None:
        """Take over how many users of an account may be asked side by side, if that is declared."""
        if most_users is not None:
            self._concurrency.limit(account, most_users)

    def remember(self, account: str, user: str, refusals: Iterable[Refusal]) -> None:
        """Take over what earlier runs recorded of a user, whichever record it was.

        The machine's file takes it over as well: the process that will ask may be another one.
        """
        recorded = frozenset(refusals)
        with self._changed:
            self._ledger.learn(Who.of(account, user), recorded)
        recent = [one for one in recorded if one.within_window(self._clock())]
        if recent:
            with suppress(OSError):
                self._logins.merge(account, user, recent)

    def remembers(self) -> bool:
        """Return whether the machine's file can be written: else only the state of a run keeps its refusals."""
        return self._logins.write_error() is None

    def refusals(self, account: str, user: str) -> tuple[Refusal, ...]:
        """Return the refusals of the last 30 minutes, known and new, oldest first: for the caller to keep.

        The file's as they were at the user's last turn: what another run has under way is not among them.
        """
        with self._changed:
            return self._ledger.recent(Who.of(account, user), self._clock())

    @contextmanager
    def _place(self, who: Who, record: str, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Hold the user's turn and a place of the account."""
        ticket = object()
        with self._changed:
            self._queues.setdefault(who, []).append(ticket)
        try:
            with self._changed:
                lock = self._waited(who, ticket, record, cancelled)
                self._running[who.account] += 1
            try:
                yield
            finally:
                if lock is not None:
                    os.close(lock)
                with self._changed:
                    self._running[who.account] -= 1
        finally:
            with self._changed:
                self._queues[who].remove(ticket)
                if not self._queues[who]:
                    del self._queues[who]
                self._changed.notify_all()

    def _waited(
        self, who: Who, ticket: object, record: str, cancelled: Callable[[], bool]
    ) -> int | None:
        """Return what holds the user's turn on this machine; None if the machine has no place for a lock."""
        while True:
            self._ledger.check(who, record, self._clock())
            if cancelled():
                raise NotAskedError(f"{record}: not asked: the run was cancelled")
            has_place = self._running[who.account] < self._concurrency.users(who.account)
            if self._queues[who][0] is ticket and has_place:
                try:
                    lock = self._logins.turn(*who)
                except OSError:  # recording the attempt fails as well, and says so
                    return None
                if lock is not None:
                    return lock
            self._changed.wait(_POLL_SECONDS)

    @contextmanager
    def _attempt(
        self,
        who: Who,
        record: str,
        fingerprint: Fingerprint,
        unrecorded: Callable[[str], None] | None,
    ) -> Iterator[Turn]:
        """Record one attempt: it is counted before it is sent, and struck out if it was no refusal."""
        now = self._clock()
        with self._changed:
            self._ledger.learn(who, self._logins.of(*who))
            self._ledger.check(who, record, now)
            attempt = Refusal(fingerprint, float(int(now))).beside(self._ledger.known(who))
        attempt = self._recorded(who, record, attempt, unrecorded)
        turn = Turn()
        try:
            yield turn
        except AuthenticationRefusedError:
            turn.refused()
            raise
        except NetSuiteUnreachableError as error:
            turn.counts |= error.unanswered
            raise
        except Exception:
            raise
        except BaseException:  # Ctrl-C, while an answer was awaited
            turn.unanswered()
            raise
        finally:
            self._settle(who, record, attempt, turn)

    def _recorded(
        self, who: Who, record: str, attempt: Refusal, unrecorded: Callable[[str], None] | None
    ) -> Refusal:
        try:
            return self._logins.add(*who, attempt)
        except OSError as error:
            why = f"{self._logins} cannot be written ({error.strerror})"
        if unrecorded is None:
            raise NotAskedError(
                f"{record}: not asked: {why}. A refused login would not be on record, and five lock the user out",
                "make the folder writable, or let XDG_STATE_HOME name one that is",
            )
        unrecorded(
            f"{record}: {why}: other runs on this machine do not learn of a refused login before this one has ended"
        )
        return attempt

    def _settle(self, who: Who, record: str, attempt: Refusal, turn: Turn) -> None:
        if not turn.counts:
            # What cannot be struck out counts as a refusal for 30 minutes: no reason to fail a run that has its answer.
            with suppress(OSError):
                self._logins.strike(*who, attempt)
            return
        with self._changed:
            if turn.was_refused:
                self._ledger.refused(who, record, attempt)
            else:
                self._ledger.learn(who, [attempt])
