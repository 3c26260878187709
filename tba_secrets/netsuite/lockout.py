"""How often a user may be asked: five failed logins lock a user out of NetSuite for 30 minutes, with every token.

(Oracle help, "Troubleshoot Token-based Authentication (TBA)", temporary_locked.) So, for each account and user: calls
one after another; none after a refused one in this run; none after three refusals within 30 minutes, this run's and
earlier ones. And for each account: only so many users at a time, because NetSuite's concurrency belongs to the account.

The ledger is pure; the gate adds the waiting. History is given in and read out: the caller keeps it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Condition
from typing import Final, NamedTuple

from tba_secrets.errors import AuthenticationRefusedError, NotAskedError
from tba_secrets.sensitive import Fingerprint

WINDOW_SECONDS: Final = 30 * 60.0
MOST_REFUSALS: Final = 3
"""NetSuite locks at five; two are left for the tokens that work."""
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Refusal:
    """NetSuite refused a login with this credential."""

    fingerprint: Fingerprint
    at: float
    """Epoch seconds, whole ones where the gate noted it: the same refusal read back from a state counts once."""


class Who(NamedTuple):
    """Whom a lockout hits."""

    account: str
    user: str

    @classmethod
    def of(cls, account: str, user: str) -> Who:
        """Spelling makes no difference: two queues for one user would defeat the purpose."""
        return cls(account.strip().upper().replace("-", "_"), user.strip().casefold())


class Ledger:
    """What was refused, and whether a user may be asked. No clock and no lock of its own."""

    def __init__(self) -> None:
        self._refusals: dict[Who, frozenset[Refusal]] = {}
        self._refused_now: dict[Who, str] = {}

    def learn(self, who: Who, refusals: Iterable[Refusal]) -> None:
        """Take earlier refusals over."""
        self._refusals[who] = self._refusals.get(who, frozenset()) | frozenset(refusals)

    def refused(self, who: Who, record: str, refusal: Refusal) -> None:
        """Note a refusal of this run; a second one within the same second is another one."""
        known = self._refusals.get(who, frozenset())
        while refusal in known:
            refusal = replace(refusal, at=refusal.at + 1)
        self.learn(who, [refusal])
        self._refused_now.setdefault(who, record)

    def recent(self, who: Who, now: float) -> tuple[Refusal, ...]:
        """The refusals within the window, oldest first. A time ahead of the clock counts by its distance."""
        known = self._refusals.get(who, frozenset())
        return tuple(
            sorted((r for r in known if abs(now - r.at) < WINDOW_SECONDS), key=lambda r: r.at)
        )

    def check(self, who: Who, record: str, now: float) -> None:
        """Refuse to ask.

        Raises:
            NotAskedError: A record of the user was refused in this run, or three within 30 minutes were.
        """
        culprit = self._refused_now.get(who)
        if culprit is not None:
            raise NotAskedError(
                f"{record}: not asked: {culprit} of the same user {who.user} in account {who.account} was refused in "
                "this run, and five refused logins lock the user out for 30 minutes",
                f"mend {culprit}, then run again",
            )
        recent = self.recent(who, now)
        if len(recent) >= MOST_REFUSALS:
            until = datetime.fromtimestamp(recent[-MOST_REFUSALS].at + WINDOW_SECONDS, UTC)
            raise NotAskedError(
                f"{record}: not asked: NetSuite refused the user {who.user} in account {who.account} "
                f"{len(recent)} times within 30 minutes, and the fifth time locks the user out; not asked again until "
                f"{until:%Y-%m-%d %H:%M} UTC",
                "mend the credential meanwhile; the Login Audit Trail names the cause",
            )


class Turn:
    """The right to call NetSuite for one user, held inside `Gate.admit`."""

    def __init__(self, note: Callable[[], None]) -> None:
        self._note = note
        self._noted = False

    def refused(self) -> None:
        """NetSuite refused the login: the user is not asked again in this run. Calling it twice counts once."""
        if not self._noted:
            self._noted = True
            self._note()


class Gate:
    """Lets signed calls through, one user's one after another. For threads of one process.

    Args:
        clock: Epoch seconds.
        per_account: How many users of one account are asked side by side.
    """

    def __init__(self, clock: Callable[[], float], per_account: int = 2) -> None:
        if per_account < 1:
            raise ValueError(f"per_account is {per_account}: at least 1 has to get through")
        self._clock = clock
        self._per_account = per_account
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
    ) -> Iterator[Turn]:
        """Wait for the user's turn and a free place of the account, and hold both.

        An `AuthenticationRefusedError` that leaves the block counts as `turn.refused()`.

        Args:
            account: The account id.
            user: The user's e-mail address or entity id; the same for all records of one user.
            record: How messages name the credential.
            fingerprint: Of the credential; kept with a refusal.
            known_refusals: What earlier runs recorded.
            cancelled: Asked while waiting, ten times a second.

        Raises:
            NotAskedError: The user may not be asked, or `cancelled` said so.
        """
        who, ticket = Who.of(account, user), object()
        self._enter(who, ticket, record, known_refusals, cancelled)

        def note() -> None:
            with self._changed:
                self._ledger.refused(who, record, Refusal(fingerprint, float(int(self._clock()))))

        turn = Turn(note)
        try:
            yield turn
        except AuthenticationRefusedError:
            turn.refused()
            raise
        finally:
            self._leave(who, ticket, ran=True)

    def remember(self, account: str, user: str, refusals: Iterable[Refusal]) -> None:
        """Take over what earlier runs recorded of a user, whichever record it was."""
        with self._changed:
            self._ledger.learn(Who.of(account, user), refusals)

    def refusals(self, account: str, user: str) -> tuple[Refusal, ...]:
        """Known and new refusals of the last 30 minutes, oldest first: for the caller to keep."""
        with self._changed:
            return self._ledger.recent(Who.of(account, user), self._clock())

    def _enter(
        self,
        who: Who,
        ticket: object,
        record: str,
        known: Sequence[Refusal],
        cancelled: Callable[[], bool],
    ) -> None:
        with self._changed:
            self._ledger.learn(who, known)
            self._queues.setdefault(who, []).append(ticket)
            try:
                self._check(who, record, cancelled)
                while not self._free(who, ticket):
                    self._changed.wait(_POLL_SECONDS)
                    self._check(who, record, cancelled)
            except BaseException:
                self._leave(who, ticket, ran=False)
                raise
            self._running[who.account] += 1

    def _check(self, who: Who, record: str, cancelled: Callable[[], bool]) -> None:
        self._ledger.check(who, record, self._clock())
        if cancelled():
            raise NotAskedError(f"{record}: not asked: the run was cancelled")

    def _free(self, who: Who, ticket: object) -> bool:
        return self._queues[who][0] is ticket and self._running[who.account] < self._per_account

    def _leave(self, who: Who, ticket: object, *, ran: bool) -> None:
        with self._changed:
            self._queues[who].remove(ticket)
            if not self._queues[who]:
                del self._queues[who]
            self._running[who.account] -= ran
            self._changed.notify_all()
