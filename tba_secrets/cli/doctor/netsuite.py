"""Check NetSuite without a login: that it answers, its clock, and recent refusals."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from tba_secrets.cli.doctor.clocks import measured
from tba_secrets.cli.doctor.finding import DoctorFinding, ok, warning, wrong
from tba_secrets.cli.prose import counted
from tba_secrets.cli.refused import MEANWHILE, refusals_by_user, told
from tba_secrets.cli.status_state import TokenState
from tba_secrets.netsuite.account import Service, base_url
from tba_secrets.netsuite.lockout import not_asked_until
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.records import CredentialRecord


def look(
    records: Sequence[CredentialRecord], states: Mapping[str, TokenState]
) -> Iterator[DoctorFinding]:
    """Check the hosts that the records call, and their users, with the refusals that the stack's state has."""
    hosts = dict.fromkeys(
        base_url(record.account, service, record.endpoint)
        for record in records
        for service in (Service.SUITETALK, Service.RESTLETS)
    )
    yield from (measured(host, "NetSuite's") for host in hosts)
    now = time.time()
    users = refusals_by_user(records, states, RefusedLogins.at_home(), now)
    for who, refusals in users.items():
        if refusals:
            until = not_asked_until(refusals, now)
            what = told(who.user, refusals, until)
            see = "five refusals lock the user out: see `tba status` for the cause"
            yield warning(what, see) if until is None else wrong(what, MEANWHILE)
    if not any(users.values()):
        yield ok(f"no recent refused login of {counted(len(users), 'user')} is known")
