"""Keyed digests: they tell values apart without keeping them.

A digest is written `KEYID:DIGITS`. It counts only under the key that made it: digests of different keys cannot be
compared, so a digest that was made under another key keeps that key's id.
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
    """One HMAC key of one record, and its public id."""

    key: bytes

    @classmethod
    def derive(cls, configured: str | None, account: str, record: str) -> DigestKey:
        """Derive a key by HKDF (RFC 5869) from a configured secret, or from the record's name alone.

        The default is made of the NetSuite account and the record: no rename of a store, a secret, a stack, a project
        or an organization touches it, and a stack whose state was lost gives the same digests.

        Configured is the value of `tba:digestKey`, at least 16 characters of it random; None for the default key.
        """
        name = f"{account}\0{record}"
        material = configured.encode() if configured else name.encode()
        return cls(hkdf(material, salt=b"tba-secrets", info=f"digest\0{name}".encode()))

    @property
    def id(self) -> str:
        """Six hex digits that tell keys apart."""
        return hmac.new(self.key, b"id", sha256).hexdigest()[:_KEY_ID_HEX_DIGITS]

    def pair(self, pair: Pair) -> str:
        """Return the digest of a consumer key and secret, or of a token id and secret."""
        return self._written(
            fingerprint(self.key, f"{pair.identifier.reveal()}\0{pair.secret.reveal()}")
        )

    def text(self, value: Sensitive) -> Fingerprint:
        """Return the digest of the exact text that is stored."""
        return Fingerprint(self._written(fingerprint(self.key, value.reveal())))

    def _written(self, digits: Fingerprint) -> str:
        return f"{self.id}:{digits}"


@dataclass(frozen=True, repr=False)
class DigestKeys:
    """The key that makes a record's digests, and those that can still compare older ones."""

    writing: DigestKey
    others: tuple[DigestKey, ...] = ()

    @classmethod
    def of(
        cls, configured: str | None, previous: str | None, account: str, record: str
    ) -> DigestKeys:
        """Derive the keys of a record.

        Args:
            configured: `tba:digestKey`; the default key makes the digests if it is not set.
            previous: `tba:previousDigestKey`, which compares what an earlier `tba:digestKey` made.
            account: The NetSuite account id.
            record: `integration/token`.
        """
        keys = [
            DigestKey.derive(secret, account, record) for secret in (configured, previous) if secret
        ]
        default = DigestKey.derive(None, account, record)
        return cls(keys[0], (*keys[1:], default)) if configured else cls(default, tuple(keys))

    def same(self, digest: str | None, pair: Pair) -> bool | None:
        """Return whether a digest is that of a pair; None if no key at hand made it."""
        key = self._that_made(digest)
        return None if key is None else key.pair(pair) == digest

    def same_text(self, digest: str | None, value: Sensitive) -> bool | None:
        """Return whether a digest is that of a stored text; None if no key at hand made it."""
        key = self._that_made(digest)
        return None if key is None else key.text(value) == digest

    def _that_made(self, digest: str | None) -> DigestKey | None:
        key_id = (digest or "").partition(":")[0]
        return next((key for key in (self.writing, *self.others) if key.id == key_id), None)


def hkdf(material: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 with an output of 32 bytes (RFC 5869, sections 2.2 and 2.3: one block)."""
    pseudorandom_key = hmac.new(salt, material, sha256).digest()
    return hmac.new(pseudorandom_key, info + b"\x01", sha256).digest()
