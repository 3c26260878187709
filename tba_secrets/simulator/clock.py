"""The simulator's clock, which the clock-skew fault can shift for one request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import format_datetime

_skew: ContextVar[float] = ContextVar("tba_secrets_simulator_skew", default=0.0)


class SimulatorClock:
    """Wraps the caller's clock; `now` is in epoch seconds."""

    def __init__(self, source: Callable[[], float]) -> None:
        self._source = source

    def now(self) -> float:
        """Return epoch seconds, with the skew of the request that this thread answers."""
        return self._source() + _skew.get()

    def moment(self) -> datetime:
        """Return the same time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    def http_date(self) -> str:
        """Return the value of a Date header (RFC 9110 section 5.6.7)."""
        return format_datetime(self.moment().replace(microsecond=0), usegmt=True)

    @contextmanager
    def skewed(self, seconds: float) -> Iterator[None]:
        """Shift the clock for this thread."""
        token = _skew.set(seconds)
        try:
            yield
        finally:
            _skew.reset(token)
