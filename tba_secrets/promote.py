"""Evidence -> current: the version that has passed becomes what readers get, by compare-and-set.

Input: a place, what was read back from it, and the evidence that it passed. Output: nothing; afterwards it is current.
It must not promote anything that carries no evidence, and never touches the value.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tba_secrets.errors import CheckFailedError
from tba_secrets.netsuite import Verification
from tba_secrets.stage import Place
from tba_secrets.verify import ReadBack

_LONGEST_EVIDENCE: Final = 500
"""Characters; a value of Vault's custom_metadata has 512 bytes (KV version 2 API)."""


def promote(place: Place, read_back: ReadBack, verification: Verification) -> None:
    """Make the version that was read back current; promoting what is current already is success.

    Args:
        place: The secret.
        read_back: The version that was signed with, and the one that was current when it was read.
        verification: What the signed calls proved of it.

    Raises:
        CheckFailedError: The verification proves nothing.
        ConflictError: Current or the candidate was moved since; nothing was changed.
    """
    if not verification.proven:
        raise CheckFailedError(f"{place}: nothing is proven, so nothing is promoted")
    kind = place.store.kind
    place.store.promote(
        place.name,
        read_back.versions[kind],
        replacing=read_back.current[kind],
        about=noted(verification),
    )


def noted(verification: Verification) -> dict[str, str]:
    """What people are to find beside the version, in the words of `stores.interface.ABOUT`; never a value."""
    proven = "; ".join(verification.proven)
    told = {
        "account": verification.account,
        "role": verification.role_name,
        "verified_at": datetime.fromtimestamp(verification.at, UTC).isoformat(timespec="seconds"),
        "evidence": proven[:_LONGEST_EVIDENCE],
    }
    return {name: text for name, text in told.items() if text}
