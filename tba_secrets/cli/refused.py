"""The refused logins of the last 30 minutes, by user, and how they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tba_secrets.cli.status_state import TokenState
from tba_secrets.netsuite.lockout import Ledger, Refusal, Who
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.records import CredentialRecord
from tba_secrets.rotation import when

MEANWHILE: Final = "correct the credential in the meantime; the Login Audit Trail names the cause"
"""What is to be done while no login is tried."""


def refusals_by_user(
    records: Iterable[CredentialRecord],
    states: Mapping[str, TokenState],
    refused: RefusedLogins,
    now: float,
) -> dict[Who, tuple[Refusal, ...]]:
    """Collect by user the refusals of the last 30 minutes that this machine and the stack's state know.

    One token's refusal concerns all of its user's. `now` is in epoch seconds.
    """
    known = Ledger()
    users = [(Who.of(record.account, record.user.email), record.path) for record in records]
    for who, path in users:
        known.learn(who, refused.of(who.account, who.user))
        known.learn(who, states.get(path, TokenState()).refusals)
    return {who: known.recent(who, now) for who, _ in users}


def told(user: str, refusals: tuple[Refusal, ...], until: float | None) -> str:
    """Say how often a user was refused, and until when no login is tried."""
    times = "once" if len(refusals) == 1 else f"{len(refusals)} times"
    what = f"NetSuite refused {user} {times} within 30 minutes"
    return what if until is None else f"{what}: no login until {when(until)}"
