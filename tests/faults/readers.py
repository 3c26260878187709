"""Readers that know nothing of rotations: they take what is current and make signed calls, and count what fails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

import requests

from tba_secrets.client import SignedSession
from tba_secrets.netsuite.signing import sign
from tba_secrets.payload import parse
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import SecretName, Stage, Store
from tests.engine.project import HANG_GUARD_SECONDS
from tests.netsuite_account import Values

TIME = "/services/rest/system/v1/serverTime"
PAUSE_SECONDS = 0.02
"""Between two calls of a reader: without a pause the readers take a core from the run that they look at."""
Call = Callable[[], int]
"""One signed call; the HTTP status."""


@dataclass
class Tally:
    """What the readers of one block have seen."""

    calls: int = 0
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def note(self, outcome: str) -> None:
        """One call: `200`, or what came instead."""
        with self._lock:
            self.calls += 1
            if outcome != "200":
                self.failed.append(outcome)

    @property
    def outcomes(self) -> Counter[str]:
        """What came instead of an answer, and how often."""
        return Counter(self.failed)


@contextmanager
def reading(*calls: Call) -> Iterator[Tally]:
    """Each call again and again in a thread of its own, until the block ends."""
    tally, ended = Tally(), Event()

    def loop(call: Call) -> None:
        while not ended.wait(PAUSE_SECONDS):
            tally.note(_outcome(call))

    threads = [Thread(target=loop, args=(call,)) for call in calls]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    try:
        yield tally
    finally:
        ended.set()
        for thread in threads:
            thread.join(HANG_GUARD_SECONDS)
        tally.seconds = time.monotonic() - started


def plain_reader(store: Store, name: SecretName, url: str, seen: set[str] | None = None) -> Call:
    """The simplest reader: before every call it takes what is current, and signs with just that. No second try.

    Args:
        store: What it reads.
        name: The secret.
        url: NetSuite's address.
        seen: Takes the id of each token that a call was made with.
    """
    session = _quiet()

    def call() -> int:
        stored = store.read(name, Stage.CURRENT)
        assert stored is not None, "nothing is current"
        credential = parse(stored.value, Format(), name)
        if seen is not None:
            seen.add(credential.token_id.reveal())
        header = sign(credential, "GET", url + TIME)
        return session.get(url + TIME, headers={"Authorization": header}, timeout=30).status_code

    return call


def session_reader(session: SignedSession, url: str) -> Call:
    """A program that uses `tba_secrets.client`."""
    return lambda: session.get(url + TIME).status_code


def stubborn_reader(store: Store, name: SecretName, url: str) -> Call:
    """The broken twin: reads once, and signs with that for ever."""
    stored = store.read(name, Stage.CURRENT)
    assert stored is not None
    credential = parse(stored.value, Format(), name)
    session = _quiet()

    def call() -> int:
        header = sign(credential, "GET", url + TIME)
        return session.get(url + TIME, headers={"Authorization": header}, timeout=30).status_code

    return call


def succession(count: int) -> list[Values]:
    """So many tokens, each the successor of the one before."""
    return [Values() for _ in range(count)]


def _quiet() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _outcome(call: Call) -> str:
    try:
        return str(call())
    except Exception as error:  # whatever a reader meets is a failed call
        return type(error).__name__
