"""The journal of a secret: which of its tokens are still to be revoked at NetSuite, and which are.

It lies in the store beside the secret (AWS tags, Vault custom_metadata), one line for each version, so that a revoke
which failed, or a run that was killed, is never forgotten. A line is written before the successor is promoted. It holds
version ids, keyed digests and times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from tba_secrets.errors import StoreError

MOST_ENTRIES: Final = 10
"""Lines kept for one secret: everything that is open, and the latest of what is revoked."""


class Retirement(Enum):
    """How far the retiring of a superseded token is."""

    OVERLAP = "overlap"
    """Valid beside its successor until its time has come; then to be revoked."""
    PERSON = "person"
    """Its own role may not revoke it: a person has to, in NetSuite."""
    REVOKED = "revoked"
    """NetSuite has confirmed it."""


@dataclass(frozen=True)
class JournalEntry:
    """One superseded version of a secret."""

    version: str
    """The version that holds the token."""
    digest: str
    """The keyed digest of its token pair: a source that still gives this value is stale."""
    since: int
    """When its successor was promoted: epoch seconds."""
    revoke_after: int
    """When the overlap ends: epoch seconds."""
    state: Retirement = Retirement.OVERLAP

    @property
    def open(self) -> bool:
        """Something is still to be done."""
        return self.state is not Retirement.REVOKED

    def line(self) -> str:
        """As it is kept: five words, in characters that AWS allows in a tag's value."""
        return f"{self.version} {self.digest} {self.since} {self.revoke_after} {self.state.value}"

    @classmethod
    def parse(cls, line: str) -> JournalEntry:
        """From `line()`.

        Raises:
            StoreError: Somebody else wrote there.
        """
        try:
            version, digest, since, revoke_after, state = line.split(" ")
            return cls(version, digest, int(since), int(revoke_after), Retirement(state))
        except ValueError:
            raise StoreError(
                "a line of the secret's journal is not one of ours",
                "look at the tags or custom_metadata that begin with tba-secrets:journal",
            ) from None


def noted(journal: tuple[JournalEntry, ...], entry: JournalEntry) -> tuple[JournalEntry, ...]:
    """The journal with `entry` in it, instead of an earlier line for its version; oldest first, and bounded.

    Raises:
        StoreError: More retirements are open than the journal can hold: none is ever dropped.
    """
    others = [one for one in journal if one.version != entry.version]
    entries = sorted([*others, entry], key=lambda one: (one.since, one.version))
    while len(entries) > MOST_ENTRIES:
        done = next((one for one in entries if not one.open), None)
        if done is None:
            raise StoreError(
                f"{len(entries)} superseded tokens of one secret wait for being revoked",
                "run `tba retire`, or revoke them in NetSuite, before the next rotation",
            )
        entries.remove(done)
    return tuple(entries)


def closed(entry: JournalEntry, state: Retirement) -> JournalEntry:
    """The entry, one step on."""
    return replace(entry, state=state)
