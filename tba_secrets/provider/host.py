"""What a resource handler may ask of the process it runs in: words to the user, cancellation, configuration."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from tba_secrets.errors import TbaError
from tba_secrets.netsuite import Gate
from tba_secrets.provider.intents import Intents
from tba_secrets.sources import SourceReader
from tba_secrets.spec.model import Stores, TokenOrigin
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import Store


class Severity(Enum):
    """As shown by the engine; the values are those of pulumirpc.LogSeverity."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class Log(Protocol):
    """The engine's Log call (or a test's list)."""

    def __call__(self, severity: Severity, message: str, urn: str, ephemeral: bool) -> None: ...


def unheard(severity: Severity, message: str, urn: str, ephemeral: bool) -> None:
    """A log that nobody reads: for a process without an engine."""


class CancelledError(TbaError):
    """The run was cancelled before an irreversible step; nothing of that step was done."""


@dataclass
class Host:
    """The provider process, as the handlers see it."""

    log: Log
    cancelled: threading.Event = field(default_factory=threading.Event)
    digest_key: str | None = field(default=None, repr=False)
    """The secret config `tba:digestKey`."""
    sources: SourceReader = field(default_factory=SourceReader)
    open_stores: Callable[[Stores], Mapping[str, Store]] = open_stores
    """Opens the stores of a record, by kind, in the order of promotion."""
    intents: Intents = field(default_factory=dict)
    """What `tba` asks for beyond a plain `up`; empty in a provider that the engine started."""
    proven: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By record, what its SmokeTest's state says has passed last, by store; known once that was read."""
    token_sources: dict[str, TokenOrigin] = field(default_factory=dict)
    """By record, where its token comes from; known once its StagedCredential was checked."""
    missing: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By record, the versions that its StagedCredential's state names, where a store has one no more; else empty."""
    superseded: dict[str, frozenset[str]] = field(default_factory=dict)
    """By record, the digests of the tokens in its journals; known once its StagedCredential was read."""
    stored: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By record, the digest of each part in the stores, as state has it; known once its StagedCredential was read."""
    brought: set[str] = field(default_factory=set)
    """The records that a rotation has brought a new pair for in this process."""
    overlaps: dict[str, int] = field(default_factory=dict)
    """By record: the overlap of a rotation that state says is still to be proven and promoted, in seconds."""
    gate: Gate = field(default_factory=lambda: Gate(time.time))
    started_by: int = field(default_factory=os.getppid)

    def orphaned(self) -> bool:
        """The process that started this one is gone: nobody would learn of what is done from here on."""
        return os.getppid() != self.started_by

    def status(self, urn: str, message: str) -> None:
        """Shown live in the resource's status column, and not kept."""
        self.log(Severity.INFO, message, urn, True)

    def debug(self, urn: str, message: str) -> None:
        """Shown under `pulumi up --debug`."""
        self.log(Severity.DEBUG, message, urn, False)

    def inform(self, urn: str, message: str) -> None:
        """Shown under Diagnostics, as no warning."""
        self.log(Severity.INFO, message, urn, False)

    def warn(self, urn: str, message: str) -> None:
        """Shown under Diagnostics."""
        self.log(Severity.WARNING, message, urn, False)

    def proceed(self) -> None:
        """Called before each irreversible step.

        Raises:
            CancelledError: The engine asked to stop, or is gone.
        """
        if self.cancelled.is_set() or self.orphaned():
            raise CancelledError("cancelled before the next write; what was done so far is kept")
