"""Keyed digests: how a value is told from another one without being kept.

A digest is written `KEYID:DIGITS`. Digests under different key ids cannot be compared; the contents are, in the store.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from tba_secrets.sensitive import Fingerprint, Sensitive, fingerprint
from tba_secrets.sources.interface import Pair

_KEY_ID_HEX_DIGITS = 6


@dataclass(frozen=True, repr=False)
class DigestKey:
    """The HMAC key of one record in one stack, and its public id."""

    key: bytes

    @classmethod
    def derive(cls, configured: str | None, stack: str, reference: str) -> DigestKey:
        """HKDF (RFC 5869) of the secret config `tba:digestKey` where set, else of the public names alone.

        A fresh stack then needs no set-up, and one whose state was lost gives the same digests.

        Args:
            configured: The value of `tba:digestKey`, at least 16 characters of it random.
            stack: `organization/project/stack`.
            reference: The stores and the secret's name in them.
        """
        material = configured.encode() if configured else f"{stack}\0{reference}".encode()
        return cls(hkdf(material, salt=b"tba-secrets", info=f"digest\0{reference}".encode()))

    @property
    def id(self) -> str:
        """Six hex digits that tell keys apart."""
        return hmac.new(self.key, b"id", sha256).hexdigest()[:_KEY_ID_HEX_DIGITS]

    def pair(self, pair: Pair) -> str:
        """The digest of a consumer key and secret, or of a token id and secret."""
        return self._written(
            fingerprint(self.key, f"{pair.identifier.reveal()}\0{pair.secret.reveal()}")
        )

    def text(self, value: Sensitive) -> Fingerprint:
        """The digest of the exact text that is stored."""
        return Fingerprint(self._written(fingerprint(self.key, value.reveal())))

    def _written(self, digits: Fingerprint) -> str:
        return f"{self.id}:{digits}"


def hkdf(material: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 with an output of 32 bytes (RFC 5869, sections 2.2 and 2.3: one block)."""
    pseudorandom_key = hmac.new(salt, material, sha256).digest()
    return hmac.new(pseudorandom_key, info + b"\x01", sha256).digest()
