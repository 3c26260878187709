"""Lines of the journal -> which superseded tokens are revoked, and which lines are done. No IO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from tba_secrets.lifecycle.facts import TOKEN, Declared, Note, Seen
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.revocation import RevocationOutcome
from tba_secrets.stores.interface import Snapshot, Stage, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement

AFTER_REVOCATION: Final[Mapping[RevocationOutcome, Retirement]] = {
    RevocationOutcome.REVOKED: Retirement.REVOKED,
    RevocationOutcome.NOT_CONFIRMED: Retirement.PERSON,
    RevocationOutcome.NEEDS_PERSON: Retirement.PERSON,
}
"""What a line says after one try to revoke its token; it stays as it is if NetSuite's answer decides nothing."""


Lines = list[tuple[str, JournalEntry]]
"""The lines about one token, each with its store."""


def is_due(line: JournalEntry, current: VersionId | None, now: float, *, at_once: bool) -> bool:
    """Return whether a line's token may be revoked now: open, past its overlap, and not current."""
    return (
        line.state is Retirement.OVERLAP
        and line.version != current
        and (at_once or line.revoke_after <= now)
    )


def due(snapshot: Snapshot, now: float, *, at_once: bool) -> tuple[JournalEntry, ...]:
    """Return the lines of one secret whose tokens may be revoked now."""
    current = snapshot.stages.get(Stage.CURRENT)
    return tuple(line for line in snapshot.journal if is_due(line, current, now, at_once=at_once))


def retiring(
    declared: Declared, seen: Seen, current: Credential, now: int, *, at_once: bool, by_hand: bool
) -> tuple[list[Note], list[Lines]]:
    """Return the lines that are done already, as they are closed; and of each token to revoke now, the open lines.

    What one store's line says of a token holds for all: a token that is revoked is not asked about again, since
    NetSuite would refuse its signature, and that counts towards a lockout.
    """
    closing: list[Note] = []
    found: list[Lines] = []
    for digest, lines in _by_token(seen).items():
        waiting = [(store, line) for store, line in lines if line.open]
        states = {line.state for _, line in lines}
        if not waiting:
            continue
        if Retirement.REVOKED in states or (by_hand and Retirement.PERSON in states):
            closing += _closed(waiting, Retirement.REVOKED)
        elif declared.keys.same(digest, current.pair(TOKEN)):
            closing += _closed(waiting, Retirement.RESTORED)
        elif not by_hand and any(
            is_due(line, seen[store].current, now, at_once=at_once) for store, line in waiting
        ):
            found.append(waiting)
    return closing, found


def _by_token(seen: Seen) -> dict[str, Lines]:
    """Return the lines about each token, by its digest; intents name no token yet."""
    found: dict[str, Lines] = {}
    for store, sight in seen.items():
        for line in sight.lines:
            if line.state is not Retirement.INTENT:
                found.setdefault(line.digest, []).append((store, line))
    return found


def _closed(lines: Lines, state: Retirement) -> Iterator[Note]:
    return (Note(store, replace(line, state=state)) for store, line in lines)
