"""An OAuth 2.0 credential: what an assertion is made of, and what a store holds of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.sensitive import Sensitive

if TYPE_CHECKING:
    from tba_secrets.netsuite.oauth2.certificates import Certified
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
    algorithm: str
    scopes: tuple[str, ...]
    token_endpoint: str
    """Where a reader posts its assertion: written for consumers. We ourselves ask the account's own host, or the
    configured `endpoint`, and never an address that a store gave."""
    valid_until: date | None = None
    """As NetSuite answered, or else the certificate's own end; None where a store does not say."""

    def pair(self, part: str) -> Pair:
        """Return the `client` (whose secret is empty) or the `key`: certificate id and private key."""
        from tba_secrets.sources.interface import (
            Pair,  # a reader's program does without the sources
        )

        if part == "client":
            return Pair(self.client_id, Sensitive(""))
        return Pair(Sensitive(self.certificate_id), self.private_key)

    def with_client(self, client: Pair) -> OAuth2Credential:
        """Return the same credential with another `client`."""
        return replace(self, client_id=client.identifier)

    def with_key(self, certified: Certified) -> OAuth2Credential:
        """Return the same credential with another key, and all that goes with it."""
        return replace(
            self,
            certificate_id=certified.certificate_id,
            private_key=certified.private_key,
            algorithm=certified.algorithm.value,
            valid_until=certified.valid_until.date(),
        )

    @property
    def audience(self) -> str:
        """The `aud` of an assertion: NetSuite's own address, whatever stands in between."""
        return token_endpoint(self.account)

    @property
    def secrets(self) -> tuple[Sensitive, ...]:
        """What is blotted out of words that are not ours."""
        return (self.private_key, self.client_id)


def token_endpoint(account: str, endpoint: str | None = None) -> str:
    """Return where the account turns an assertion into an access token.

    Args:
        account: The account id in either spelling.
        endpoint: One address for all services instead of the account's own hosts.

    Raises:
        AccountIdError: The account id is none.
    """
    return base_url(account, Service.SUITETALK, endpoint) + TOKEN_PATH
