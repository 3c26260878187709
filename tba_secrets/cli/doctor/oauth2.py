"""Check what is declared of certificates: their roles' permissions, and integration records that TBA uses too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from tba_secrets.cli.checklist.facts import LOG_IN_OAUTH2, OWN_CERTIFICATES
from tba_secrets.cli.doctor.finding import DoctorFinding, ok, warning, wrong
from tba_secrets.errors import SourceError
from tba_secrets.netsuite.oauth2.permissions import MANAGES_APPLICATIONS
from tba_secrets.netsuite.sdf.permissions import plain_name
from tba_secrets.records import CredentialRecord
from tba_secrets.sources import open_source
from tba_secrets.spec.model import ClientOrigin, ConsumerOrigin


def look(records: Sequence[CredentialRecord]) -> Iterator[DoctorFinding]:
    """Check the certificates of an environment. No command runs, and no store is read."""
    well = ok("what the roles declare is enough, and no integration record is shared")
    yield from [*_roles(records), *_shared(records)] or [well]


def _roles(records: Sequence[CredentialRecord]) -> Iterator[DoctorFinding]:
    """Check a role's declared permissions; a role that declares none is not checked."""
    for record in records:
        if record.certificate is None or not record.role.permissions:
            continue
        declared = set(map(plain_name, record.role.permissions))
        role = f"{record.path}: the role {record.role.name}"
        if MANAGES_APPLICATIONS in declared:
            yield wrong(
                f"{role} declares {MANAGES_APPLICATIONS}, which keeps it out of REST and RESTlets",
                "take that permission away from the role, and out of role.permissions",
            )
        if LOG_IN_OAUTH2.name not in declared:
            yield warning(
                f"{role} does not declare {LOG_IN_OAUTH2.name}, without which no access token works",
                "give it to the role, and add it to role.permissions",
            )
        if record.certificate.by == "api" and OWN_CERTIFICATES.name not in declared:
            yield warning(
                f"{role} does not declare {OWN_CERTIFICATES.name}, so a person has to upload each new certificate",
                "give it to the role, and add it to role.permissions; or declare `by: person`",
            )


def _shared(records: Sequence[CredentialRecord]) -> Iterator[DoctorFinding]:
    """Find where TBA and certificates use one integration record: the consumer key is its client id."""
    consumers: dict[str, str] = {}
    clients: dict[str, set[str]] = {}
    for record in records:
        for mark in _marks(record.consumer_source):
            if record.certificate is None:
                consumers.setdefault(mark, record.integration)
            else:
                clients.setdefault(record.integration, set()).add(mark)
    for name, marks in clients.items():
        other = next((consumers[mark] for mark in sorted(marks) if mark in consumers), None)
        if other is not None:
            yield warning(
                f"{name} (OAuth 2.0) and {other} (TBA) share the client id of one integration record: Reset "
                "Credentials, or State: Blocked, ends both",
                "avoid both; once nothing uses TBA, clear its boxes on the integration record",
            )


def _marks(origin: ConsumerOrigin | ClientOrigin) -> set[str]:
    """Return what two sources of one client id have in common: where it is, and a digest of what is there."""
    if isinstance(origin, str):
        return set()  # only the store has it, and no value is read there
    for kind, place in origin:
        if place is not None:
            name = getattr(place, "key", None) or place.id
            where = getattr(place, "path", "") or " ".join(getattr(place, "argv", ()))
            return {f"{kind} {where} {name}", *_value(kind, origin)}
    return set()


def _value(kind: str, origin: ConsumerOrigin | ClientOrigin) -> set[str]:
    if kind == "command":
        return set()
    try:
        pair = open_source(origin).read()
    except SourceError:
        return set()  # the sources have a finding of their own
    return {hashlib.sha256(pair.identifier.reveal().encode()).hexdigest()} if pair else set()
