"""Keys made once a process, a certificate that Oracle prints, and a credential with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import Certified, make
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential, token_endpoint
from tba_secrets.sensitive import Sensitive

NOW: Final = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
YEAR: Final = timedelta(days=365)
ACCOUNT: Final = "1234567_SB1"
CLIENT_ID: Final = "c1" * 32
RECORD: Final = "certificate warehouse-sync/bot"

ORACLE_ID: Final = "NPMnRyPg-WDWhPiAbisjKiH0fqnBpjOZ367wDTe0pqA"
"""Oracle help, "POST Request to Set Up a New Certificate": the certificate of the sample, and its id."""
ORACLE_CERTIFICATE: Final = """\
-----BEGIN CERTIFICATE-----
MIICMzCCAdmgAwIBAgIUBiVEnfUN+N/+Dx5y95vec4/l9cowCgYIKoZIzj0EAwIw
bzELMAkGA1UEBhMCQ1oxEDAOBgNVBAgMB0N6ZWNoaWExDTALBgNVBAcMBEJybm8x
GDAWBgNVBAoMD09yYWNsZSBOZXRTdWl0ZTElMCMGA1UEAwwcaW5mcmEudGVzdC5j
b3JwLm5ldHN1aXRlLmNvbTAeFw0yNjAxMzAxMDI4MzhaFw0yNjAzMDExMDI4Mzha
MG8xCzAJBgNVBAYTAkNaMRAwDgYDVQQIDAdDemVjaGlhMQ0wCwYDVQQHDARCcm5v
MRgwFgYDVQQKDA9PcmFjbGUgTmV0U3VpdGUxJTAjBgNVBAMMHGluZnJhLnRlc3Qu
Y29ycC5uZXRzdWl0ZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARJqbhJ
Ql8wlogKRlaqug3YSA2jAFlDvM7S8nbP6zj7qqc7HkLXjokn0qBAa+O5oD+yb9gX
KmUhTjOC8OKZ+JYKo1MwUTAdBgNVHQ4EFgQU5ZEvf5+g0wXYsGDQ696fDj5esrgw
HwYDVR0jBBgwFoAU5ZEvf5+g0wXYsGDQ696fDj5esrgwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiAPVU6JJBYmVvOdPSLgDCCv/6ePrALb0ODMrWu6
QrChtAIhAI6OCpSZyk+LvM6YPyvc64aTfnpLD9RzfAJCqm/Iy6ZA
-----END CERTIFICATE-----
"""


@cache
def certified(algorithm: Algorithm = Algorithm.ES256, serial: int = 0) -> Certified:
    """A pair of its own for each `serial`."""
    return make(algorithm, f"test {serial}", YEAR, NOW)


@cache
def rsa_2048() -> Sensitive:
    """A key that NetSuite does not take."""
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def pem(key: Any, passphrase: bytes | None = None) -> Sensitive:
    """A private key as a source gives it."""
    sealed: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        sealed = serialization.BestAvailableEncryption(passphrase)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed
    ).decode()
    return Sensitive(text)


def credential(pair: Certified | None = None, **changed: Any) -> OAuth2Credential:
    """The credential of a pair."""
    pair = pair if pair is not None else certified()
    values: dict[str, Any] = {
        "account": ACCOUNT,
        "client_id": Sensitive(CLIENT_ID),
        "certificate_id": pair.certificate_id,
        "private_key": pair.private_key,
        "certificate": pair.certificate,
        "algorithm": pair.algorithm.value,
        "scopes": ("rest_webservices",),
        "token_endpoint": token_endpoint(ACCOUNT),
        "valid_until": pair.valid_until.date(),
    }
    return OAuth2Credential(**{**values, **changed})
