"""What the simulator remembers about a user between requests: failures, lockouts and nonces used."""

from __future__ import annotations

from collections import defaultdict

from tba_secrets.simulator.vocabulary import (
    CLOCK_TOLERANCE_SECONDS,
    LOCKOUT_FAILURES,
    LOCKOUT_SECONDS,
)

UserKey = tuple[str, str]
"""Account id and entity id: a lockout covers all tokens of the user in that account."""


class Lockouts:
    """Five failures lock a user for 30 minutes (Oracle help, Login Audit Trail detail `temporary_locked`).

    Inferred, since Oracle does not say: failures older than 30 minutes no longer count, a success clears the count, and
    an attempt while locked neither counts nor prolongs the lock.
    """

    def __init__(self) -> None:
        self._failures: defaultdict[UserKey, list[float]] = defaultdict(list)
        self._until: dict[UserKey, float] = {}

    def failed(self, user: UserKey, now: float) -> None:
        """Count a failure, and lock the user at the fifth."""
        if self.locked(user, now):
            return
        recent = [at for at in self._failures[user] if now - at < LOCKOUT_SECONDS]
        self._failures[user] = [*recent, now]
        if len(self._failures[user]) >= LOCKOUT_FAILURES:
            self._until[user] = now + LOCKOUT_SECONDS
            self._failures[user] = []

    def succeeded(self, user: UserKey) -> None:
        """Forget the failures so far."""
        self._failures.pop(user, None)

    def locked(self, user: UserKey, now: float) -> bool:
        """Whether the user is locked out at that time."""
        return self._until.get(user, now) > now

    def clear(self, user: UserKey) -> None:
        """End a lockout early and forget the failures."""
        self._until.pop(user, None)
        self._failures.pop(user, None)

    def failures(self, user: UserKey) -> int:
        """How many failures count at present."""
        return len(self._failures.get(user, ()))


class NonceRegister:
    """Nonce and timestamp together must be new for a user ("already been used by this user", Oracle help)."""

    def __init__(self) -> None:
        self._seen: dict[tuple[UserKey, str, str], float] = {}

    def claim(self, user: UserKey, nonce: str, timestamp: str, now: float) -> bool:
        """Record the combination; False where it was recorded before."""
        if len(self._seen) > 1000:
            horizon = now - 2 * CLOCK_TOLERANCE_SECONDS
            self._seen = {key: at for key, at in self._seen.items() if at > horizon}
        key = (user, nonce, timestamp)
        if key in self._seen:
            return False
        self._seen[key] = now
        return True
