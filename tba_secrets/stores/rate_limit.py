"""One token bucket for all our writes to one AWS account and region.

AWS refuses more than 50 writes a second (PutSecretValue, UpdateSecret and UpdateSecretVersionStage together; Secrets
Manager User Guide, "Quotas"), and botocore's retries alone lose writes under a burst: its retry quota runs empty.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final

_buckets: dict[Hashable, TokenBucket] = {}
_buckets_lock: Final = Lock()


class TokenBucket:
    """Lets `rate` callers through each second, in the order in which they came. Thread-safe.

    The clock gives monotonic seconds.
    """

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._rate = rate
        self._tokens = self._burst
        self._filled_at = clock()

    @property
    def _burst(self) -> float:
        """The tokens that a rest saves up: a tenth of a second's, so that no second sees many more than `rate`."""
        return max(1.0, self._rate // 10)

    def acquire(self) -> None:
        """Take a token, waiting for it. The place in the queue is taken at once, the wait is outside the lock."""
        if (wait := self._reserve()) > 0:
            self._sleep(wait)

    def slow_down_to(self, rate: float) -> None:
        """Lower the rate; a higher one is ignored, for the others who share the bucket asked for less."""
        with self._lock:
            self._rate = min(self._rate, rate)

    def _reserve(self) -> float:
        with self._lock:
            now = self._clock()
            self._tokens += (now - self._filled_at) * self._rate
            self._tokens = min(self._tokens, self._burst) - 1
            self._filled_at = now
            return max(0.0, -self._tokens / self._rate)


def shared_bucket(key: Hashable, rate: float) -> TokenBucket:
    """Return the bucket of this process for `key`, made at the first call; the lowest rate asked for holds."""
    with _buckets_lock:
        bucket = _buckets.setdefault(key, TokenBucket(rate))
    bucket.slow_down_to(rate)
    return bucket
