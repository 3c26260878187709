"""An OAuth 2.0 credential: what an assertion is made of, and what a store holds of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.sensitive import Sensitive

if TYPE_CHECKING:
    from tba_secrets.sources.interface import Pair

TOKEN_PATH: Final = "/services/rest/auth/oauth2/v1/token"


@dataclass(frozen=True)
class OAuth2Credential:
    """What gets an access token. The private key is the secret; a client id may be the consumer key of TBA."""

    account: str
    """The account id in realm form."""
    client_id: Sensitive
    """Of the integration record; on a record that carried TBA it is the consumer key."""
    certificate_id: str
    private_key: Sensitive
    """PKCS #8 in PEM, without a passphrase."""
    certificate: str
    """In PEM: public. Whoever finds the credential can bring it to NetSuite."""
    algorithm: str
    scopes: tuple[str, ...]
    token_endpoint: str
    """Where a reader posts its assertion: written for consumers. We ourselves ask the account's own host, or the
    configured `endpoint`, and never an address that a store gave."""
    valid_until: date | None = None
    """As NetSuite answered, or else the certificate's own end; None if a store does not say."""

    @property
    def audience(self) -> str:
        """The `aud` of an assertion: NetSuite's own address, whatever stands in between."""
        return token_endpoint(self.account)

    def pair(self, part: str) -> Pair:
        """Return the `consumer` part (the client id), or the `token` part (the certificate's id, and both PEMs)."""
        # A reader's program does without the sources.
        from tba_secrets.sources.interface import Pair

        if part == "consumer":
            return Pair(self.client_id, Sensitive(""))
        return Pair(
            Sensitive(self.certificate_id), Sensitive(self.private_key.reveal() + self.certificate)
        )

    @property
    def fields(self) -> Mapping[str, Sensitive]:
        until = self.valid_until
        words = {
            "account": self.account,
            "certificate_id": self.certificate_id,
            "certificate": self.certificate,
            "algorithm": self.algorithm,
            "scopes": ",".join(self.scopes),
            "token_endpoint": self.token_endpoint,
            "valid_until": until.isoformat() if until is not None else "",
        }
        public = {field: Sensitive(word) for field, word in words.items()}
        return {**public, "client_id": self.client_id, "private_key": self.private_key}

    @property
    def secrets(self) -> tuple[Sensitive, ...]:
        return (self.private_key, self.client_id)


def token_endpoint(account: str) -> str:
    """Return where the account turns an assertion into an access token. Raises `AccountIdError` if it is malformed."""
    return base_url(account, Service.SUITETALK) + TOKEN_PATH
