"""Where a value comes from: two strings that belong together, or nothing.

A source is asked by the provider, in its own process; the program and the engine only carry the reference.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from tba_secrets.sensitive import Sensitive


@dataclass(frozen=True)
class Pair:
    """A consumer key and secret, or a token id and secret, ready to be signed with."""

    identifier: Sensitive
    secret: Sensitive
    warnings: tuple[str, ...] = ()
    """What looked odd (white space stripped, an unusual length), without the value."""


class Source(ABC):
    """One place that can give a pair."""

    @abstractmethod
    def read(self) -> Pair | None:
        """The pair; None where the source does not have it (an unset or empty variable, a missing file).

        Raises:
            SourceError: Half a pair, a command that failed, a file that others can read, text that is not what it
                should be. The message names the place and never a value.
        """

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it looks, to be shown: `environment variables A and B`, `file x.json`, `command sops`."""
