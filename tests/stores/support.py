"""What the tests of every store share: values with a canary, marks, threads, and a look at errors."""

from __future__ import annotations

import json
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from tba_secrets.errors import StoreError
from tba_secrets.sensitive import Sensitive, fingerprint
from tba_secrets.stores.failures import StoreFailure
from tba_secrets.stores.interface import (
    Candidate,
    OwnerMark,
    SecretName,
    Snapshot,
    Stage,
    Store,
    VersionId,
)

KEY = b"k" * 32
NAME = SecretName("netsuite/sandbox/warehouse-sync")
MARK = OwnerMark(stack="acme/netsuite/sandbox", record="warehouse-sync/bot", claim="claim-one")
CANARY = "canary-obviously-fake"


class Bench(Protocol):
    """A store to test, and the means to see and do what a stranger would."""

    @property
    def store(self) -> Store:
        """The store, empty."""

    def write_as_another(self, name: SecretName, value: str, stage: Stage) -> VersionId:
        """Write a version as a program that is not tba-secrets, into a new secret too."""

    def default_read(self, name: SecretName) -> str | None:
        """What a consumer gets who names neither a version nor a label; None where nothing is."""

    def drop_unheld(self, name: SecretName) -> None:
        """What the store does when it likes: versions that nothing holds are gone, by the next write at the latest."""


@dataclass(frozen=True)
class Outcomes:
    """How the calls of several threads ended."""

    results: list[Any]
    errors: list[BaseException]


def candidate(text: str | None = None) -> Candidate:
    """A candidate with an unmistakable value, or with the text given."""
    text = text or canonical({"token_secret": f"{CANARY}-{uuid.uuid4().hex}"})
    return Candidate(Sensitive(text), fingerprint(KEY, text))


def canonical(data: Mapping[str, object]) -> str:
    """The text that `payload.render` writes: Vault keeps objects, and gives any other text of one back as this."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def seen(store: Store, name: SecretName = NAME) -> Snapshot:
    """The snapshot of a secret that must exist."""
    snapshot = store.describe(name)
    assert snapshot is not None, f"{name} is absent"
    return snapshot


def current(store: Store, name: SecretName = NAME) -> VersionId | None:
    """The current version."""
    return seen(store, name).stages.get(Stage.CURRENT)


def claimed(store: Store, name: SecretName = NAME) -> VersionId | None:
    """Claim the secret; its current version."""
    store.claim(name, MARK)
    return current(store, name)


def promoted(store: Store, staged: Candidate, name: SecretName = NAME) -> VersionId:
    """Stage and promote in place of whatever is current."""
    replacing = current(store, name)
    version = store.stage(name, staged, replacing)
    store.promote(name, version, replacing)
    return version


def value_of(store: Store, which: Stage | VersionId, name: SecretName = NAME) -> str | None:
    """The text of a version; None where there is none."""
    stored = store.read(name, which)
    return None if stored is None else stored.value.reveal()


def refusal(kind: type[StoreError], call: Callable[[], object], *words: str) -> StoreError:
    """The error that `call` must end with: of that very type, naming `words`, holding nothing secret."""
    with pytest.raises(StoreError) as caught:
        call()
    error = caught.value
    assert type(error) is kind, f"{type(error).__name__}: {error}"
    for word in words:
        assert word in str(error), f"{word!r} is not in: {error}"
    assert CANARY not in "".join(traceback.format_exception(error))
    for link in _chain(error):
        assert isinstance(link, StoreError | StoreFailure), (
            f"{type(link).__name__} may hold an answer"
        )
        assert CANARY not in repr(link) + repr(vars(link))
    return error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and every one that it was raised from or while."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def at_once(calls: list[Callable[[], Any]]) -> Outcomes:
    """Make the calls in a thread each, as nearly at the same time as threads can be."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
    errors = [error for future in futures if (error := future.exception()) is not None]
    return Outcomes([f.result() for f in futures if f.exception() is None], errors)
