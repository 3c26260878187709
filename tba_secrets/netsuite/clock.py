"""Is our clock NetSuite's? Asked with an unsigned call before the first signed one.

A signature is refused where the clocks differ by more than five minutes, with the very 401 of a wrong secret, and five
of those lock the user out (Oracle help, "Troubleshoot Token-based Authentication (TBA)", InvalidTimestamp).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final

from tba_secrets.errors import ClockSkewError

TOLERANCE_SECONDS: Final = 300.0


class ClockProbe:
    """The skew of each host, asked for once while it is tolerable."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: dict[str, float | None] = {}

    def check(
        self, base_url: str, record: str, measure: Callable[[], float | None]
    ) -> float | None:
        """Measure each host's clock skew once; refuse a skew at which NetSuite rejects signatures.

        `measure` gives how many seconds our clock is ahead, None if the answer had no date. That is returned as it
        is: an unknown skew is no error.

        Raises:
            ClockSkewError: It is beyond the tolerance. That is not kept: the clock may be set right.
        """
        with self._lock:
            if base_url in self._seen:
                return self._seen[base_url]
        skew = measure()
        if skew is not None and abs(skew) > TOLERANCE_SECONDS:
            raise ClockSkewError(
                f"{record}: not asked: this machine's clock is {abs(skew):.0f} s "
                f"{'ahead of' if skew > 0 else 'behind'} the one of {base_url}, and NetSuite accepts "
                f"{TOLERANCE_SECONDS:.0f} s. Nothing was signed: this says nothing about the credential",
                "set this machine's clock (NTP), then run again",
                skew_seconds=skew,
            )
        with self._lock:
            self._seen[base_url] = skew
        return skew


PROCESS_PROBE: Final = ClockProbe()
"""The probe that every client of this process shares."""
