"""What a resource handler may ask of the process it runs in: words to the user, cancellation, configuration."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final

from tba_secrets.digest import DigestKeys
from tba_secrets.errors import AccessDeniedError, AuthenticationRefusedError, StoreError, TbaError
from tba_secrets.lifecycle.facts import Declared, Remembered
from tba_secrets.lifecycle.look import Looked
from tba_secrets.netsuite.client import Caller, Client
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.revocation import Revocation, revoke
from tba_secrets.places import Place, Places, places_in
from tba_secrets.provider.codec import Properties
from tba_secrets.provider.intents import Intent, Intents
from tba_secrets.provider.kinds import client_for, generate, maker
from tba_secrets.provider.properties import RecordInputs, StagedCredentialInputs, format_of
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources import Pair, SourceReader
from tba_secrets.spec.model import Format, Stores, TokenOrigin
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import Preflight, Store

_LOOKS_AT_ONCE: Final = 16


class LogSeverity(Enum):
    """As shown by the engine; the values are those of pulumirpc.LogSeverity."""

    DEBUG = 0
    INFO = 1
    WARNING = 2


Log = Callable[[LogSeverity, str, str, bool], None]
"""The engine's Log call (or a test's list): severity, message, urn, and whether it is not to be kept."""


class CancelledError(TbaError):
    """The run was cancelled before an irreversible step; nothing of that step was done."""


@dataclass
class RecordMemory:
    """What one provider process knows of one record. Both resources of the record share it.

    The engine calls Check, Diff and Update in this order, in one process; Read, in a process of its own. So nothing
    that Read finds out is here when a resource is updated: what it has to say travels in the resource's state.
    """

    looked: Looked = field(default_factory=Looked)
    """What the stores show, kept up to date by our own writes."""
    staged: Properties = field(default_factory=dict)
    """The StagedCredential's state; filled by Diff, and by Create and Update."""
    tested: Properties | None = None
    """The SmokeTest's state: `tba` hands it over, and the SmokeTest's own Update does. None if nobody did."""
    offered: dict[str, Pair | None] | None = field(default=None, repr=False)
    """What the sources give; filled by Check. None until they were asked."""
    places: dict[str, str] = field(default_factory=dict)
    """Where each part's source reads, for messages; filled by Check."""
    token_origin: TokenOrigin | None = None
    """Where the token comes from; filled by Check."""
    brought: bool = False
    """This run obtained the new pair of a rotation; filled by Update."""
    bearer_refused: AuthenticationRefusedError | None = None
    """NetSuite refused the current certificate, which was to bring its successor: it is not used again."""
    updated: bool = False
    """This run has updated the StagedCredential."""

    def remembered(self) -> Remembered:
        """Return what state says, as facts."""
        staged, tested = self.staged, self.tested
        formats = [
            # without a format, the usual keys of its kind
            format_of(one)
            for one in (staged, tested or {})
            if isinstance(one.get("format", {}), dict)
        ]
        return Remembered(
            exists=bool(staged.get("versions")) and "imported" not in staged,
            claim=staged.get("claim", ""),
            owner=staged.get("owner", ""),
            source_digests=staged.get("sourceDigests", {}),
            stored_digests=staged.get("storedDigests", {}),
            verified=None if tested is None else tested.get("verified", {}),
            formats=(
                *formats,
                *(format_of({**staged, "format": one}) for one in staged.get("earlierFormats", ())),
                Format(),
            ),
        )


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
    previous_digest_key: str | None = field(default=None, repr=False)
    """The secret config `tba:previousDigestKey`."""
    updating: bool = False
    """The program runs: a resource that is deleted now was removed from it, or renamed."""
    records: dict[str, RecordMemory] = field(default_factory=dict)
    """By `integration/token`."""
    tokens_staged: set[Sensitive] = field(default_factory=set, repr=False)
    """The token ids that this run has staged: a secret whose token moved to another record is left to its readers."""
    preflights: dict[Store, Preflight] = field(default_factory=dict)
    foreseen: set[Store] = field(default_factory=set)
    """The stores whose account a preview has already checked."""
    locks: dict[Store, threading.Lock] = field(default_factory=dict)
    """A lock for each store, held while its preflight runs."""
    gate: Gate = field(default_factory=lambda: Gate(time.time))
    client: Callable[[Credential, str | None, str], Caller] = client_for
    """Makes a client of NetSuite for a credential, an endpoint and a record."""
    maker: Callable[[StagedCredentialInputs], Callable[[str, Pair, Pair], Credential]] = maker
    """Returns what makes a credential of the kind that is declared."""
    generate: Callable[[StagedCredentialInputs], Pair] = generate
    """Makes a key and its certificate."""
    revoke: Callable[[Client], Revocation] = revoke
    """Revokes a token by its own signature."""
    clock: Callable[[], float] = time.time
    """Epoch seconds."""
    started_by: int | None = None
    """The engine whose plugin this process is; None in `tba`, which outlives the shell that started it."""

    def record(self, name: str) -> RecordMemory:
        """Return what this run knows of one record."""
        return self.records.setdefault(name, RecordMemory())

    def places(self, stores: Stores, secret: str) -> dict[str, Place]:
        """Return a record's places, for reading and deleting only."""
        return places_in(self.open_stores(stores), stores, secret)

    def look_ahead(self, stores: Stores, secrets: Mapping[str, str]) -> None:
        """Begin to look at the secrets of many records, by record, side by side: the engine compares one by one."""
        if self.intents:  # it is about these records alone
            return
        pool = ThreadPoolExecutor(_LOOKS_AT_ONCE, "look ahead")
        for record, secret in secrets.items():
            for place in self.places(stores, secret).values():
                pool.submit(self._look_ahead, self.record(record).looked, place)
        pool.shutdown(wait=False)

    def _look_ahead(self, looked: Looked, place: Place) -> None:
        if not self.cancelled.is_set():
            looked.look_ahead(place)

    def keys(self, account: str, record: str) -> DigestKeys:
        """Return the digest keys of a record."""
        return DigestKeys.of(self.digest_key, self.previous_digest_key, account, record)

    def preflight(self, place: Place) -> Preflight | None:
        """Find out who we are to a store, once a run; None if it is known already."""
        with self.locks.setdefault(place.store, threading.Lock()):  # others wait for the answer
            if place.store in self.preflights:
                return None
            found = self.preflights[place.store] = place.store.preflight([place.name])
            return found

    def refused_account(self, place: Place) -> str:
        """Return why a store would refuse who we are, once a run; empty if it does not, or cannot be asked."""
        with self.locks.setdefault(place.store, threading.Lock()):
            if place.store not in self.foreseen:
                self.foreseen.add(place.store)
                try:
                    place.store.preflight([place.name])
                except AccessDeniedError as error:
                    return str(error)
                except StoreError:
                    pass  # the update will say so
        return ""

    def orphaned(self) -> bool:
        """Return whether the process that started this one is gone: nobody would learn of what is done from here on."""
        return self.started_by not in (None, os.getppid())

    def status(self, urn: str, message: str) -> None:
        """Show a message live in the resource's status column; it is not kept."""
        self.log(LogSeverity.INFO, message, urn, True)

    def debug(self, urn: str, message: str) -> None:
        """Log a message that `pulumi up --debug` shows."""
        self.log(LogSeverity.DEBUG, message, urn, False)

    def inform(self, urn: str, message: str) -> None:
        """Show a message under Diagnostics that is no warning."""
        self.log(LogSeverity.INFO, message, urn, False)

    def warn(self, urn: str, message: str) -> None:
        """Show a warning under Diagnostics."""
        self.log(LogSeverity.WARNING, message, urn, False)

    def proceed(self) -> None:
        """Refuse to go on if the run was cancelled; called before each irreversible step.

        Raises:
            CancelledError: The engine asked to stop, or is gone.
        """
        if self.cancelled.is_set() or self.orphaned():
            raise CancelledError("cancelled before the next write; what was done so far is kept")


@dataclass
class RecordRun:
    """One Create or Update of one record, by either of its resources."""

    host: Host
    urn: str
    inputs: RecordInputs
    new: Properties
    """The inputs, as the engine has them."""
    places: Places

    @cached_property
    def record(self) -> RecordMemory:
        """What this run knows of the record."""
        return self.host.record(self.inputs.record)

    @property
    def looked(self) -> Looked:
        """What its stores show."""
        return self.record.looked

    @cached_property
    def keys(self) -> DigestKeys:
        """The record's digest keys."""
        return self.host.keys(self.inputs.account, self.inputs.record)

    @property
    def intent(self) -> Intent | None:
        """What `tba` asks for, beyond a plain `up`."""
        return self.host.intents.get(self.inputs.record)

    @cached_property
    def remembered(self) -> Remembered:
        """What state says."""
        return self.record.remembered()

    @property
    def declared(self) -> Declared:
        """What the program declares."""
        inputs = self.inputs
        return Declared(inputs.record, inputs.account, inputs.format, self.keys)

    @property
    def now(self) -> int:
        """Epoch seconds."""
        return int(self.host.clock())
