"""A key, its self-signed certificate and its id: made here, or given and checked before anything is written.

The certificate id, which NetSuite answers when the certificate is uploaded, is the base64url of the SHA-256 of its DER
(RFC 7515's `x5t#S256`). Oracle documents no rule; the one pair that Oracle prints fits ("POST Request to Set Up a New
Certificate"). Where NetSuite answers another id, that one counts.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from tba_secrets.errors import SourceError
from tba_secrets.netsuite.oauth2.algorithms import RSA_BITS, Algorithm, PrivateKey
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import LONGEST_VALIDITY

CertificateId = NewType("CertificateId", str)
"""The `kid` of assertions. It is no secret."""

_EARLIER: Final = timedelta(minutes=5)
"""A new certificate is valid from a little earlier on, for NetSuite's clock may be behind ours."""
_CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL
)
_MAKE_ANEW: Final = "make a new pair, or leave the source out: a key is then made in memory"


@dataclass(frozen=True)
class Certified:
    """A private key and the certificate that NetSuite knows it by."""

    algorithm: Algorithm
    private_key: Sensitive
    """PKCS #8 in PEM, without a passphrase."""
    certificate: str
    """In PEM: public, and what is uploaded."""
    certificate_id: CertificateId
    """As computed here."""
    valid_until: datetime
    """The certificate's own end; NetSuite's answer may name an earlier one."""


def make(algorithm: Algorithm, name: str, valid_for: timedelta, now: datetime) -> Certified:
    """Make a key and its certificate. NetSuite's list shows it by its common name, which is no secret.

    `now` is the present, with a time zone.

    Raises:
        ValueError: `valid_for` is out of bounds.
    """
    if not timedelta(0) < valid_for <= LONGEST_VALIDITY:
        raise ValueError("a certificate is valid for two years (730 days) at most")
    key = algorithm.new_key()
    starts = now.astimezone(UTC).replace(microsecond=0) - _EARLIER
    ends = min(starts + LONGEST_VALIDITY, starts + _EARLIER + valid_for)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, algorithm.hash, rsa_padding=_padding(algorithm))
    )
    return _certified(algorithm, key, made)


def check(
    private_key: Sensitive, certificate: str, algorithm: Algorithm, now: datetime, where: str
) -> Certified:
    """Return a given key and certificate, both in PEM, where NetSuite would take them.

    Text around the certificate, as OpenSSL writes, is left out. `where` is the place that gave them, for messages;
    `now` is the present, with a time zone.

    Raises:
        SourceError: They cannot be used: why, and never a value.
    """
    key = load_key(private_key, where)
    require_fit(key, algorithm, where)
    read = _load_certificate(certificate, where)
    if key.public_key() != read.public_key():
        raise SourceError(
            f"{where}: the private key is not that of the certificate",
            "give the key and the certificate that were made together",
        )
    certified = _certified(algorithm, key, read)
    if read.not_valid_after_utc - read.not_valid_before_utc > LONGEST_VALIDITY + timedelta(days=1):
        raise SourceError(
            f"{where}: the certificate is valid for more than two years, and NetSuite would cut it",
            f"{_MAKE_ANEW}, valid for 730 days at most",
        )
    if read.not_valid_after_utc <= now:
        raise SourceError(
            f"{where}: the certificate ran out on {read.not_valid_after_utc:%Y-%m-%d}", _MAKE_ANEW
        )
    if read.not_valid_before_utc > now + _EARLIER:
        raise SourceError(
            f"{where}: the certificate is valid from {read.not_valid_before_utc:%Y-%m-%d %H:%M} UTC only",
            "wait until then, or set the clock of the machine that makes certificates",
        )
    return certified


def certificate_id(certificate: str) -> CertificateId:
    """Return the certificate id that NetSuite gives a certificate, computed from its PEM.

    Raises:
        SourceError: It is no certificate.
    """
    return _id(_load_certificate(certificate, "the certificate"))


