"""NetSuite's list of a client's certificates: read, add to, revoke from, with the current credential's access token.

(Oracle help, "OAuth 2.0 Client Credentials Certificate Rotation Endpoint".) Only the successes are documented. So what
an error leaves open, and what a lost answer leaves open, is settled by reading the list for the computed id.

1. The list is read before anything is added: a certificate that is there already is not added twice.
2. What is added is sent once.
3. A revocation is sent once, and counts where the list confirms it. No certificate revokes itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    NetSuiteError,
    NetSuiteUnreachableError,
    TbaError,
)
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Protocol, is_absent, said
from tba_secrets.netsuite.check_context import CheckContext
from tba_secrets.netsuite.client import SignedCall
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.netsuite.oauth2.certificates import CertificateId
from tba_secrets.netsuite.oauth2.client import BearerClient
from tba_secrets.netsuite.revocation import Revocation, RevocationOutcome
from tba_secrets.netsuite.rules import Clue
from tba_secrets.spec.model import MOST_ACTIVE

_CLIENTS: Final = "/services/rest/auth/oauth2/v1/clients"


@dataclass(frozen=True)
class Listed:
    """One certificate as NetSuite lists it. Being listed is not being usable."""

    certificate_id: CertificateId
    revoked: bool
    valid_until: date | None
    role_id: str | None
    entity: str | None

    def __str__(self) -> str:
        return f"{self.certificate_id} (entity {self.entity}, until {self.valid_until})"

    def is_active(self, today: date) -> bool:
        """Return whether it holds one of the five places."""
        return not self.revoked and (self.valid_until is None or self.valid_until >= today)


@dataclass(frozen=True)
class Uploaded:
    """A certificate that NetSuite has."""

    certificate_id: CertificateId
    """As NetSuite says: this one is the `kid`."""
    valid_until: date | None
    """As NetSuite says: it cuts what is longer than two years."""
    computed_id: CertificateId

    @property
    def as_computed(self) -> bool:
        """Whether NetSuite gave the id that we computed."""
        return self.certificate_id == self.computed_id


class CertificateRevocation(Revocation):
    """One try to revoke a certificate, and what the list says of it: revoked, unknown, or a person's task."""

    @property
    def remedy(self) -> str:
        """What to do now; empty if nothing."""
        return _REMEDY.get(self.outcome, _BY_HAND)


_BY_HAND: Final = f"press Revoke in its row under {M2M_PAGE}"
_REMEDY: Final = {
    RevocationOutcome.REVOKED: "",
    RevocationOutcome.UNKNOWN: "retire again in a later run; the certificate stays journalled until then",
    RevocationOutcome.NEEDS_PERSON: (
        f"{_BY_HAND}, or add the permission Manage own OAuth 2.0 Client Credentials Certificates to the role and "
        "retire again"
    ),
}


