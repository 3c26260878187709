"""Journal -> revoked: superseded tokens whose time has come are revoked at NetSuite, each with its own signature.

Input: where a record is kept, and the credential that is current and has just passed. Output: what became of each open
line of the journal, written back to it. It must not revoke a token that is current anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tba_secrets.netsuite import Client, Revocation, RevocationOutcome, revoke
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse
from tba_secrets.sensitive import Sensitive
from tba_secrets.spec.model import Format
from tba_secrets.stage import Place
from tba_secrets.stores.interface import Snapshot, Stage, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement

_AFTERWARDS: Final[Mapping[RevocationOutcome, Retirement]] = {
    RevocationOutcome.REVOKED: Retirement.REVOKED,
    RevocationOutcome.UNKNOWN: Retirement.OVERLAP,
    RevocationOutcome.NOT_CONFIRMED: Retirement.PERSON,
    RevocationOutcome.NEEDS_PERSON: Retirement.PERSON,
}


def due(snapshot: Snapshot, now: float, *, at_once: bool) -> tuple[JournalEntry, ...]:
    """The lines whose tokens may be revoked now: open, past their overlap, and not current."""
    current = snapshot.stages.get(Stage.CURRENT)
    return tuple(
        entry
        for entry in snapshot.journal
        if entry.state is Retirement.OVERLAP
        and entry.version != current
        and (at_once or entry.revoke_after <= now)
    )


def retire(
    place: Place,
    entry: JournalEntry,
    current: TbaCredential,
    names: Format,
    in_use: Callable[[Sensitive], str | None],
    client: Callable[[TbaCredential], Client],
) -> Revocation | str:
    """Revoke one superseded token and write down what is known of it now.

    Args:
        place: The secret whose journal it is in.
        entry: A line that is `due`.
        current: What readers get: its consumer pair is the valid one.
        names: The keys of the stored object.
        in_use: The record whose current credential has a token id, if any.
        client: Makes a client for a credential.

    Returns:
        What NetSuite said, or in words why it was not asked.
    """
    stored = place.store.read(place.name, VersionId(entry.version))
    if stored is None:
        place.store.note(place.name, replace(entry, state=Retirement.PERSON))
        return f"{place}: the superseded version is gone, so its token cannot sign its own revoke: a person has to"
    old = parse(stored.value, names, str(place))
    user = in_use(old.token_id)
    if user is not None:
        return f"{place}: the superseded token is what {user} uses now: it is not revoked"
    signing = replace(
        old, consumer_key=current.consumer_key, consumer_secret=current.consumer_secret
    )
    revocation = revoke(client(signing))
    place.store.note(place.name, replace(entry, state=_AFTERWARDS[revocation.outcome]))
    return revocation
