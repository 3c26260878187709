"""Evidence -> current: the version that has passed becomes what readers get, by compare-and-set.

Input: a place, the version that was read back from it, and the evidence that it passed. Output: nothing; afterwards it
is current. It must not promote anything that carries no evidence, and never touches the value.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tba_secrets.errors import CheckFailedError
from tba_secrets.netsuite.evidence import Verification
from tba_secrets.places import Place
from tba_secrets.stores.interface import Snapshot, VersionId

VERIFIED_AS: Final = "verified as "
"""How the message about a record that has passed begins."""
PROMOTED: Final = ", promoted"
"""How that message goes on if the record was promoted; what becomes of the credential it replaces may follow."""
_LONGEST_EVIDENCE: Final = 500
"""Characters; a value of Vault's custom_metadata has 512 bytes (KV version 2 API)."""


def promote(
    place: Place,
    version: VersionId,
    replacing: VersionId | None,
    verification: Verification | None,
    seen: Snapshot | None = None,
) -> None:
    """Make the version that was signed with current; promoting what is current already is success.

    It is `replacing` the version that was current when it was read; `seen` is what a look showed a moment ago.

    Raises:
        CheckFailedError: The verification proves nothing.
        ConflictError: Current or the candidate was moved since; nothing was changed.
    """
    if verification is None or not verification.proven:
        raise CheckFailedError(f"{place}: nothing is proven, so nothing is promoted")
    place.store.promote(
        place.name, version, replacing=replacing, about=noted(verification), seen=seen
    )


def noted(verification: Verification) -> dict[str, str]:
    """Return the note for people beside the version, under the keys of `stores.interface.ABOUT`; never a value."""
    proven = "; ".join(verification.proven)
    about = {
        "account": verification.account,
        "role": verification.role_name,
        "verified_at": datetime.fromtimestamp(verification.at, UTC).isoformat(timespec="seconds"),
        "evidence": proven[:_LONGEST_EVIDENCE],
    }
    return {name: text for name, text in about.items() if text}
