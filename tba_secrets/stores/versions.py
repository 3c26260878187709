"""Version ids that say who wrote a version, and the placeholder that is no credential.

AWS takes the ClientRequestToken of a write as the version's id (PutSecretValue, 32 to 64 characters); the other stores
keep the same id beside the value. An id is derived, so the same write again is the same version. It depends on the
version that is replaced as well: from the content alone, a value that comes back (A, B, A) would be an old version
again, and the write "succeeds but does nothing".
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from tba_secrets.sensitive import Fingerprint
from tba_secrets.stores.interface import SecretName, VersionId

PLACEHOLDER: Final = '{"tba_secrets": "no credential has passed its checks yet"}'
"""The value of a secret that has no credential yet, where the store makes a first version current by itself."""

_OURS: Final = "tba-"
_PLACEHOLDER: Final = "tba-placeholder-"
_DIGEST_HEX_DIGITS: Final = 40


def derived_version_id(
    name: SecretName, fingerprint: Fingerprint, replacing: VersionId | None
) -> VersionId:
    """The id of the version that holds a value in place of another version.

    Args:
        name: The secret.
        fingerprint: The keyed digest of the value.
        replacing: The version that is current when the write is decided; None where none is.

    Returns:
        `tba-` and 40 hex digits of a SHA-256.
    """
    return VersionId(_OURS + _digest(name, fingerprint, replacing or ""))


def placeholder_version_id(name: SecretName) -> VersionId:
    """The id of the placeholder of `name`: `tba-placeholder-` and 40 hex digits."""
    return VersionId(_PLACEHOLDER + _digest(name))


def is_placeholder(version: VersionId | None) -> bool:
    """Whether a version is a placeholder: never tested, promoted or rolled back to."""
    return version is not None and version.startswith(_PLACEHOLDER)


def is_ours(version: VersionId) -> bool:
    """Whether tba-secrets wrote the version."""
    return version.startswith(_OURS)


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:_DIGEST_HEX_DIGITS]
