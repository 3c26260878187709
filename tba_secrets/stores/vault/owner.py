"""What is written beside a secret in Vault: the owner mark, and words for people. Never a value. Pure.

Limits: KV version 2 API, "Create/Update Metadata": 64 keys, keys of 128 and values of 512 bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from tba_secrets.errors import StoreError
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import ABOUT, OwnerMark
from tba_secrets.stores.vault.journal import LINE, PIN
from tba_secrets.stores.vault.secret import CANDIDATE, ENTRY, Entry, KvVersion

STACK: Final = "tba_stack"
INTEGRATION: Final = "tba_integration"
TOKEN: Final = "tba_token"
CLAIM: Final = "tba_claim"
OWNER: Final = "tba_owner"
"""The version of the owner's key that this mark repeats: the next claim is a check-and-set against it."""
DESCRIPTION: Final = "description"
_PROMOTION: Final = ("tba_current", "tba_current_id", "tba_fingerprint", "tba_promoted_at")
_LONGEST: Final = 512


def owner_metadata(mark: OwnerMark, description: str | None) -> dict[str, str]:
    """Return the custom_metadata that says who manages a secret; raise StoreError if a name is too long."""
    integration, _, token = mark.record.partition("/")
    told = {STACK: mark.stack, INTEGRATION: integration, TOKEN: token, CLAIM: mark.claim}
    for key, text in told.items():
        if len(text.encode()) > _LONGEST:
            raise StoreError(
                f"the owner mark of {mark.record} in {mark.stack}: {key} is longer than {_LONGEST} bytes",
                "give the stack, the integration or the token a shorter name",
            )
    told[DESCRIPTION] = _shortened(description or "")
    return {key: text for key, text in told.items() if text}


def owner_of(custom: Mapping[str, str]) -> OwnerMark | None:
    """Return the owner mark in the metadata; None if there is none."""
    stack, integration = custom.get(STACK), custom.get(INTEGRATION)
    if not stack or not integration:
        return None
    token = custom.get(TOKEN)
    record = f"{integration}/{token}" if token else integration
    return OwnerMark(stack, record, custom.get(CLAIM, ""))


def owner_text(mark: OwnerMark) -> Sensitive:
    """Return what the owner's key holds: the mark, and nothing secret."""
    return Sensitive(json.dumps(owner_metadata(mark, None)))


def owner_in(text: Sensitive | None) -> OwnerMark | None:
    """Return the mark that the owner's key holds; None if it holds none."""
    return None if text is None else owner_of(json.loads(text.reveal()))


def all_of_ours(custom: Mapping[str, str]) -> dict[str, None]:
    """Return a merge patch that takes every key of ours away."""
    ours = {STACK, INTEGRATION, TOKEN, CLAIM, OWNER, CANDIDATE, *_PROMOTION, *proof_metadata({})}
    return {key: None for key in custom if key in ours or key.startswith((ENTRY, LINE, PIN))}


def promotion_metadata(version: KvVersion, entry: Entry) -> dict[str, str | None]:
    """Return a merge patch that tells people which version was promoted, and when."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    values = (version.native_id, entry.version, entry.fingerprint, now)
    return {key: value or None for key, value in zip(_PROMOTION, values, strict=True)}


def proof_metadata(about: Mapping[str, str]) -> dict[str, str | None]:
    """Return a merge patch that says what was proven of the current version (`ABOUT`), and nothing of any other."""
    return {f"tba_{name}": _shortened(about.get(name, "")) or None for name in ABOUT}


def has_proof(custom: Mapping[str, str]) -> bool:
    """Return whether anything is noted of what was proven."""
    return any(key in custom for key in proof_metadata({}))


def _shortened(text: str) -> str:
    """Cut a text that is too long for a value of custom_metadata, at a whole character."""
    encoded = text.encode()
    if len(encoded) <= _LONGEST:
        return text
    return encoded[: _LONGEST - 3].decode(errors="ignore") + "\N{HORIZONTAL ELLIPSIS}"
