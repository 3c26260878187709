"""Who may call now, so that a credential that stopped working does not lock its user out.

Five failed logins lock a user out of NetSuite for 30 minutes, with every token (Oracle help, "Troubleshoot Token-based
Authentication (TBA)", temporary_locked). Every call under way may turn out to be one, so they are counted together:
at the most four refusals come about, however many threads call and whatever the store says.

1. While nothing is refused, `at_once` calls are under way.
2. What was refused is signed with only where the store gave it again since; after three refusals not any more.
3. What was not refused itself has one call in reserve: its success shows that the rotation went well.
4. A success of a call that began after the last refusal ends all that; so do 30 minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from typing import NamedTuple

from tba_secrets.client.current import CurrentCredential, Held, Moment
from tba_secrets.client.pace import Pace
from tba_secrets.errors import NotAskedError
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.lockout import MOST_REFUSALS, WINDOW_SECONDS

REFUSED = 401
"""RFC 9110 section 15.5.2; REST web services and RESTlets refuse a login with it. Its body does not tell more."""


class _Refusal(NamedTuple):
    credential: TbaCredential
    moment: Moment
    at: float
    """Monotonic seconds."""


class Turn:
    """The right to make one call with `held`."""

    def __init__(self, turns: Turns, held: Held, began: Moment) -> None:
        self.held = held
        self._turns = turns
        self._began = began

    def answered(self, status: int) -> None:
        """Note what NetSuite said: 401 is a refusal, 2xx and 3xx a success, the rest says nothing."""
        if status == REFUSED:
            self._turns.refused(self.held)
        elif status < 400:
            self._turns.succeeded(self._began)


class Turns:
    """The calls of one session. Thread-safe.

    Args:
        current: The credential.
        pace: How many at once.
    """

    def __init__(self, current: CurrentCredential, pace: Pace) -> None:
        self._current = current
        self._at_once = pace.at_once
        self._monotonic = pace.monotonic
        self._changed = Condition()
        self._under_way = 0
        self._refusals: list[_Refusal] = []

    @contextmanager
    def turn(self, held: Held) -> Iterator[Turn]:
        """Wait for a turn, and hold it until the answer's headers are there.

        Args:
            held: What to sign with; the turn's own is a newer one where that was refused in the meantime.

        Raises:
            NotAskedError: NetSuite refused the credential too often.
            StoreError: It was refused, and the store could not be asked for a newer one.
        """
        while (began := self._entered(held)) is None:
            held = self._current.since(self.refused_at(held), held.credential)
        try:
            yield Turn(self, held, began)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def refused(self, held: Held) -> None:
        """NetSuite refused a login with `held`."""
        with self._changed:
            self._refusals.append(_Refusal(held.credential, self._current.now(), self._monotonic()))

    def succeeded(self, began: Moment) -> None:
        """A call that began then got in: what was refused before it began does not count any more."""
        with self._changed:
            self._refusals = [refusal for refusal in self._refusals if refusal.moment > began]

    def refused_at(self, held: Held) -> Moment:
        """When `held` was last refused; now where that is forgotten."""
        with self._changed:
            last = self._last_refusal(held)
            return self._current.now() if last is None else last

    def _entered(self, held: Held) -> Moment | None:
        """When the call began; None where `held` was refused since it was read, so that it is to be read again."""
        with self._changed:
            while True:
                last = self._last_refusal(held)
                if last is not None and held.moment < last:
                    return None
                if self._under_way + len(self._refusals) < self._room(was_refused=last is not None):
                    self._under_way += 1
                    return self._current.now()
                if not self._under_way:
                    raise self._not_asked(held)
                self._changed.wait()

    def _room(self, *, was_refused: bool) -> int:
        if not self._refusals:
            return self._at_once
        return MOST_REFUSALS if was_refused else MOST_REFUSALS + 1

    def _last_refusal(self, held: Held) -> Moment | None:
        horizon = self._monotonic() - WINDOW_SECONDS
        self._refusals = [refusal for refusal in self._refusals if refusal.at > horizon]
        moments = (r.moment for r in self._refusals if r.credential == held.credential)
        return max(moments, default=None)

    def _not_asked(self, held: Held) -> NotAskedError:
        until = self._refusals[-MOST_REFUSALS].at + WINDOW_SECONDS
        minutes = max(1.0, (until - self._monotonic()) / 60)
        return NotAskedError(
            f"{self._current.where}: not asked: NetSuite refused {len(self._refusals)} logins lately, version "
            f"{held.version} is current still, and five lock the user out for 30 minutes; not asked again for "
            f"{minutes:.0f} minutes, or until another version is current",
            "look into the Login Audit Trail (Setup > Users/Roles > User Management) for the cause, "
            "and promote a credential that works with `pulumi up`",
        )
