"""Check NetSuite without a login: that it answers, its clock, and recent refusals."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

from tba_secrets.cli.doctor.clocks import measured
from tba_secrets.cli.doctor.finding import DoctorFinding, counted, ok, warning, wrong
from tba_secrets.cli.status_state import TokenState
from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.netsuite.lockout import Refusal, Who
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.records import CredentialRecord
from tba_secrets.rotation import not_asked_until, when


def look(
    records: Iterable[CredentialRecord], states: Mapping[str, TokenState]
) -> Iterator[DoctorFinding]:
    """Check the hosts that the records call, and their users.

    Args:
        records: The environment's.
        states: The stack's state of each record, with the last run's refusals.
    """
    hosts: dict[str, None] = {}
    users: dict[Who, set[Refusal]] = {}
    for record in records:
        for service in (Service.SUITETALK, Service.RESTLETS):
            hosts[base_url(record.account, service, record.endpoint)] = None
        account, user = record.account, record.user.email
        known = users.setdefault(Who.of(account, user), set())
        known.update(RefusedLogins.at_home().of(account, user))
        known.update(states.get(record.path, TokenState()).refusals)
    yield from (measured(host, "NetSuite's") for host in hosts)
    yield from _refused(users, time.time())


def _refused(users: Mapping[Who, Iterable[Refusal]], now: float) -> Iterator[DoctorFinding]:
    well = True
    for who, refusals in users.items():
        recent = [refusal for refusal in refusals if refusal.within_window(now)]
        if not recent:
            continue
        well = False
        times = "once" if len(recent) == 1 else f"{len(recent)} times"
        what = f"NetSuite refused {who.user} {times} within 30 minutes"
        until = not_asked_until(recent, now)
        if until is None:
            yield warning(what, "five refusals lock the user out: see `tba status` for the cause")
        else:
            remedy = "correct the credential in the meantime; the Login Audit Trail names the cause"
            yield wrong(f"{what}: no login until {when(until)}", remedy)
    if well:
        yield ok(f"no recent refused login of {counted(users, 'user')} is known")
