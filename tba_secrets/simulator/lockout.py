"""What the simulator remembers about users between requests: failures, lockouts and nonces."""

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
    """Lock a user for 30 minutes after five failures (Oracle help, detail `temporary_locked`).

    Oracle does not say the rest. Inferred: failures older than 30 minutes no longer count, a success
    clears the count, and an attempt during a lock neither counts nor prolongs it.
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
        """Return whether the user is locked out at that time."""
        return self._until.get(user, now) > now

    def clear(self, user: UserKey) -> None:
        """End a lockout early and forget the failures."""
        self._until.pop(user, None)
        self._failures.pop(user, None)

    def failures(self, user: UserKey) -> int:
        """Return how many failures count at present."""
        return len(self._failures.get(user, ()))


class NonceRegister:
    """Requires a new pair of nonce and timestamp.

    Oracle help: "already been used by this user".
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[UserKey, str, str], float] = {}

    def claim(self, user: UserKey, nonce: str, timestamp: str, now: float) -> bool:
        """Record the pair; return False if it was already recorded."""
        if len(self._seen) > 1000:
            horizon = now - 2 * CLOCK_TOLERANCE_SECONDS
            self._seen = {key: at for key, at in self._seen.items() if at > horizon}
        key = (user, nonce, timestamp)
        if key in self._seen:
            return False
        self._seen[key] = now
        return True
