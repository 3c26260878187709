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
    """Printable ASCII without white space: every awkward character, and what tells the encodings apart."""
    awkward = secrets.SystemRandom().sample(_AWKWARD, len(_AWKWARD))
    mixed = "".join(one + secrets.choice(_PRINTABLE) for one in awkward)
    return f'Zz\\"{mixed}???~~~'


def odd_values() -> Values:
    """A pair of odd ones."""
    return Values(odd(), odd())
