"""A holder of a key and its certificate, who can sign assertions rightly and wrongly.

Assertions are signed with `cryptography` alone, which neither the simulator nor the product does.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.simulator.accounts import APPLICATION, BOT, ROLE
from tests.simulator.conftest import NOW

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

TOKEN = "/services/rest/auth/oauth2/v1/token"
KEYS = "/services/rest/auth/oauth2/v1/keys"
AUDIENCE = f"https://1234567-sb1.suitetalk.api.netsuite.com{TOKEN}"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SERVER_TIME = "/services/rest/system/v1/serverTime"
RESTLET = "/app/site/hosting/restlet.nl?script=6&deploy=1"
SUITEQL = "/services/rest/query/v1/suiteql"
BOTH = ["restlets", "rest_webservices"]
_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def certificate_of(
    key: Key, starts: float = NOW, days: float = 365, name: str = "warehouse-sync"
) -> str:
    """A self-signed certificate in PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.fromtimestamp(int(starts), UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def curve(bits: int = 256) -> ec.EllipticCurvePrivateKey:
    """A new EC key."""
    return ec.generate_private_key(
        {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}[bits]
    )


@dataclass
class Holder:
    """A key, its certificate, and the claims of its assertions."""

    client_id: str
    key: Key = field(default_factory=curve)
    algorithm: str = "ES256"
    certificate: str = ""
    now: float = NOW
    certificate_id: str = ""

    def __post_init__(self) -> None:
        self.certificate = self.certificate or certificate_of(self.key, self.now)

    def mapping(self, **changes: Any) -> dict[str, Any]:
        """What a person enters on the setup page."""
        own = {
            "integration": APPLICATION,
            "user": BOT,
            "role": ROLE,
            "certificate": self.certificate,
        }
        return own | changes

    def assertion(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """An assertion; a claim or a header field of None is left out."""
        fields = {"typ": "JWT", "alg": self.algorithm, "kid": self.certificate_id}
        own = {
            "iss": self.client_id,
            "scope": BOTH,
            "aud": AUDIENCE,
            "iat": int(self.now),
            "exp": int(self.now) + 300,
        }
        parts = [_present(fields | (header or {})), _present(own | claims)]
        signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{encoded(self._signature(signed.encode()))}"

    def _signature(self, text: bytes) -> bytes:
        digest = _HASHES[self.algorithm[2:]]
        if isinstance(self.key, rsa.RSAPrivateKey):
            if self.algorithm.startswith("RS"):
                return self.key.sign(text, padding.PKCS1v15(), digest)
            return self.key.sign(
                text, padding.PSS(padding.MGF1(digest), digest.digest_size), digest
            )
        r, s = decode_dss_signature(self.key.sign(text, ec.ECDSA(digest)))
        length = (self.key.key_size + 7) // 8
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT."""
    parts = [part + "=" * (-len(part) % 4) for part in token.split(".")[:2]]
    header, claims = (json.loads(base64.urlsafe_b64decode(part)) for part in parts)
    return header, claims


def form(assertion: str) -> dict[str, str]:
    """The three parameters of a request to the token endpoint."""
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }


def ask_token(url: str, assertion: str, **more: Any) -> requests.Response:
    """Ask the token endpoint."""
    return requests.post(url + TOKEN, data=form(assertion), timeout=10, **more)


def bearer(token: str, **more: str) -> dict[str, str]:
    """The headers of a call with an access token."""
    return {"Authorization": f"Bearer {token}", **more}


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