@dataclass
class CertificateApi:
    """The certificates of one client id."""

    client: BearerClient
    """Asks with the credential that is current; its scopes need rest_webservices."""
    expected: Expected
    """Account, role and user of a new certificate, as declared."""
    _service: Service = field(default=Service.RESTLETS, init=False)

    def list(self) -> tuple[Listed, ...]:
        """Return the certificates that NetSuite shows this user, revoked and expired ones too.

        Raises:
            AuthenticationRefusedError: NetSuite refused the login.
            CheckFailedError: The role may not, or the client id is not this account's.
            NotProvenError: The answer is no list of certificates.
            NetSuiteUnreachableError: No verdict.
        """
        context = self._context("the list of certificates")
        answer = self.client.call(self._call("GET", "", "GET the certificates"))
        if is_absent(answer, Protocol.REST) and self._service is Service.RESTLETS:
            # The help names the restlets host; a published client uses the other one.
            self._service = Service.SUITETALK
            answer = self.client.call(self._call("GET", "", "GET the certificates"))
        body = context.accepted(answer, Protocol.REST).json()
        rows = [_listed(row) for row in body] if isinstance(body, list) else [None]
        if None in rows:
            raise context.unreadable(answer, Protocol.REST, "list of certificates")
        return tuple(row for row in rows if row is not None)

    def place(self, computed: CertificateId, today: date) -> Uploaded | None:
        """Return a certificate that is there already; None if there is a place for it.

        `computed` is its id, as computed here.

        Raises:
            CheckFailedError: There is no place, the certificate was revoked before, or the role may not ask.
            AuthenticationRefusedError: NetSuite refused the login.
            NetSuiteUnreachableError: No verdict.
        """
        rows = self.list()
        mine = next((row for row in rows if row.certificate_id == computed), None)
        if mine is not None and mine.revoked:
            raise CheckFailedError(
                f"{self.client.record}: the certificate {computed} was revoked, and NetSuite takes none back",
                "make a new one: `tba rotate ENV NAME --new`",
            )
        if mine is not None:
            return Uploaded(mine.certificate_id, mine.valid_until, computed)
        active = [row for row in rows if row.is_active(today)]
        if len(active) >= MOST_ACTIVE:
            shown = ", ".join(map(str, active))
            raise CheckFailedError(
                f"{self.client.record}: the integration record has {len(active)} active "
                f"certificates, and NetSuite allows {MOST_ACTIVE}: {shown}",
                f"revoke one that nothing uses any more ({M2M_PAGE}), or wait for the end of an overlap",
            )
        return None

    def upload(self, certificate: str, computed: CertificateId, today: date) -> Uploaded:
        """Add a certificate, in PEM, for the declared role and user, unless it is there already.

        Raises:
            CheckFailedError: There is no place for it, it was revoked before, or NetSuite does not take it.
            AuthenticationRefusedError: NetSuite refused the login.
            NetSuiteUnreachableError: No answer, and the list does not have it.
        """
        if (there := self.place(computed, today)) is not None:
            return there
        body = {
            "fileContent": certificate,
            "role": int(str(self.expected.role_id)),
            "entity": str(self.expected.entity),
        }
        call = self._call("POST", "", "POST a certificate", json.dumps(body))
        try:
            answer = self.client.call_once(call)
        except NetSuiteUnreachableError as lost:
            return self._settled(computed, lost)
        if answer.status >= 500:
            undecided = f"{self.client.record}: {call} was answered {said(answer, Protocol.REST)}"
            later = "run again later: the certificate is kept, and is not made anew"
            return self._settled(computed, NetSuiteUnreachableError(undecided, later))
        context = self._context("the new certificate")
        told = context.json_object(answer, Protocol.REST)
        given = told.get("certificate_id")
        if not isinstance(given, str) or not given:
            unreadable = context.unreadable(answer, Protocol.REST, "certificate_id")
            return self._settled(computed, unreadable)
        return Uploaded(CertificateId(given), _day(told.get("valid_until")), computed)

    def revoke(self, certificate_id: CertificateId, record: str) -> CertificateRevocation:
        """Revoke a superseded certificate, and confirm it by the list.

        Raises:
            TbaError: It is the client's own.
            AuthenticationRefusedError: NetSuite refused the login: of the current credential, not of this one.
        """
        if certificate_id == self.client.credential.certificate_id:
            raise TbaError(
                f"{record}: not revoked: it is the certificate that the call itself would be made with",
                "let its successor revoke it",
            )
        call = self._call("POST", f"/{certificate_id}/revoke", "POST a revocation")
        try:
            answer = self.client.call_once(call)
        except NetSuiteUnreachableError as lost:
            how = lost.what.removeprefix(f"{self.client.record}: ")
            return self._confirmed(certificate_id, record, how, None, lost.unanswered)
        failed = None
        try:
            self._context("the revocation").accepted(answer, Protocol.REST)
        except AuthenticationRefusedError:
            raise
        except CheckFailedError as error:
            failed = error
        except NetSuiteUnreachableError:
            pass
        return self._confirmed(certificate_id, record, said(answer, Protocol.REST), failed, False)

    def _confirmed(
        self,
        certificate_id: CertificateId,
        record: str,
        how: str,
        failed: CheckFailedError | None,
        unanswered: bool,
    ) -> CertificateRevocation:
        """Return what the list says after a try, whatever its answer was."""
        try:
            rows = self.list()
        except AuthenticationRefusedError:
            raise
        except NetSuiteError:
            rows = ()
        outcome, diagnosis = RevocationOutcome.UNKNOWN, None
        if any(row.certificate_id == certificate_id and row.revoked for row in rows):
            outcome = RevocationOutcome.REVOKED
        elif failed is not None:
            outcome, diagnosis = RevocationOutcome.NEEDS_PERSON, failed.diagnosis
        return CertificateRevocation(
            outcome, record, how, diagnosis=diagnosis, unanswered=unanswered
        )

    def _settled(self, computed: CertificateId, error: NetSuiteError) -> Uploaded:
        """Return the certificate if the list has it; raise the error if not."""
        try:
            rows = self.list()
        except NetSuiteError:
            raise error from None
        mine = next((r for r in rows if r.certificate_id == computed and not r.revoked), None)
        if mine is None:
            raise error
        return Uploaded(mine.certificate_id, mine.valid_until, computed)

    def _context(self, what: str) -> CheckContext:
        clues = frozenset({Clue.CERTIFICATE_CALL})
        return CheckContext(self.client, self.expected, what, clues=clues)

    def _call(self, method: str, below: str, called: str, body: str | None = None) -> SignedCall:
        """Return a call of the endpoint. Its path holds the client id, and is not shown."""
        client_id = self.client.credential.client_id.reveal()
        path = f"{_CLIENTS}/{client_id}/certificates{below}"
        headers = {"Content-Length": "0"} if method == "POST" and body is None else {}
        return SignedCall(self._service, method, path, json=body, headers=headers, called=called)


def _listed(row: Any) -> Listed | None:
    if not isinstance(row, dict):
        return None
    certificate_id, revoked = row.get("certificate_id"), row.get("revoked")
    if not isinstance(certificate_id, str) or not isinstance(revoked, bool):
        return None
    return Listed(
        CertificateId(certificate_id),
        revoked,
        _day(row.get("valid_until")),
        _internal_id(row.get("role")),
        _internal_id(row.get("entity")),
    )


def _internal_id(reference: Any) -> str | None:
    found = reference.get("id") if isinstance(reference, dict) else None
    return str(found) if isinstance(found, str | int) else None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
