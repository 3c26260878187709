"""How often a user may be asked: five failed logins lock a user out of NetSuite for 30 minutes, with every token.

(Oracle help, "Troubleshoot Token-based Authentication (TBA)", temporary_locked.) So, for each account and user: calls
one after another; none after a refused one in this run; none after three refusals within 30 minutes, this run's and
earlier ones. And for each account: only so many users at a time, because NetSuite's concurrency belongs to the account.

Here are the rules, without IO: `refused_logins.py` is the file that all runs of a machine share, `gate.py` the waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tba_secrets.errors import NotAskedError
from tba_secrets.sensitive import Fingerprint

WINDOW_SECONDS: Final = 30 * 60.0
MOST_REFUSALS: Final = 3
"""NetSuite locks at five; two are left for the tokens that work."""


@dataclass(frozen=True)
class Refusal:
    """NetSuite refused a login with this credential, or may have: its answer was lost."""

    fingerprint: Fingerprint
    at: float
    """Epoch seconds, whole ones where the gate noted it: the same refusal read back from a state counts once."""

    def beside(self, known: Collection[Refusal]) -> Refusal:
        """Return this refusal, its time moved so that it equals none of `known`: two in one second both count."""
        one = self
        while one in known:
            one = replace(one, at=one.at + 1)
        return one

    def within_window(self, now: float) -> bool:
        """Return whether it still counts. A time ahead of the clock counts by its distance."""
        return abs(now - self.at) < WINDOW_SECONDS


class Who(NamedTuple):
    """Whom a lockout hits."""

    account: str
    user: str

    @classmethod
    def of(cls, account: str, user: str) -> Who:
        """Normalise the spelling, so that a user has one queue only."""
        return cls(account.strip().upper().replace("-", "_"), user.strip().casefold())


def not_asked_until(refusals: Iterable[Refusal], now: float) -> float | None:
    """Return until when a user is not asked, so that NetSuite does not lock the user out; None if asking is allowed."""
    recent = sorted(one.at for one in set(refusals) if one.within_window(now))
    return recent[-MOST_REFUSALS] + WINDOW_SECONDS if len(recent) >= MOST_REFUSALS else None


class Ledger:
    """What was refused, and whether a user may be asked. No clock and no lock of its own."""

    def __init__(self) -> None:
        self._refusals: dict[Who, frozenset[Refusal]] = {}
        self._refused_now: dict[Who, str] = {}

    def learn(self, who: Who, refusals: Iterable[Refusal]) -> None:
        self._refusals[who] = self.known(who) | frozenset(refusals)

    def known(self, who: Who) -> frozenset[Refusal]:
        """Return all of the user's refusals, however old."""
        return self._refusals.get(who, frozenset())

    def refused(self, who: Who, record: str, refusal: Refusal) -> None:
        """Note a refusal of this run."""
        self.learn(who, [refusal])
        self._refused_now.setdefault(who, record)

    def recent(self, who: Who, now: float) -> tuple[Refusal, ...]:
        within = (one for one in self.known(who) if one.within_window(now))
        return tuple(sorted(within, key=lambda one: one.at))

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
                f"fix {culprit}, then run again",
            )
        recent = self.recent(who, now)
        until = not_asked_until(recent, now)
        if until is not None:
            raise NotAskedError(
                f"{record}: not asked: NetSuite refused the user {who.user} in account {who.account} "
                f"{len(recent)} times within 30 minutes (lost answers and killed runs count), and the fifth time locks "
                f"the user out; not asked again until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC",
                "fix the credential meanwhile; the Login Audit Trail names the cause",
            )
