"""What NetSuite reads from an uploaded certificate (Oracle help, "Certificate Conditions")."""

from __future__ import annotations

import base64
import hashlib
import ssl
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_RSA_BITS: Final = (3072, 4096)
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_MOST_YEARS: Final = 2


@dataclass(frozen=True)
class CertificateFacts:
    """The parts of a certificate that matter."""

    certificate_id: str
    algorithm: str
    """As the list of certificates says it: RSA or EC."""
    key_fits: bool
    """Whether NetSuite takes keys of this size."""
    valid_from: datetime
    valid_until: datetime
    """Cut to two years."""
    public_key: bytes
    """In PEM."""

    def expired_at(self, now: float) -> bool:
        """Return whether it has run out at that time."""
        return self.valid_until.timestamp() <= now

    def valid_at(self, now: float) -> bool:
        """Return whether it holds at that time."""
        return self.valid_from.timestamp() <= now and not self.expired_at(now)


@lru_cache(maxsize=1000)
def read(pem: str) -> CertificateFacts:
    """Read a certificate.

    Raises:
        ValueError: It is no X.509 certificate in PEM, or has no RSA or EC key. The message quotes nothing.
    """
    try:
        der = ssl.PEM_cert_to_DER_cert(pem.strip())
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is not an X.509 certificate in PEM") from None
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ValueError("the certificate has neither an RSA nor an EC key")  # noqa: TRY004
    starts = certificate.not_valid_before_utc
    return CertificateFacts(
        certificate_id=certificate_id(der),
        algorithm="RSA" if isinstance(key, rsa.RSAPublicKey) else "EC",
        key_fits=_fits(key),
        valid_from=starts,
        valid_until=min(certificate.not_valid_after_utc, _two_years_after(starts)),
        public_key=key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def certificate_id(der: bytes) -> str:
    """Return the id: base64url of the DER's SHA-256.

    No rule is documented. The one certificate that Oracle prints with its id agrees (Oracle help, "POST Request to Set
    Up a New Certificate").
    """
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii")


def _fits(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size in _RSA_BITS
    return key.curve.name in _CURVES


def _two_years_after(moment: datetime) -> datetime:
    if (moment.month, moment.day) == (2, 29):
        moment = moment.replace(day=28)
    return moment.replace(year=moment.year + _MOST_YEARS)
