"""When a call to Vault is made again, and after which pause.

By the status (Vault documentation, "HTTP Status Codes"): what a moment may mend is asked again, what it cannot mend
(400, 403, 404, 405, 415, a value too large) is not; a sealed Vault is asked three times and then named.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import random
from typing import TypeVar

from tba_secrets.stores.vault.errors import Outcome, VaultFailure

T = TypeVar("T")


@dataclass(frozen=True)
class Retry:
    """How to ask again."""

    first_pause: float = 0.25
    """Seconds; each pause is twice the one before, and up to a half longer, so that many callers spread out."""
    longest_pause: float = 4.0
    sleep: Callable[[float], None] = time.sleep

    def always(self, call: Callable[[], T]) -> T:
        """For calls that may be carried out twice: reads, and writes that set what they set."""
        return self._tried(call, (Outcome.UNAVAILABLE, Outcome.UNKNOWN))

    def unless_sent(self, call: Callable[[], T]) -> T:
        """For calls that must not be carried out twice: logins, and check-and-set writes, which are read back."""
        return self._tried(call, (Outcome.UNAVAILABLE,))

    def _tried(self, call: Callable[[], T], outcomes: tuple[Outcome, ...]) -> T:
        tries, pause = 1, self.first_pause
        while True:
            try:
                return call()
            except VaultFailure as failure:
                if failure.outcome not in outcomes or tries >= failure.tries:
                    raise
            self.sleep(pause * (1 + random() / 2))  # noqa: S311 - no secret depends on it
            tries, pause = tries + 1, min(pause * 2, self.longest_pause)
