"""The six algorithms that NetSuite takes an assertion in, and the key that each needs.

(Oracle help, "The Request Token Structure", "Certificate Conditions": EC of 256, 384 or 521 bits, RSA of 3072 or 4096.
RS256 and its like, RSA with PKCS #1 v1.5, ended on 1 March 2025.)
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Hash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
RSA_BITS: Final = (3072, 4096)


class Algorithm(StrEnum):
    """The `alg` of an assertion (RFC 7518 section 3.1)."""

    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"

    @property
    def elliptic(self) -> bool:
        """Whether it signs with an elliptic curve; else it is RSA with PSS."""
        return self in _CURVES

    @property
    def hash(self) -> Hash:
        return _HASHES[self.value[2:]]

    @property
    def needs(self) -> str:
        """The key that it needs, in words."""
        return f"EC {_CURVES[self].name}" if self.elliptic else "RSA of 3072 or 4096 bits"

    def fits(self, key: PrivateKey) -> bool:
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return self.elliptic and key.curve.name == _CURVES[self].name
        return not self.elliptic and key.key_size in RSA_BITS

    def new_key(self) -> PrivateKey:
        if self.elliptic:
            return ec.generate_private_key(_CURVES[self])
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS[0])


_CURVES: Final[dict[Algorithm, ec.EllipticCurve]] = {
    Algorithm.ES256: ec.SECP256R1(),
    Algorithm.ES384: ec.SECP384R1(),
    Algorithm.ES512: ec.SECP521R1(),
}
_HASHES: Final[dict[str, Hash]] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
