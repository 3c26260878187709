"""Faults on demand: what a network and a busy NetSuite do to requests."""

from __future__ import annotations

import re
from enum import StrEnum
from threading import Lock
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class FaultKind(StrEnum):
    """What happens to a matching request."""

    LATENCY = "latency"
    """Wait `seconds`, holding a concurrency slot, then answer as usual."""
    CONCURRENCY_LIMIT = "429"
    """429 with CONCURRENCY_LIMIT_EXCEEDED (REST web services)."""
    REQUEST_LIMIT = "SSS_REQUEST_LIMIT_EXCEEDED"
    """400 with that code (RESTlets)."""
    SERVER_ERROR = "5xx"
    """`status` with UNEXPECTED_ERROR."""
    RESET = "reset"
    """Connection reset before the request is looked at."""
    ANSWER_LOST = "answer_lost"
    """The request is carried out, then the connection is reset."""
    TRUNCATED = "truncated"
    """The request is carried out, half of the body is sent, then the connection is closed."""
    GARBAGE = "garbage"
    """200 with a body that is no JSON, XML or form."""
    CLOCK_SKEW = "clock_skew"
    """The simulator's clock runs `seconds` ahead (negative: behind) for the request."""
    MAINTENANCE = "maintenance"
    """503 with an HTML page."""


class Fault(BaseModel):
    """One fault to inject.

    A request matches if its method is `method` (None: any) and its path contains `match`. The first
    `skip` matches pass, the next `times` (None: all) get the fault.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    match: str = "/"
    method: str | None = None
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    seconds: float = 0.0
    status: int = Field(default=500, ge=500, le=599)

    @field_validator("match")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    def matches(self, method: str, path: str) -> bool:
        """Return whether the fault applies to this request."""
        return self.method in (None, method) and re.search(self.match, path) is not None


class Faults:
    """The pending faults, in the order of addition."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def add(self, kind: FaultKind | str, match: str = "/", **settings: Any) -> Fault:
        """Add a fault; the settings are the fields of `Fault`.

        Raises:
            pydantic.ValidationError: The kind or a setting is unknown.
        """
        return self.append(Fault.model_validate({"kind": kind, "match": match, **settings}))

    def append(self, fault: Fault) -> Fault:
        """Add a copy of a fault, whose counters then run down."""
        waiting = fault.model_copy()
        with self._lock:
            self._waiting.append(waiting)
        return waiting

    def list(self) -> list[Fault]:
        """Return the pending faults."""
        with self._lock:
            return [fault.model_copy() for fault in self._waiting]

    def clear(self) -> None:
        """Drop all faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str) -> dict[FaultKind, Fault]:
        """Return the faults for this request, at most one of each kind, and count them down."""
        with self._lock:
            taken: dict[FaultKind, Fault] = {}
            for fault in [f for f in self._waiting if f.matches(method, path)]:
                if fault.skip:
                    fault.skip -= 1
                elif fault.kind not in taken:
                    taken[fault.kind] = fault.model_copy()
                    self._use(fault)
            return taken

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._waiting = [f for f in self._waiting if f is not fault]
