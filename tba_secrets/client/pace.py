"""A session's settings: how long a credential is cached, and how many calls run at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypedDict

from tba_secrets.spec.model import CertificateFormat, Format

RETRY_SECONDS: Final = 30.0
"""After a store could not be asked, the credential that is kept is used for so long before it is asked again."""


@dataclass(frozen=True)
class Pace:
    """The settings of a session; all times in seconds."""

    max_age_seconds: float = 300.0
    """The current version is read again after this time. Keep it below `retire_after`, the overlap of a rotation."""
    max_stale_seconds: float = 3600.0
    """While the store cannot be asked, what was read is used for so long after it was read (RFC 5861 section 4)."""
    at_once: int = 3
    """Calls under way at once, however many threads share the session. A token that ends without an overlap costs so
    many refused logins, and five lock the user out of NetSuite: more than 3 only where old tokens overlap."""
    timeout_seconds: tuple[float, float] = (10.0, 300.0)
    """To connect, and between two bytes of the answer, where a call says nothing: one that hangs keeps its place."""
    clock: Callable[[], float] = time.time
    """Epoch seconds, for signatures."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds, for ages."""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a setting out of bounds."""
        if self.at_once < 1:
            raise ValueError(f"at_once is {self.at_once}: at least 1 call has to get through")
        if not 0 <= self.max_age_seconds <= self.max_stale_seconds:
            raise ValueError(
                f"max_age_seconds is {self.max_age_seconds}, max_stale_seconds {self.max_stale_seconds}: "
                "give a number that is not negative, and one that is not smaller"
            )


class Options(TypedDict, total=False):
    """Keyword arguments of every function that opens a session: the fields of `Pace`, and two more."""

    max_age_seconds: float
    max_stale_seconds: float
    at_once: int
    timeout_seconds: tuple[float, float]
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    format: Format | CertificateFormat
    """The keys of the stored JSON object, where they are not the usual ones."""
    endpoint: str | None
    """One address for all NetSuite services instead of the account's own: the simulator, or a proxy."""
