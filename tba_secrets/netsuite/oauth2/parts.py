"""A private key and its certificate as one part of a credential: PEM after PEM, as OpenSSL writes a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import (
    Certified,
    certificate_in,
    load_key,
    make,
    require_fit,
    valid_until,
)
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential, token_endpoint
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair


@dataclass(frozen=True)
class CertificateTerms:
    """What is declared of a certificate, beside its sources."""

    name: str
    """The common name of a generated one, by which NetSuite's list shows it."""
    algorithm: Algorithm
    valid_for: timedelta
    """How long a generated one is valid."""
    scopes: tuple[str, ...]

    def generate(self, now: datetime) -> Pair:
        """Make a key and its certificate, in memory."""
        return as_pair(make(self.algorithm, self.name, self.valid_for, now))

    def credential(self, account: str, client: Pair, key: Pair) -> OAuth2Credential:
        """Return the credential of a client id, and a key with its certificate.

        A key that was made here for another algorithm goes on signing with its own, until it is rotated.

        Raises:
            SourceError: The key or the certificate is malformed.
        """
        private_key, certificate = _texts(key, self.name)
        loaded = load_key(private_key, self.name)
        fitting = [one for one in (self.algorithm, *Algorithm) if one.fits(loaded)]
        return OAuth2Credential(
            account=account,
            client_id=client.identifier,
            certificate_id=key.identifier.reveal(),
            private_key=private_key,
            certificate=certificate,
            algorithm=fitting[0],
            scopes=self.scopes,
            token_endpoint=token_endpoint(account),
            valid_until=valid_until(certificate, self.name).date(),
        )


def require_algorithm(key: Pair, algorithm: str, where: str) -> None:
    """Refuse the key of a source that cannot sign with the declared algorithm.

    Raises:
        SourceError: It names the algorithms that fit.
    """
    require_fit(load_key(_texts(key, where)[0], where), Algorithm(algorithm), where)


def _texts(key: Pair, where: str) -> tuple[Sensitive, str]:
    text = key.secret.reveal()
    certificate = certificate_in(text, where)
    return Sensitive(text.replace(certificate, "")), certificate


def as_pair(certified: Certified) -> Pair:
    text = certified.private_key.reveal() + certified.certificate
    return Pair(Sensitive(certified.certificate_id), Sensitive(text))
