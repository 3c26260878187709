"""When a call to Vault is made again, and after which pause.

By the status (Vault documentation, "HTTP Status Codes"): what a moment may mend is asked again, what it cannot mend
(400, 403, 404, 405, 415, a value too large) is not; a sealed Vault is asked three times and then named.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import random
from typing import Final, TypeVar

from tba_secrets.stores.failures import Outcome, StoreFailure

T = TypeVar("T")
AGAIN: Final = (Outcome.UNAVAILABLE, Outcome.UNKNOWN)
"""For calls that may be carried out twice."""
UNLESS_SENT: Final = (Outcome.UNAVAILABLE,)
"""For logins, and for check-and-set writes, which are read back."""


@dataclass(frozen=True)
class VaultRetry:
    """How to ask again."""

    first_pause: float = 0.25
    """Seconds; each pause is twice the one before, and up to a half longer, so that many callers spread out."""
    longest_pause: float = 4.0
    sleep: Callable[[float], None] = time.sleep

    def tried(self, call: Callable[[], T], outcomes: tuple[Outcome, ...] = AGAIN) -> T:
        """Make a call; make it again after a failure with one of `outcomes`."""
        tries = 1
        while True:
            try:
                return call()
            except StoreFailure as failure:
                if not self.pause(failure, tries, outcomes):
                    raise
            tries += 1

    def pause(self, failure: StoreFailure, tries: int, outcomes: tuple[Outcome, ...]) -> bool:
        """Wait before the next try; False if there is to be none, after so many and this failure."""
        if failure.outcome not in outcomes or tries >= failure.tries:
            return False
        pause = min(self.first_pause * 2 ** (tries - 1), self.longest_pause)
        self.sleep(pause * (1 + random() / 2))  # noqa: S311 - no secret depends on it
        return True
