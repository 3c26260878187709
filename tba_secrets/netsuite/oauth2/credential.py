"""An OAuth 2.0 credential: what an assertion is made of, and what a store holds of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.sensitive import Sensitive

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
