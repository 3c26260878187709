"""A limit on the rate of writes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class WriteQuota:
    """A bucket that starts full and regains `rate` tokens a second, up to `burst`."""

    rate: float
    burst: float
    refilled: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self, now: float) -> bool:
        """Take one token at a time in seconds; False if none is left."""
        self.tokens = min(self.burst, self.tokens + (now - self.refilled) * self.rate)
        self.refilled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
