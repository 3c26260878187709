"""Trying again until an answer can be judged, with a new request each time, growing pauses and one deadline.

What may be tried again is what NetSuite did not decide: 429, RESTlets' 400 SSS_REQUEST_LIMIT_EXCEEDED, 5xx, a lost
connection (Oracle help, "Concurrency Governance"; a signature is single use "even with retry logic").
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import requests

from tba_secrets.netsuite.answers import Answer, AnswerKind, Protocol, outcome, said
from tba_secrets.netsuite.transport import LostError, Sender

_MOST_LOST: Final = 4
_MOST_UNANSWERED: Final = 2
"""What was signed and sent, and has no answer: it may have been a refused login, and the fifth locks the user out."""
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 8.0


@dataclass(frozen=True)
class Retry:
    """How one call is tried again."""

    sender: Sender
    deadline_seconds: float
    """For one call in all, pauses included."""
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    heard: Callable[[bool], None] = lambda _busy: None
    """Called after each answer to a signed call: True if NetSuite was too busy."""

    def once(self, request: requests.PreparedRequest) -> Answer:
        """Try once, and return the answer. Raises `LostError` if there was none within the deadline."""
        return self.sender(request, self.deadline_seconds)

    def until_answered(
        self, attempt: Callable[[], requests.PreparedRequest], protocol: Protocol | None
    ) -> Answer:
        """Try until an answer is not "come back later", and return it.

        `attempt` makes a request with a new signature; without a protocol any answer is taken.

        Raises:
            LostError: There was none within the deadline; `sent` where a signed request may have been refused unheard.
        """
        budget = _Budget(self.deadline_seconds, self.monotonic)
        lost_ones = unanswered = 0
        while True:
            try:
                answer = self.sender(attempt(), budget.left)
            except LostError as lost:
                lost_ones += 1
                unanswered += lost.sent and protocol is not None
                lost.sent = unanswered > 0
                if not lost.retry or lost_ones >= _MOST_LOST or unanswered >= _MOST_UNANSWERED:
                    raise
                problem, asked = lost.how, None
            else:
                if protocol is None:
                    return answer
                busy = outcome(answer, protocol) is AnswerKind.BUSY
                self.heard(busy)
                if not busy:
                    return answer
                problem, asked = said(answer, protocol), _retry_after(answer)
            pause = budget.pause(asked)
            if pause is None:
                raise LostError(
                    f"{problem}, and no other answer within {self.deadline_seconds:.0f} s",
                    sent=unanswered > 0,
                )
            self.sleep(pause)


class _Budget:
    """What is left of a deadline, counting pauses even where a test's `sleep` does not take them."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._started = monotonic()
        self._paused = 0.0
        self._next = _FIRST_PAUSE_SECONDS

    @property
    def left(self) -> float:
        return self._seconds - max(self._monotonic() - self._started, self._paused)

    def pause(self, asked: float | None) -> float | None:
        """Return the seconds to wait before the next try; None if the deadline would pass meanwhile."""
        jittered = self._next * random.uniform(0.75, 1.25)  # noqa: S311 - spreads retries, hides nothing
        pause = max(jittered, asked or 0.0)
        if pause >= self.left:
            return None
        self._next = min(self._next * 2, _LONGEST_PAUSE_SECONDS)
        self._paused += pause
        return pause


def _retry_after(answer: Answer) -> float | None:
    """Return the seconds of a Retry-After header; NetSuite documents none, but a proxy in front of it may send one."""
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None
