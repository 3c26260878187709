"""Values to plant: such as NetSuite makes, and such as the sources accept with a warning."""

from __future__ import annotations

import secrets
from typing import Final

from tests.netsuite_account import Values

_AWKWARD: Final = "\"\\<>&%+/='#?~!*()-_.:;,`$@[]{}|^"
"""What JSON, URLs, HTML, shells and Go write otherwise than it is."""
_PRINTABLE: Final = "".join(chr(code) for code in range(0x21, 0x7F))


def usual() -> str:
    """64 lower-case hexadecimal digits."""
    return secrets.token_hex(32)


def odd() -> str:
    """64 printable ASCII characters without white space: awkward ones, and the two that base64's alphabets differ in."""
    mixed = "".join(secrets.choice(_AWKWARD) + secrets.choice(_PRINTABLE) for _ in range(29))
    return f"{mixed}???~~~"


def odd_values() -> Values:
    """A pair of odd ones."""
    return Values(odd(), odd())
