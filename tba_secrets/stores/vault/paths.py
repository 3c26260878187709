"""Where a secret and its candidate are, under one mount. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from tba_secrets.errors import StoreError
from tba_secrets.spec.model import VaultStore
from tba_secrets.stores.interface import SecretName

KvPath = NewType("KvPath", str)
"""A path under the mount, as the Vault CLI takes it with `-mount`."""


@dataclass(frozen=True)
class Paths:
    """Both places of one secret."""

    current: KvPath
    """What readers are given."""
    candidate: KvPath
    """Where a value waits for its checks."""


def paths_of(name: SecretName, settings: VaultStore) -> Paths:
    """The places of `name`.

    Raises:
        StoreError: A segment is empty, `.` or `..`: HTTP clients take `a/../b` for `b`, so another secret would be
            written. Or candidates would be where readers of `prefix` see them.
    """
    if any(segment in ("", ".", "..") for segment in name.split("/")):
        raise StoreError(
            f"the path {name} has a segment that is empty, `.` or `..`, or ends in a slash",
            "name every segment: such a path is another one by the time Vault gets it",
        )
    if settings.candidate_prefix.startswith(settings.prefix):
        raise StoreError(
            f"store.vault.candidate_prefix {settings.candidate_prefix} lies within prefix {settings.prefix}: "
            "whoever reads there would see values that are not tested",
            "choose a folder outside the prefix, or leave candidate_prefix out",
        )
    return Paths(KvPath(name), KvPath(settings.candidate_prefix + name))
