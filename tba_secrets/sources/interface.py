"""The interface of a source: it yields what belongs together as a pair, or nothing.

The provider reads a source in its own process; the program and the engine only carry the reference.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from tba_secrets.sensitive import Sensitive


@dataclass(frozen=True)
class Pair:
    """A consumer key and secret, or a token id and secret, ready to be signed with.

    Of OAuth 2.0 it is a client id without a secret, or a certificate id with the PEM of the private key and that of the
    certificate.
    """

    identifier: Sensitive
    secret: Sensitive
    warnings: tuple[str, ...] = ()
    """Oddities such as stripped white space or an unusual length, without the value."""


class Source(ABC):
    """A place that may hold a pair."""

    @abstractmethod
    def read(self) -> Pair | None:
        """Read the pair. Return None if the source does not have it.

        An unset or empty variable, a missing file, and a command that succeeds and prints nothing are absent,
        not errors.

        Raises:
            SourceError: The pair is incomplete, a command failed, others can read the file, or the text
                is malformed. The message names the place and never a value.
        """

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it reads, for messages: `environment variables A and B`, `file x.json`."""
