"""A credential: the account it is for, and two parts, the integration record's and the user's.

For TBA (OAuth 1.0, RFC 5849) these are the consumer pair and the token pair: four values that sign its calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tba_secrets.sensitive import Sensitive

if TYPE_CHECKING:
    from tba_secrets.sources.interface import Pair


class Credential(Protocol):
    """What the life of a credential needs to know of it, whatever its kind."""

    @property
    def account(self) -> str:
        """The account id in realm form."""

    def pair(self, part: str) -> Pair:
        """Return the `consumer` or the `token` part."""

    @property
    def fields(self) -> Mapping[str, Sensitive]:
        """What a store holds of it, by field name."""

    @property
    def secrets(self) -> tuple[Sensitive, ...]:
        """Its values, to redact them from text that others wrote."""


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
        return cls(account, consumer.identifier, consumer.secret, token.identifier, token.secret)

    def pair(self, part: str) -> Pair:
        # A reader's program does without the sources.
        from tba_secrets.sources.interface import Pair

        if part == "consumer":
            return Pair(self.consumer_key, self.consumer_secret)
        return Pair(self.token_id, self.token_secret)

    @property
    def fields(self) -> Mapping[str, Sensitive]:
        return {
            "account": Sensitive(self.account),
            "consumer_key": self.consumer_key,
            "consumer_secret": self.consumer_secret,
            "token_id": self.token_id,
            "token_secret": self.token_secret,
        }

    @property
    def secrets(self) -> tuple[Sensitive, ...]:
        return (self.consumer_key, self.consumer_secret, self.token_id, self.token_secret)
