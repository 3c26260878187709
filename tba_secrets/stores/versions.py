"""Version ids that say who wrote a version, why, and what its promotion owes; and the placeholder.

AWS takes the ClientRequestToken of a write as the version's id (PutSecretValue, 32 to 64 characters); the other stores
keep the same id beside the value. The id is all that a run leaves behind if it is killed between staging and
promoting, so it carries what the next run must know: the origin of the value and the overlap that it owes to the
token it replaces. It is derived, so the same write again is the same version. It depends on the replaced version too:
derived from the content alone, a value that comes back (A, B, A) would be an old version again, and the write would
"succeed but do nothing".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Final, NewType

from tba_secrets.sensitive import Fingerprint, Sensitive

SecretName = NewType("SecretName", str)
"""The whole name (AWS) or path under the mount (Vault), the prefix included."""

VersionId = NewType("VersionId", str)
"""Names one version for good. A candidate keeps its id when it becomes current, in every store."""

PLACEHOLDER: Final = '{"tba_secrets": "no credential has passed its checks yet"}'
"""The value of a secret that has no credential yet, where the store makes a first version current by itself."""

_OURS: Final = "tba-"
_PLACEHOLDER: Final = "tba-placeholder-"
_DIGEST_HEX_DIGITS: Final = 40
_NONCE_HEX_DIGITS: Final = 16
_ID: Final = re.compile(r"tba-([a-z])([0-9]{0,10})-([0-9a-f]{16})-([0-9a-f]{6})-([0-9a-f]{16})")
_BEGINS: Final = re.compile(r"tba-[a-z][0-9]*-[0-9a-f]{8}")


class Origin(Enum):
    """Where the value of a version came from. The letter is part of its id."""

    SOURCE = "s"
    """A plain `up` took it from its source, or wrote what is current in another format."""
    ROTATED = "r"
    """A rotation took it from its source."""
    TYPED = "t"
    """A person typed it."""
    ISSUED = "i"
    """NetSuite issued it; no source can give it again."""
    GENERATED = "g"
    """The provider generated it; no source can give it again."""
    CONSUMER = "c"
    """A new consumer pair for the token that was there."""
    ROLLBACK = "b"
    """An earlier credential that a person asked for."""


@dataclass(frozen=True)
class Terms:
    """Why a version was written, and what is owed to the token that it replaces."""

    origin: Origin = Origin.SOURCE
    overlap_seconds: int | None = None
    """How long the replaced token stays valid before it is revoked; None if nothing will revoke it."""
    nonce: str = ""
    """16 hex digits that tie an issued token to its line of intent; derived if empty."""


PLAIN: Final = Terms()
"""A value from its source that owes nothing to what it replaces."""


@dataclass(frozen=True)
class Candidate:
    """A value on its way into a store."""

    value: Sensitive
    """Canonical JSON text of a flat object of strings: exactly what a reader will get."""
    fingerprint: Fingerprint
    """The keyed digest of `value`; version ids are derived from it, never from the bare value."""
    terms: Terms = PLAIN
    """Why it is written, and what its promotion owes: part of the version's id."""


def derived_version_id(
    name: SecretName, candidate: Candidate, replacing: VersionId | None
) -> VersionId:
    """Derive the id of the version that holds a value in place of `replacing`; None for an empty secret.

    It is `tba-`, the origin's letter, the overlap in seconds, a nonce and the fingerprint:
    `tba-i86400-0123456789abcdef-a1b2c3-0123456789abcdef`, 47 to 57 characters.
    """
    terms, fingerprint = candidate.terms, candidate.fingerprint
    overlap = "" if terms.overlap_seconds is None else str(terms.overlap_seconds)
    kind = f"{terms.origin.value}{overlap}"
    nonce = terms.nonce or _digest(name, fingerprint, replacing or "", kind)[:_NONCE_HEX_DIGITS]
    key_id, _, digits = fingerprint.rpartition(":")
    return VersionId(f"{_OURS}{kind}-{nonce}-{key_id or '000000'}-{digits}")


def terms_of(version: VersionId | str | None) -> Terms | None:
    """Return the terms that an id carries; None if we did not write the version."""
    if version is None or not is_ours(version) or is_placeholder(version):
        return None
    if (match := _ID.fullmatch(version)) is None:
        return Terms()
    return Terms(Origin(match[1]), int(match[2]) if match[2] else None, match[3])


def fingerprint_of(version: VersionId | str | None) -> Fingerprint | None:
    """Return the keyed digest of the content that an id carries; None if it carries none."""
    match = _ID.fullmatch(version or "")
    return None if match is None else Fingerprint(f"{match[4]}:{match[5]}")


def placeholder_version_id(name: SecretName, claim: str) -> VersionId:
    """Return the id of the placeholder of `name`: `tba-placeholder-` and 40 hex digits.

    It depends on the claim as well: two stacks that create one secret at the same instant send different tokens, so
    the store refuses the second one instead of taking it for a repetition of the first.
    """
    return VersionId(_PLACEHOLDER + _digest(name, claim))


def is_placeholder(version: VersionId | str | None) -> bool:
    """Return whether a version is a placeholder: never tested, promoted or rolled back to."""
    return version is not None and version.startswith(_PLACEHOLDER)


def is_ours(version: VersionId | str) -> bool:
    """Return whether tba-secrets wrote the version."""
    return version.startswith(_OURS)


def short(version: VersionId | str) -> str:
    """Return enough of a version id to find it by: of ours, eight digits of the nonce."""
    begins = _BEGINS.match(version)
    length = 16 if begins is None else begins.end()
    return version if len(version) <= length else f"{version[:length]}..."


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:_DIGEST_HEX_DIGITS]
