"""Keys and certificates: what is made is what NetSuite takes, and what NetSuite would refuse is refused here first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from tba_secrets.errors import SourceError
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import (
    algorithm_named,
    certificate_id,
    check,
    make,
)
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import LONGEST_VALIDITY
from tests.netsuite.oauth2.support import (
    NOW,
    ORACLE_CERTIFICATE,
    ORACLE_ID,
    YEAR,
    certified,
    pem,
    rsa_2048,
)

WHERE = "file bot.json"


def test_the_id_of_the_certificate_that_oracle_prints() -> None:
    assert certificate_id(ORACLE_CERTIFICATE) == ORACLE_ID


def test_the_id_hangs_on_every_bit_of_the_certificate() -> None:
    one = certified().certificate
    assert certificate_id(one) != certificate_id(certified(serial=1).certificate)
    assert certificate_id(f"subject=CN = test\n{one}\n") == certified().certificate_id


@pytest.mark.parametrize("algorithm", Algorithm)
def test_what_is_made_is_what_netsuite_takes(algorithm: Algorithm) -> None:
    made = certified(algorithm)
    read = x509.load_pem_x509_certificate(made.certificate.encode())
    key = serialization.load_pem_private_key(made.private_key.reveal().encode(), None)
    assert made.private_key.reveal().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert key.public_key() == read.public_key()
    assert read.issuer == read.subject
    read.verify_directly_issued_by(read)
    assert isinstance(read.signature_hash_algorithm, type(algorithm.hash))
    assert read.not_valid_before_utc <= NOW < read.not_valid_after_utc == made.valid_until
    assert algorithm.fits(key)  # type: ignore[arg-type] # `load` knows more kinds
    assert [other for other in Algorithm if other.fits(key)] == (  # type: ignore[arg-type]
        [algorithm] if algorithm.elliptic else [Algorithm.PS256, Algorithm.PS384, Algorithm.PS512]
    )


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES512, Algorithm.PS256])
def test_what_is_made_passes_the_check(algorithm: Algorithm) -> None:
    made = certified(algorithm)
    assert check(made.private_key, made.certificate, algorithm, NOW, WHERE) == made


def test_4096_bits_fit_too() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=4096)
    assert [one for one in Algorithm if one.fits(key)] == [
        Algorithm.PS256,
        Algorithm.PS384,
        Algorithm.PS512,
    ]


def test_two_keys_are_never_the_same() -> None:
    one, other = (make(Algorithm.ES256, "test", YEAR, NOW) for _ in range(2))
    assert one.private_key != other.private_key
    assert one.certificate_id != other.certificate_id


def test_two_years_are_never_exceeded() -> None:
    made = make(Algorithm.ES256, "test", LONGEST_VALIDITY, NOW)
    read = x509.load_pem_x509_certificate(made.certificate.encode())
    assert read.not_valid_after_utc - read.not_valid_before_utc == LONGEST_VALIDITY
    check(made.private_key, made.certificate, made.algorithm, NOW, WHERE)


@pytest.mark.parametrize("valid_for", [LONGEST_VALIDITY + timedelta(days=1), timedelta(0), -YEAR])
def test_a_validity_out_of_bounds_is_not_made(valid_for: timedelta) -> None:
    with pytest.raises(ValueError, match="two years"):
        make(Algorithm.ES256, "test", valid_for, NOW)


def _selfsigned(key: ec.EllipticCurvePrivateKey, days: int, start: int = 0) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "theirs")])
    starts = NOW + timedelta(days=start)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(starts)
        .not_valid_after(starts + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


CURVE = ec.generate_private_key(ec.SECP256R1())
GOOD = (pem(CURVE), _selfsigned(CURVE, 730))


def test_a_pair_that_somebody_else_made_is_taken() -> None:
    found = check(*GOOD, Algorithm.ES256, NOW, WHERE)
    assert found.certificate_id == certificate_id(GOOD[1])
    old_form = CURVE.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    again = check(Sensitive(old_form.decode()), GOOD[1], Algorithm.ES256, NOW, WHERE)
    assert again.private_key == found.private_key, "it is stored as PKCS #8"


REFUSED = {
    "RSA of 2048 bits": (rsa_2048(), GOOD[1], Algorithm.PS256, "2048 bits"),
    "a key of another curve": (
        pem(ec.generate_private_key(ec.SECP384R1())),
        GOOD[1],
        Algorithm.ES256,
        r"needs EC secp256r1\n  Fix: declare an algorithm that fits this key \(ES384\)",
    ),
    "a curve that NetSuite does not take": (
        pem(ec.generate_private_key(ec.SECP256K1())),
        GOOD[1],
        Algorithm.ES256,
        "no key of this kind",
    ),
    "a key of another kind": (
        pem(ed25519.Ed25519PrivateKey.generate()),
        GOOD[1],
        Algorithm.ES256,
        "no key of this kind",
    ),
    "a key that is not the certificate's": (
        pem(ec.generate_private_key(ec.SECP256R1())),
        GOOD[1],
        Algorithm.ES256,
        "not that of the certificate",
    ),
    "a passphrase": (pem(CURVE, b"canary-passphrase"), GOOD[1], Algorithm.ES256, "a passphrase"),
    "no key": (Sensitive("canary-no-key"), GOOD[1], Algorithm.ES256, "no private key in PEM"),
    "half a key": (
        Sensitive(GOOD[0].reveal()[:80]),
        GOOD[1],
        Algorithm.ES256,
        "no private key in PEM",
    ),
    "no certificate": (GOOD[0], "canary-no-certificate", Algorithm.ES256, "no certificate in PEM"),
    "a broken certificate": (
        GOOD[0],
        GOOD[1].replace("MII", "AAA", 1),
        Algorithm.ES256,
        "no certificate in PEM",
    ),
    "the key in the certificate's place": (
        GOOD[0],
        GOOD[0].reveal(),
        Algorithm.ES256,
        "must not go there",
    ),
    "longer than two years": (
        GOOD[0],
        _selfsigned(CURVE, 740),
        Algorithm.ES256,
        "more than two years",
    ),
    "run out": (GOOD[0], _selfsigned(CURVE, 10, -20), Algorithm.ES256, "ran out on 2026-11-18"),
    "not yet valid": (
        GOOD[0],
        _selfsigned(CURVE, 10, 2),
        Algorithm.ES256,
        "valid from 2026-11-30 12:00 UTC",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_netsuite_would_refuse_is_refused_without_a_value(case: str) -> None:
    key, certificate, algorithm, words = REFUSED[case]
    with pytest.raises(SourceError, match=words) as caught:
        check(key, certificate, algorithm, NOW, WHERE)
    said = str(caught.value)
    assert said.startswith(WHERE)
    assert "\n  Fix: " in said
    body = [line for line in f"{key.reveal()}\n{certificate}".splitlines() if len(line) > 12]
    assert not [line for line in body if line in said and not line.startswith("-----BEGIN")]
    assert "canary" not in said
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("name", ["RS256", "RS512", "HS256", "none", "es256", ""])
def test_other_algorithms_are_refused(name: str) -> None:
    with pytest.raises(SourceError, match="takes no assertion in this algorithm") as caught:
        algorithm_named(name, WHERE)
    assert ("March 2025" in str(caught.value)) is name.startswith("RS")
    assert algorithm_named("PS384", WHERE) is Algorithm.PS384


def test_a_private_key_is_never_shown() -> None:
    made = certified()
    assert "PRIVATE" not in repr(made)
    assert replace(made) == made
