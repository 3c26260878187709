"""How many users of one account are asked side by side: few at first, more while none is refused for it.

NetSuite's concurrency belongs to the account, and its other integrations share it (Oracle help, "Concurrency
Governance"). So a run begins low, adds one user after a whole round of answers, and halves where NetSuite says that
there were too many; this process does not go back up to that number. A declared limit is never exceeded.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Final

from tba_secrets.netsuite.lockout import Who

_FIRST: Final = 2
_MOST: Final = 4
"""The smallest accounts have five; one is left for whatever else calls. Over the limit NetSuite also answers "Invalid
login attempt", which would count as a refused login."""


@dataclass
class _Account:
    users: int
    most: int
    declared: int | None = None
    answered: int = 0
    """Since `users` changed."""
    halved: bool = False
    """Whether the last answer was a concurrency refusal: a burst of them halves the limit once."""


class Concurrency:
    """The users of each account that may be asked side by side. Thread-safe."""

    def __init__(self, first: int = _FIRST, most: int = _MOST) -> None:
        if most < 1:
            raise ValueError(f"at most {most} users side by side: at least 1 has to get through")
        self._first = max(1, min(first, most))
        self._most = most
        self._lock = Lock()
        self._accounts: dict[str, _Account] = {}

    def limit(self, account: str, most: int) -> None:
        """Take over how many users at most are declared of an account; the lowest counts where several are."""
        with self._lock:
            one = self._of(account)
            if one.declared is None or most < one.declared:
                one.most = most if one.declared is None else min(most, one.most)
                one.declared, one.users = most, min(one.users, one.most)

    def users(self, account: str) -> int:
        with self._lock:
            return self._of(account).users

    def heard(self, account: str, *, busy: bool) -> None:
        """Learn from an answer whether NetSuite has too much to do."""
        with self._lock:
            one = self._of(account)
            if busy and not one.halved:
                one.most = max(min(self._first, one.most), one.users - 1)
                one.users, one.answered = max(1, one.users // 2), 0
            if not busy:
                one.answered += 1
                if one.answered >= one.users and one.users < one.most:
                    one.users, one.answered = one.users + 1, 0
            one.halved = busy

    def _of(self, account: str) -> _Account:
        name = Who.of(account, "").account
        return self._accounts.setdefault(name, _Account(self._first, self._most))


PROCESS_CONCURRENCY: Final = Concurrency()
"""What every client and every gate of this process share."""
