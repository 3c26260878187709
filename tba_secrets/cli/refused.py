"""The refused logins of the last 30 minutes, by user, and how they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tba_secrets.cli.status_state import TokenState
from tba_secrets.netsuite.lockout import Refusal, Who
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
    """Collect the last 30 minutes' refusals by user: one token's refusal concerns them all.

    Args:
        records: Whose users they are.
        states: The stack's state of each record, with the last run's refusals.
        refused: The refusals that this machine knows.
        now: Epoch seconds.
    """
    known: dict[Who, set[Refusal]] = {}
    for record in records:
        mine = known.setdefault(Who.of(record.account, record.user.email), set())
        mine.update(refused.of(record.account, record.user.email))
        mine.update(states.get(record.path, TokenState()).refusals)
    return {
        who: tuple(sorted((r for r in all_ if r.within_window(now)), key=_at))
        for who, all_ in known.items()
    }


def _at(refusal: Refusal) -> float:
    return refusal.at


def told(user: str, refusals: tuple[Refusal, ...], until: float | None) -> str:
    """Say how often a user was refused, and until when no login is tried."""
    times = "once" if len(refusals) == 1 else f"{len(refusals)} times"
    what = f"NetSuite refused {user} {times} within 30 minutes"
    return what if until is None else f"{what}: no login until {when(until)}"
