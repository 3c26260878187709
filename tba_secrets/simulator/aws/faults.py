"""Faults on demand: rules that match calls, stale reads, and the write quota.

A rule counts matching calls from when it was added. It fires on the `nth` and on the `times - 1`
after that (`times=None`: on every later one). `unfired()` returns the rules that never fired, so a
test can show that its fault took place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypedDict, Unpack

from tba_secrets.simulator.aws.errors import AwsError, InternalServiceError, ThrottlingException


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


@dataclass
class WriteQuota:
    """A limit on the rate of writes: a bucket that starts full and regains `rate` tokens a second, up to `burst`."""

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


class Which(TypedDict, total=False):
    """Which calls of an operation a rule fires on: the first one of any secret, unless told otherwise."""

    secret: str
    nth: int
    times: int | None


class AwsFaults:
    """The faults of one server. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []
        self._stale: dict[str, int] = {}
        self._bucket: WriteQuota | None = None

    def add(self, rule: FaultRule) -> FaultRule:
        """Add a rule of any kind."""
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget every rule, every stale read and the quota."""
        with self._lock:
            self._rules, self._stale, self._bucket = [], {}, None

    def unfired(self) -> list[FaultRule]:
        """Return the rules that no call has met yet."""
        with self._lock:
            return [rule for rule in self._rules if not rule.fired]

    def latency(
        self,
        seconds: float,
        operation: str | None = None,
        **which: Unpack[Which],
    ) -> FaultRule:
        """Wait before the effect."""
        return self.add(FaultRule(Kind.LATENCY, operation, seconds=seconds, **which))

    def fail(
        self,
        error: AwsError,
        operation: str | None = None,
        **which: Unpack[Which],
    ) -> FaultRule:
        """Answer with any error, without the effect."""
        return self.add(FaultRule(Kind.ERROR, operation, error=error, **which))

    def throttle(self, operation: str | None = None, **which: Unpack[Which]) -> FaultRule:
        """Answer ThrottlingException, without the effect."""
        return self.fail(ThrottlingException(), operation, **which)

    def internal_error(self, operation: str | None = None, **which: Unpack[Which]) -> FaultRule:
        """Answer HTTP 500 InternalServiceError, without the effect."""
        return self.fail(InternalServiceError(), operation, **which)

    def refuse(self, operation: str | None = None, **which: Unpack[Which]) -> FaultRule:
        """Reset the connection before the effect."""
        return self.add(FaultRule(Kind.REFUSE, operation, **which))

    def lose_reply(self, operation: str | None = None, **which: Unpack[Which]) -> FaultRule:
        """Reset the connection after the effect: the caller cannot know that it took place."""
        return self.add(FaultRule(Kind.LOSE, operation, **which))

    def truncate(self, operation: str | None = None, **which: Unpack[Which]) -> FaultRule:
        """Send the first half of the reply after the effect, then close."""
        return self.add(FaultRule(Kind.TRUNCATE, operation, **which))

    def garbage(
        self,
        operation: str | None = None,
        **which: Unpack[Which],
    ) -> FaultRule:
        """Send a reply that the service would not send, after the effect."""
        return self.add(FaultRule(Kind.GARBLE, operation, body=GARBAGE, **which))

    def html(
        self,
        operation: str | None = None,
        body: Body = HTML,
        **which: Unpack[Which],
    ) -> FaultRule:
        """Answer 200 with a web page instead, as a captive proxy does."""
        return self.add(FaultRule(Kind.REPLACE, operation, body=body, **which))

    def before(
        self,
        operation: str | None = None,
        *,
        do: Callable[[], object],
        **which: Unpack[Which],
    ) -> FaultRule:
        """Run a callback before the effect, outside the server's lock."""
        return self.add(FaultRule(Kind.BEFORE, operation, do=do, **which))

    def after(
        self,
        operation: str | None = None,
        *,
        do: Callable[[], object],
        **which: Unpack[Which],
    ) -> FaultRule:
        """Run a callback after the effect and before the reply, outside the server's lock."""
        return self.add(FaultRule(Kind.AFTER, operation, do=do, **which))

    def stale(self, secret: str, reads: int = 1) -> None:
        """Make the next reads of a secret see it as it was before its last write.

        API: ListSecrets: "All Secrets Manager operations are eventually consistent."
        """
        with self._lock:
            self._stale[secret] = reads

    def quota(self, rate: float = 50.0, burst: float | None = None) -> None:
        """Throttle writes that exceed the combined rate (User Guide, "Quotas").

        Args:
            rate: Calls a second.
            burst: Calls that may come at once; by default one second's worth.
        """
        with self._lock:
            self._bucket = WriteQuota(rate, rate if burst is None else burst, self._monotonic())

    def take(self, operation: str, secret: str) -> list[FaultRule]:
        """Return the rules that fire on this call, in the order of `Kind`."""
        order = list(Kind)
        with self._lock:
            fired = [rule for rule in self._rules if rule.take(operation, secret)]
        return sorted(fired, key=lambda rule: order.index(rule.kind))

    def take_stale(self, secret: str) -> bool:
        """Return whether this read of the secret is stale; count it."""
        with self._lock:
            left = self._stale.get(secret, 0)
            self._stale[secret] = max(0, left - 1)
        return left > 0

    def check_quota(self) -> None:
        """Take one write from the quota.

        Raises:
            ThrottlingException: The quota is used up; nothing is taken.
        """
        with self._lock:
            if self._bucket is not None and not self._bucket.take(self._monotonic()):
                raise ThrottlingException
