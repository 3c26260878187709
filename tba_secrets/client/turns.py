"""Limit the calls in flight, so that a credential that stopped working does not lock its user out.

Five failed logins lock a user out of NetSuite for 30 minutes, with every token (Oracle help,
"Troubleshoot Token-based Authentication (TBA)", temporary_locked). Every call in flight may turn out to
be one, so calls in flight count like refusals: at most four refusals occur, however many threads call
and whatever the store returns.

1. While nothing has been refused, up to `at_once` calls are in flight.
2. A refused credential signs again only if the store has returned it again since, and never after
   three refusals.
3. A credential that was not refused itself has one more call: its success proves the rotation.
4. The success of a call that began after the last refusal lifts these limits; so do 30 minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from typing import NamedTuple

from tba_secrets.client.current import CachedCredential, CurrentCredential, Moment
from tba_secrets.client.pace import Pace
from tba_secrets.errors import NotAskedError
from tba_secrets.netsuite.lockout import MOST_REFUSALS, WINDOW_SECONDS
from tba_secrets.payload import AnyCredential

REFUSED = 401
"""RFC 9110 section 15.5.2: how REST web services and RESTlets refuse a login. The body adds nothing."""


class _Refusal(NamedTuple):
    credential: AnyCredential
    moment: Moment
    at: float
    """Monotonic seconds."""


class CallTurn:
    """The right to make one call with `held`."""

    def __init__(self, turns: Turns, held: CachedCredential, began: Moment) -> None:
        self.held = held
        self._turns = turns
        self._began = began

    def answered(self, status: int) -> None:
        """Record the answer: 401 is a refusal, 2xx and 3xx a success, the rest proves nothing."""
        if status == REFUSED:
            self._turns.refused(self.held)
        elif status < 400:
            self._turns.succeeded(self._began)


class Turns:
    """The calls of one session. Thread-safe."""

    def __init__(self, current: CurrentCredential, pace: Pace) -> None:
        self._current = current
        self._at_once = pace.at_once
        self._monotonic = pace.monotonic
        self._changed = Condition()
        self._under_way = 0
        self._refusals: list[_Refusal] = []

    @contextmanager
    def turn(self, held: CachedCredential) -> Iterator[CallTurn]:
        """Wait for a turn, and hold it until the answer's headers have arrived.

        It signs with `held`, or with a newer one if this was refused meanwhile.

        Raises:
            NotAskedError: NetSuite refused the credential too often.
            StoreError: It was refused, and the store could not be read for a newer one.
        """
        while (began := self._entered(held)) is None:
            held = self._current.since(self.refused_at(held), held.credential)
        try:
            yield CallTurn(self, held, began)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def refused(self, held: CachedCredential) -> None:
        """Record that NetSuite refused a login with `held`."""
        with self._changed:
            self._refusals.append(_Refusal(held.credential, self._current.now(), self._monotonic()))

    def succeeded(self, began: Moment) -> None:
        """Forget refusals from before `began`: a call that began then has succeeded."""
        with self._changed:
            self._refusals = [refusal for refusal in self._refusals if refusal.moment > began]

    def refused_at(self, held: CachedCredential) -> Moment:
        """Return when `held` was last refused, or now if that is forgotten."""
        with self._changed:
            last = self._last_refusal(held)
            return self._current.now() if last is None else last

    def _entered(self, held: CachedCredential) -> Moment | None:
        """Return when the call began, or None if `held` was refused after it was read, and must be read again."""
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

    def _last_refusal(self, held: CachedCredential) -> Moment | None:
        horizon = self._monotonic() - WINDOW_SECONDS
        self._refusals = [refusal for refusal in self._refusals if refusal.at > horizon]
        moments = (r.moment for r in self._refusals if r.credential == held.credential)
        return max(moments, default=None)

    def _not_asked(self, held: CachedCredential) -> NotAskedError:
        until = self._refusals[-MOST_REFUSALS].at + WINDOW_SECONDS
        minutes = max(1.0, (until - self._monotonic()) / 60)
        return NotAskedError(
            f"{self._current.where}: NetSuite was not called: it has just refused {len(self._refusals)} logins, "
            f"version {held.version} is still current, and five refusals lock the user out for 30 minutes; "
            f"no call is made for {minutes:.0f} minutes, or until another version is current",
            "find the cause in the Login Audit Trail (Setup > Users/Roles > User Management), "
            "and promote a credential that works with `pulumi up`",
        )
