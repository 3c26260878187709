"""The journal of a secret: which of its tokens are still to be revoked at NetSuite, and which are.

It lies in the store beside the secret (AWS tags, Vault custom_metadata), one line for each version, so that a revoke
which failed, or a run that was killed, is never forgotten. A line is written before the successor is promoted. It holds
version ids, keyed digests and times.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from typing import Final

from tba_secrets.errors import RetirementOpenError, StoreError

INTENT: Final = "tba-intent-"
"""Before the nonce of a line of intent, in the place of a version."""
MOST_ENTRIES: Final = 10
"""Lines kept for one secret: everything that is open, and the latest of what is revoked."""


class Retirement(Enum):
    """How far the retiring of a superseded token is."""

    INTENT = "intent"
    """NetSuite is about to be asked to issue a token. Written before the request; if no version carries the line's
    nonce, the run was killed in between, and a person has to look whether a token exists."""
    OVERLAP = "overlap"
    """Valid beside its successor until its time has come; then to be revoked."""
    PERSON = "person"
    """Its own role may not revoke it: a person has to, in NetSuite."""
    INFORM = "inform"
    """Superseded without a policy: still valid in NetSuite, and nothing will revoke it. Refuses nothing."""
    LEFT = "left"
    """A rollback left it, without a policy: not taken again until another value from its source is promoted."""
    REVOKED = "revoked"
    """NetSuite has confirmed it."""
    RESTORED = "restored"
    """It is current again: it is not to be revoked, and not stale either."""


@dataclass(frozen=True)
class JournalEntry:
    """One superseded version of a secret."""

    version: str
    """The version that holds the token."""
    digest: str
    """The keyed digest of its token pair: a source that still gives this value is stale."""
    superseded_at: int
    """When its successor was promoted: epoch seconds."""
    revoke_after: int
    """When the overlap ends: epoch seconds."""
    state: Retirement = Retirement.OVERLAP
    proven: int = 0
    """When its token was first proven: epoch seconds; 0 if that is not known."""

    @property
    def superseded(self) -> bool:
        """Whether a source that gives its token is stale: `up` never stages it again."""
        return self.state not in (Retirement.RESTORED, Retirement.INFORM, Retirement.INTENT)

    @property
    def open(self) -> bool:
        """Whether something is still to be done; the secret may not go while a line is open."""
        return self.state in (Retirement.OVERLAP, Retirement.PERSON, Retirement.INTENT)

    @property
    def pinned(self) -> bool:
        """Whether the store must keep its version: it signs its own revoke, or names the token to a person."""
        return self.has_version and self.state in (Retirement.OVERLAP, Retirement.PERSON)

    @property
    def has_version(self) -> bool:
        """Whether the line names a version; a line of intent names a token that no store may ever have had."""
        return not self.version.startswith(INTENT)

    @property
    def closed(self) -> bool:
        """Whether the line is history only, and may make room for another."""
        return self.state in (Retirement.REVOKED, Retirement.RESTORED)

    @property
    def key(self) -> str:
        """What the line and the pin of this version are named by, in eight characters that every store takes."""
        return sha256(self.version.encode()).hexdigest()[:8]

    def line(self) -> str:
        """Return the line as it is kept: six words, in characters that AWS allows in a tag's value."""
        return (
            f"{self.version} {self.digest} {self.superseded_at} {self.revoke_after} {self.proven} "
            f"{self.state.value}"
        )

    @classmethod
    def parse(cls, line: str, where: str) -> JournalEntry:
        """Parse what `line()` has written; messages name the tag or key `where` that it was kept in.

        Raises:
            StoreError: Somebody else wrote there.
        """
        with suppress(ValueError):
            # an id of others may hold spaces
            version, digest, at, until, proven, state = line.rsplit(" ", 5)
            return cls(version, digest, int(at), int(until), Retirement(state), int(proven))
        raise StoreError(
            f"{where} is a line of the secret's journal, and was not written by tba-secrets",
            "see in NetSuite which of its tokens are still active, then take that line away",
        )


def journal_of(kept: Mapping[str, str], prefix: str) -> tuple[JournalEntry, ...]:
    """Return the journal, oldest first, from the tags or metadata whose names begin with `prefix`.

    Raises:
        StoreError: A line is not one of ours: better no answer than one that forgets a token.
    """
    lines = [JournalEntry.parse(kept[key], key) for key in kept if key.startswith(prefix)]
    return _in_order(lines)


def noted(
    name: str, journal: tuple[JournalEntry, ...], entry: JournalEntry
) -> tuple[JournalEntry, ...]:
    """Return the journal with `entry` in it, instead of an earlier line for its version; oldest first, and bounded.

    Raises:
        RetirementOpenError: More retirements are open than the journal can hold: none is ever dropped.
    """
    others = [one for one in journal if one.version != entry.version]
    entries = list(_in_order([*others, entry]))
    while len(entries) > MOST_ENTRIES:
        done = next((one for one in entries if one.closed), None) or next(
            (one for one in entries if one.state is Retirement.INFORM), None
        )
        if done is None:
            raise RetirementOpenError(
                f"the secret {name}: {len(others)} superseded tokens still have to be revoked at NetSuite, "
                "and the journal has no room for another",
                "run `tba retire`, or revoke them in NetSuite, before the next rotation",
            )
        entries.remove(done)
    return tuple(entries)


def refuse_open(name: str, journal: tuple[JournalEntry, ...]) -> None:
    """Raise RetirementOpenError while superseded tokens wait to be revoked.

    It names their versions, which tell the token ids to whoever may read them.
    """
    waiting = [entry for entry in journal if entry.open]
    if waiting:
        raise RetirementOpenError(
            f"the secret {name} is not deleted: {len(waiting)} of its superseded tokens can still sign, and would be "
            f"forgotten: {'; '.join(_waits(entry) for entry in waiting)}",
            "run `tba retire`, or revoke them in NetSuite (Setup > Users/Roles > Access Tokens), then delete it again",
        )


def _waits(entry: JournalEntry) -> str:
    if entry.state is Retirement.PERSON:
        return f"version {entry.version}, to be revoked by a person"
    due = datetime.fromtimestamp(entry.revoke_after, UTC)
    return f"version {entry.version}, to be revoked from {due:%Y-%m-%d %H:%M} UTC on"


def _in_order(entries: list[JournalEntry]) -> tuple[JournalEntry, ...]:
    return tuple(sorted(entries, key=lambda one: (one.superseded_at, one.version)))
