"""Cache the current credential for all threads, and keep using it while the store is unavailable.

It only reads the current version (`Stage.CURRENT`), so it never sees one that has not passed its
checks.
"""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from threading import Lock
from typing import Final, NewType

from tba_secrets.client.pace import RETRY_SECONDS, Pace
from tba_secrets.errors import StoreError, StoreUnavailableError
from tba_secrets.payload import AnyCredential, parse_either, same_content
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import CertificateFormat, Format
from tba_secrets.stores.interface import SecretName, Stage, Store, StoredVersion, VersionId
from tba_secrets.stores.versions import PLACEHOLDER

_log: Final = logging.getLogger(__name__)
Moment = NewType("Moment", int)
"""A place in the order of a session's events. A clock would not do: it may show one time twice."""


class NoCredentialError(StoreError):
    """The secret is absent, or holds no credential that has passed its checks: nothing was sent."""


@dataclass(frozen=True)
class CachedCredential:
    """A credential that was current. It is compared by its values, because KV version 1 has no version ids."""

    version: VersionId
    credential: AnyCredential
    asked_at: float
    """Monotonic seconds when the read began."""
    moment: Moment
    """The place of the read among the events: it saw everything that happened earlier."""


class CurrentCredential:
    """A thread-safe cache of one secret, named with its prefix: one thread reads, the others wait or use it."""

    def __init__(
        self, store: Store, name: SecretName, names: Format | CertificateFormat, pace: Pace
    ) -> None:
        self.where = f"the secret {name} ({store.kind})"
        self._store = store
        self._name = name
        self._names = names
        self._pace = pace
        self._reading = Lock()
        self._held: CachedCredential | None = None
        self._due_at = 0.0
        self._moments = itertools.count()

    def now(self) -> Moment:
        """Return the next place in the order of events."""
        return Moment(next(self._moments))

    def held(self) -> CachedCredential:
        """Return the credential, reading it again if it is older than `max_age_seconds`.

        Raises:
            NoCredentialError: No credential has been promoted yet.
            StoreError: The read failed, and no cached credential may still be used.
        """
        if (held := self._fresh()) is not None:
            return held
        if (usable := self._usable()) is not None and self._reading.locked():
            return usable  # another thread is reading: do not wait for it in vain
        with self._reading:
            return self._fresh() or self._read_if_possible()

    def since(self, moment: Moment, other_than: AnyCredential | None = None) -> CachedCredential:
        """Return the credential as the store had it after `moment`, whatever its age.

        Args:
            moment: The read must have begun after it.
            other_than: A cached credential that differs from this one will do.

        Raises:
            NoCredentialError: The credential is gone.
            StoreError: The read failed.
        """
        with self._reading:
            held = self._held
            if held is not None and (
                held.moment > moment or other_than not in (None, held.credential)
            ):
                return held
            return self._read()

    def _fresh(self) -> CachedCredential | None:
        return self._held if self._pace.monotonic() < self._due_at else None

    def _usable(self) -> CachedCredential | None:
        """Return the cached credential unless it is too old to bridge an outage."""
        held = self._held
        if held is None or self._pace.monotonic() - held.asked_at >= self._pace.max_stale_seconds:
            return None
        return held

    def _read_if_possible(self) -> CachedCredential:
        """Read, and bridge an outage with the cached credential; that the secret is absent or forbidden is believed."""
        try:
            return self._read()
        except StoreUnavailableError:
            if (held := self._usable()) is None:
                raise
            too_old_at = held.asked_at + self._pace.max_stale_seconds
            self._due_at = min(self._pace.monotonic() + RETRY_SECONDS, too_old_at)
            _log.warning(
                "%s cannot be read at present: version %s stays in use until %.0f s after it was read",
                self.where,
                held.version,
                self._pace.max_stale_seconds,
            )
            return held

    def _read(self) -> CachedCredential:
        asked_at, moment = self._pace.monotonic(), self.now()
        stored = self._promoted(self._store.read(self._name, Stage.CURRENT))
        credential = parse_either(stored.value, self._names, self.where)
        if self._held is not None and self._held.version != stored.version:
            _log.info("%s: version %s is now current", self.where, stored.version)
        self._held = CachedCredential(stored.version, credential, asked_at, moment)
        self._due_at = asked_at + self._pace.max_age_seconds
        return self._held

    def _promoted(self, stored: StoredVersion | None) -> StoredVersion:
        """Return what was read if it is a promoted credential."""
        if stored is None:
            raise NoCredentialError(
                f"{self.where} is absent, or has no current version",
                "check the name and its prefix; `pulumi up` of its environment puts a credential there",
            )
        if same_content(stored.value, Sensitive(PLACEHOLDER)):
            raise NoCredentialError(
                f"{self.where} holds our placeholder: no credential has passed its checks yet",
                "run `pulumi up` of its environment: it shows why the candidate was not promoted",
            )
        return stored