def certificate_in(text: str, where: str) -> str:
    """Return the certificate in a text that may hold its key too, in PEM with its last line break.

    Raises:
        SourceError: There is none.
    """
    found = _CERTIFICATE.search(text)
    if found is None:
        raise SourceError(f"{where}: there is no certificate beside the private key", _MAKE_ANEW)
    return found[0] + "\n"


def valid_until(certificate: str, where: str) -> datetime:
    """Return a certificate's own end.

    Raises:
        SourceError: It is no certificate.
    """
    return _load_certificate(certificate, where).not_valid_after_utc


def load_key(private_key: Sensitive, where: str) -> PrivateKey:
    """Return the key in a PEM without passphrase.

    Raises:
        SourceError: It has a passphrase, is no key, or of a kind or size that NetSuite does not take.
    """
    text = private_key.reveal().strip()
    if "ENCRYPTED" in text:
        raise SourceError(
            f"{where}: the private key has a passphrase",
            "take it off (`openssl pkey -in FILE`), and let the source print it without a file in between; the store "
            "encrypts what it holds",
        )
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except Exception:  # whatever it is, its words may quote the text
        key = None
    if key is None:
        raise SourceError(
            f"{where}: this is no private key in PEM",
            "give the whole text, from -----BEGIN PRIVATE KEY----- to the last line, with its line breaks",
        )
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size not in RSA_BITS:
        raise SourceError(
            f"{where}: this is an RSA key of {key.key_size} bits, and NetSuite takes 3072 and 4096",
            f"{_MAKE_ANEW} (`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072`)",
        )
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) and any(
        one.fits(key) for one in Algorithm
    ):
        return key
    raise SourceError(
        f"{where}: NetSuite takes no key of this kind",
        f"{_MAKE_ANEW}: EC on P-256, P-384 or P-521, or RSA of 3072 or 4096 bits",
    )


def require_fit(key: PrivateKey, algorithm: Algorithm, where: str) -> None:
    """Refuse a key that cannot sign with the algorithm.

    Raises:
        SourceError: It names the algorithms that fit.
    """
    if not algorithm.fits(key):
        fitting = ", ".join(one for one in Algorithm if one.fits(key))
        raise SourceError(
            f"{where}: the key cannot sign with {algorithm}, which needs {algorithm.needs}",
            f"declare an algorithm that fits this key ({fitting}), or give another key",
        )


def algorithm_named(name: str, where: str) -> Algorithm:
    """Return the algorithm of a name.

    Raises:
        SourceError: NetSuite takes no such algorithm.
    """
    try:
        return Algorithm(name)
    except ValueError:
        pass
    old = "RSA with PKCS #1 v1.5 ended in March 2025: " if name.startswith("RS") else ""
    raise SourceError(
        f"{where}: NetSuite takes no assertion in this algorithm",
        f"{old}write one of {', '.join(Algorithm)}; an RSA key signs with PS256, PS384 and PS512",
    )


def _certified(algorithm: Algorithm, key: PrivateKey, made: x509.Certificate) -> Certified:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private_key = Sensitive(key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode())
    certificate = made.public_bytes(pem).decode()
    return Certified(algorithm, private_key, certificate, _id(made), made.not_valid_after_utc)


def _load_certificate(text: str, where: str) -> x509.Certificate:
    found = _CERTIFICATE.search(text)
    if "PRIVATE KEY" in text:
        raise SourceError(
            f"{where}: there is a private key where the certificate belongs",
            "give the certificate alone: it is what NetSuite gets, and the key must not go there",
        )
    try:
        read = x509.load_pem_x509_certificate(found[0].encode()) if found is not None else None
    except ValueError:
        read = None
    if read is None:
        raise SourceError(
            f"{where}: this is no certificate in PEM",
            "give the whole text, from -----BEGIN CERTIFICATE----- to the last line, with its line breaks",
        )
    return read


def _id(made: x509.Certificate) -> CertificateId:
    return CertificateId(urlsafe_b64encode(made.fingerprint(hashes.SHA256())).rstrip(b"=").decode())


def _padding(algorithm: Algorithm) -> padding.PSS | None:
    if algorithm.elliptic:
        return None
    return padding.PSS(padding.MGF1(algorithm.hash), algorithm.hash.digest_size)
