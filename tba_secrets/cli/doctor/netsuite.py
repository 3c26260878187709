"""NetSuite, unsigned: that it answers, its clock, and which users were refused lately. No login is ever tried."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

from tba_secrets.cli.doctor.clocks import measured
from tba_secrets.cli.doctor.finding import Finding, counted, ok, warning, wrong
from tba_secrets.cli.status_state import TokenState
from tba_secrets.netsuite import Service, base_url
from tba_secrets.netsuite.lockout import Refusal, Who
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.records import CredentialRecord
from tba_secrets.rotation import not_asked_until, when


def look(
    records: Iterable[CredentialRecord], states: Mapping[str, TokenState]
) -> Iterator[Finding]:
    """The hosts that the records call, and their users.

    Args:
        records: The environment's.
        states: What state says of them: the last run's refusals are in it.
    """
    hosts: dict[str, None] = {}
    users: dict[Who, set[Refusal]] = {}
    for record in records:
        for service in (Service.SUITETALK, Service.RESTLETS):
            hosts[base_url(record.account, service, record.endpoint)] = None
        account, user = record.account, record.user.email
        mine = users.setdefault(Who.of(account, user), set())
        mine.update(RefusedLogins.at_home().of(account, user))
        mine.update(states.get(record.path, TokenState()).refusals)
    yield from (measured(host, "NetSuite's") for host in hosts)
    yield from _refused(users, time.time())


def _refused(users: Mapping[Who, Iterable[Refusal]], now: float) -> Iterator[Finding]:
    well = True
    for who, refusals in users.items():
        recent = [one for one in refusals if one.within_window(now)]
        if not recent:
            continue
        well = False
        times = "once" if len(recent) == 1 else f"{len(recent)} times"
        what = f"NetSuite refused {who.user} {times} within 30 minutes"
        until = not_asked_until(recent, now)
        if until is None:
            yield warning(what, "five refusals lock the user out: see `tba status` for the cause")
        else:
            remedy = "put the credential right meanwhile; the Login Audit Trail names the cause"
            yield wrong(f"{what}: not asked until {when(until)}", remedy)
    if well:
        yield ok(f"no login of {counted(users, 'user')} is known to have been refused lately")
