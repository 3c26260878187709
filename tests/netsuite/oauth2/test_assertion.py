"""The assertion, read back by another library than the one that signs it."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey, RSAKey

from tba_secrets.errors import SourceError
from tba_secrets.netsuite.oauth2.access_token import ASSERTION_SECONDS, assertion
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import Certified
from tests.netsuite.oauth2.support import CLIENT_ID, RECORD, certified, credential, rsa_2048

AUDIENCE = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
NOW = 1_790_000_000.4


def public(pair: Certified) -> Any:
    """The key in a certificate, as a verifier has it."""
    key = x509.load_pem_x509_certificate(pair.certificate.encode()).public_key()
    kind = ECKey if pair.algorithm.elliptic else RSAKey
    return kind.import_key(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_another_library_verifies_it(algorithm: Algorithm) -> None:
    pair = certified(algorithm)
    text = assertion(credential(pair), NOW, RECORD).reveal()
    read = jwt.decode(text, public(pair), algorithms=[algorithm.value])
    assert read.header == {
        "typ": "JWT",
        "alg": algorithm.value,
        "kid": pair.certificate_id,
    }
    jti = read.claims.pop("jti")
    assert len(jti) >= 20
    assert read.claims == {
        "iss": CLIENT_ID,
        "scope": "rest_webservices",
        "aud": AUDIENCE,
        "iat": 1_789_999_999,
        "exp": 1_789_999_999 + ASSERTION_SECONDS,
    }


def test_another_key_does_not_verify_it() -> None:
    text = assertion(credential(), NOW, RECORD).reveal()
    with pytest.raises(BadSignatureError):
        jwt.decode(text, public(certified(serial=1)), algorithms=["ES256"])


def test_several_scopes_are_an_array() -> None:
    several = credential(scopes=("restlets", "rest_webservices"))
    text = assertion(several, NOW, RECORD).reveal()
    read = jwt.decode(text, public(certified()), algorithms=["ES256"])
    assert read.claims["scope"] == ["restlets", "rest_webservices"]


def test_each_one_is_another() -> None:
    one, other = (assertion(credential(), NOW, RECORD) for _ in range(2))
    assert one != other


@pytest.mark.parametrize("ahead", [120.0, -120.0, 0.6])
def test_it_is_never_issued_in_netsuites_future(ahead: float) -> None:
    text = assertion(credential(), NOW, RECORD, skew_seconds=ahead).reveal()
    read = jwt.decode(text, public(certified()), algorithms=["ES256"])
    assert -2.5 <= read.claims["iat"] - (NOW - ahead) <= -1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"algorithm": "RS256"}, "March 2025"),
        ({"algorithm": "ES384"}, "cannot sign with ES384"),
        ({"algorithm": "PS256"}, "cannot sign with PS256"),
        ({"private_key": rsa_2048()}, "2048 bits"),
    ],
)
def test_what_cannot_sign_is_told_before_anything_is_sent(
    changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        assertion(credential(**changed), NOW, RECORD)


def test_an_assertion_is_not_shown() -> None:
    text = assertion(credential(), NOW, RECORD)
    assert "ey" not in repr(text)
