"""A call to a store that failed: what it tells of the store, and our words for it.

The words are made from what was asked and a code or status. The service's own sentences, its answer and the text of a
library's exception are never used: an answer may be the secret, and a proxy may echo the request, which holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tba_secrets.errors import AccessDeniedError, StoreError, StoreUnavailableError


class Outcome(Enum):
    """What a failed call tells of the store."""

    ABSENT = "there is nothing there"
    MISMATCH = "nothing was done: check-and-set found another version"
    REFUSED = "nothing was done, because of the request or of the state of what is there"
    DENIED = "nothing was done, and asking again is no use"
    EXPIRED = "nothing was done: the token is not accepted any more"
    UNAVAILABLE = "nothing was done, and asking again may help"
    UNKNOWN = "it may have been done: read back"


_ERRORS: Final[Mapping[Outcome, type[StoreError]]] = {
    Outcome.DENIED: AccessDeniedError,
    Outcome.EXPIRED: AccessDeniedError,
    Outcome.UNAVAILABLE: StoreUnavailableError,
    Outcome.UNKNOWN: StoreUnavailableError,
}
"""What is raised for an outcome, if its meaning does not say otherwise; StoreError for all others."""


@dataclass(frozen=True)
class Meaning:
    """One line of a store's table of failures."""

    outcome: Outcome
    what: str
    remedy: str
    """Both texts are formatted with the words of the call."""
    tries: int = 1
    """How often to ask in all before this is believed."""
    error: type[StoreError] | None = None
    """What is raised, where it is not what the outcome says."""


class StoreFailure(Exception):  # noqa: N818 - becomes `error` at the boundary of the store
    """A call that failed: never leaves its store. It holds our own words only."""

    def __init__(
        self, meaning: Meaning, words: Mapping[str, object], *, retried: bool = False
    ) -> None:
        error = meaning.error or _ERRORS.get(meaning.outcome, StoreError)
        self.error = error(meaning.what.format(**words), meaning.remedy.format(**words))
        super().__init__(self.error.what)
        self.outcome = meaning.outcome
        self.code = words.get("code", "")
        """AWS's code for the error."""
        self.retried = retried
        """The SDK asked more than once: an earlier attempt, whose reply was lost, may have been carried out."""
        self.tries = meaning.tries


@contextmanager
def allowing(outcome: Outcome) -> Iterator[None]:
    """Go on behind the block if a call in it fails with `outcome`."""
    try:
        yield
    except StoreFailure as failure:
        if failure.outcome is not outcome:
            raise
