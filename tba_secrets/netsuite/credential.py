"""A TBA credential: the account it is for and the four values that sign its calls (OAuth 1.0, RFC 5849)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tba_secrets.sensitive import Sensitive

if TYPE_CHECKING:
    from tba_secrets.sources.interface import Pair


@dataclass(frozen=True)
class TbaCredential:
    """What a signed call needs. All four values are secret to us: an id is half of a login."""

    account: str
    """The account id in realm form: upper case, with an underscore (`1234567_SB1`)."""
    consumer_key: Sensitive
    consumer_secret: Sensitive
    token_id: Sensitive
    token_secret: Sensitive

    @classmethod
    def of(cls, account: str, consumer: Pair, token: Pair) -> TbaCredential:
        """Return the credential of two pairs."""
        return cls(account, consumer.identifier, consumer.secret, token.identifier, token.secret)

    def with_pair(self, part: str, pair: Pair) -> TbaCredential:
        """Return the same credential with another `consumer` or `token` pair."""
        if part == "consumer":
            return replace(self, consumer_key=pair.identifier, consumer_secret=pair.secret)
        return replace(self, token_id=pair.identifier, token_secret=pair.secret)

    def pair(self, part: str) -> Pair:
        """Return the `consumer` or the `token` pair."""
        from tba_secrets.sources.interface import (
            Pair,  # a reader's program does without the sources
        )

        if part == "consumer":
            return Pair(self.consumer_key, self.consumer_secret)
        return Pair(self.token_id, self.token_secret)

    @property
    def secrets(self) -> tuple[Sensitive, ...]:
        """The four values, for blotting them out of words that are not ours."""
        return (self.consumer_key, self.consumer_secret, self.token_id, self.token_secret)
