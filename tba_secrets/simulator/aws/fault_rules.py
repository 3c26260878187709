"""One fault: what happens, and to which calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tba_secrets.simulator.aws.errors import AwsError


class Kind(Enum):
    """What happens to a call, in the order in which it happens."""

    LATENCY = "wait, then go on"
    BEFORE = "run a callback before the effect"
    REFUSE = "reset the connection before the effect"
    ERROR = "answer with an error, without the effect"
    REPLACE = "answer with another body, without the effect"
    AFTER = "run a callback after the effect, before the reply"
    LOSE = "reset the connection after the effect"
    TRUNCATE = "send half of the reply, then close"
    GARBLE = "send another body after the effect"


@dataclass(frozen=True)
class Body:
    """A reply that does not come from the service."""

    content: bytes
    content_type: str
    status: int = 200


@dataclass
class FaultRule:
    """One fault and the calls it applies to."""

    kind: Kind
    operation: str | None = None
    secret: str | None = None
    nth: int = 1
    times: int | None = 1
    seconds: float = 0.0
    error: AwsError | None = None
    body: Body | None = None
    do: Callable[[], object] | None = None
    seen: int = field(default=0, init=False)
    fired: int = field(default=0, init=False)

    def take(self, operation: str, secret: str) -> bool:
        """Count the call if it matches, and return whether the rule fires on it."""
        if self.operation not in (None, operation) or self.secret not in (None, secret):
            return False
        self.seen += 1
        last = None if self.times is None else self.nth + self.times
        fires = self.seen >= self.nth and (last is None or self.seen < last)
        self.fired += fires
        return fires


HTML: Final = Body(b"<html><body><h1>Sign in to the network</h1></body></html>", "text/html")
GARBAGE: Final = Body(b"\x00\xff{not json", "application/x-amz-json-1.1")
