"""Secret values: a wrapper that is no `str`, and the one way to show a value without showing it.

A value is revealed by name, in as few places as can be counted: where it is signed with, where it is serialised for a
store, and where it is fingerprinted. `repr`, `str`, `format`, pickling and copying of a wrapped value never show it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NewType, NoReturn

Fingerprint = NewType("Fingerprint", str)
"""The first 16 hex digits of an HMAC-SHA256: enough to tell values apart, useless to find one."""

REDACTED: Final = "[secret]"
_FINGERPRINT_HEX_DIGITS: Final = 16


class Sensitive:
    """One secret value.

    Args:
        value: The secret text. It is kept as it is; stripping and checking are the caller's.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself. Whoever calls this answers for where it goes."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sensitive):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret value is not pickled or copied: pass the object itself")


def fingerprint(key: bytes, text: str) -> Fingerprint:
    """Return a keyed digest of `text`, safe to show and to keep in state.

    Args:
        key: The HMAC key, 32 bytes.
        text: What to digest, exactly as it is stored or sent.

    Returns:
        16 lower-case hex digits of HMAC-SHA256 (RFC 2104).
    """
    return Fingerprint(hmac.new(key, _bytes(text), sha256).hexdigest()[:_FINGERPRINT_HEX_DIGITS])


def _bytes(text: str) -> bytes:
    """Encode any text: what others have stored may hold half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")


def redact(text: str, secrets: Iterable[Sensitive]) -> str:
    """Redact every one of `secrets` from `text`: the last line of defence for text that others wrote."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret):
            text = text.replace(secret.reveal(), REDACTED)
    return text
