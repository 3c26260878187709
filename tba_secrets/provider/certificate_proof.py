"""What differs for OAuth 2.0 client credentials: how one is brought to NetSuite, proven and revoked.

`cryptography` is loaded where a certificate is declared, and not otherwise.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    NetSuiteError,
    WaitsForPersonError,
)
from tba_secrets.netsuite import Circumstances, Revocation, Verification
from tba_secrets.netsuite.circumstances import NOTHING_KNOWN
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.provider.proof import Proof
from tba_secrets.verify import ReadBack

if TYPE_CHECKING:
    from tba_secrets.netsuite.oauth2.certificate_api import CertificateApi
    from tba_secrets.netsuite.oauth2.client import BearerClient


class CertificateProof(Proof):
    """NetSuite's side of a certificate: its predecessor brings it there, and it revokes its predecessor."""

    def prepare(self, back: ReadBack, current: Credential | None, *, brought: bool) -> str:
        """Have the current certificate bring the new one to NetSuite, or leave that to a person.

        A person may do it at any time. So a certificate that an earlier run has made is asked about, whatever came of
        the try to bring it; one that this run has made can only be refused.

        Raises:
            WaitsForPersonError: A person has to bring it.
            NetSuiteUnreachableError: No answer, and the list of certificates does not have it.
        """
        new = back.credential
        assert isinstance(new, OAuth2Credential)  # noqa: S101 - the resource declares a certificate
        why = "a person brings it to NetSuite"
        if isinstance(current, OAuth2Credential) and self._by_api:
            try:
                return self._bring(new, current)
            except CheckFailedError as error:
                why = f"the current certificate could not bring it to NetSuite: {error.what}"
        if brought:
            raise self._waits(new, why)
        return ""

    def waits_for(self, error: NetSuiteError) -> str:
        """Return what a person has to do: a refused login says that nobody has done it yet, or that it went wrong."""
        if isinstance(error, WaitsForPersonError):
            return error.remedy
        return self._upload if isinstance(error, AuthenticationRefusedError) else ""

    def valid_until(self, credential: Credential) -> str:
        """Return the certificate's last day, as far as the store tells."""
        return _iso(credential.valid_until if isinstance(credential, OAuth2Credential) else None)

    @property
    def _by_api(self) -> bool:
        declared = self.inputs.certificate
        return declared is not None and declared.by == "api"

    def _bring(self, new: OAuth2Credential, current: OAuth2Credential) -> str:
        from tba_secrets.netsuite.oauth2.certificates import CertificateId

        if current.valid_until is not None and current.valid_until < self._today:
            raise CheckFailedError(f"it ran out on {current.valid_until}")
        with self.turn():
            computed = CertificateId(new.certificate_id)
            there = self._api(current).upload(new.certificate, computed, self._today)
        return _iso(there.valid_until)

    def _waits(self, new: OAuth2Credential, why: str) -> WaitsForPersonError:
        return WaitsForPersonError(
            f"{self.inputs.record}: the certificate {new.certificate_id} waits for its upload: {why}",
            self._upload,
        )

    @property
    def _upload(self) -> str:
        from tba_secrets.netsuite.oauth2.causes import M2M_PAGE

        inputs = self.inputs
        stack, token = inputs.owner.rpartition("/")[2], inputs.record.rpartition("/")[2]
        return (
            f"`tba certificate {stack} {token}` prints it; upload it for {inputs.user.email} and the role "
            f"{inputs.role.name} ({M2M_PAGE}), then run `pulumi up` again"
        )

    def revoke(self, old: Credential, current: Credential) -> Revocation:
        """Revoke a superseded certificate with the current one, and confirm it by NetSuite's list."""
        from tba_secrets.netsuite.oauth2.certificates import CertificateId

        assert isinstance(old, OAuth2Credential)  # noqa: S101 - as above
        assert isinstance(current, OAuth2Credential)  # noqa: S101 - as above
        with self.turn() as turn:
            done = self._api(current).revoke(CertificateId(old.certificate_id), self.inputs.record)
            done.tell(turn)
        return done

    def _api(self, current: OAuth2Credential) -> CertificateApi:
        from tba_secrets.netsuite.oauth2.certificate_api import CertificateApi

        return CertificateApi(self._client(current), self.expected)

    def _checked(self, credential: Credential, known: Circumstances) -> Verification:
        from tba_secrets.netsuite.oauth2.checks import run_bearer_checks

        assert isinstance(credential, OAuth2Credential)  # noqa: S101 - as above
        client = self._client(credential, known)
        return run_bearer_checks(client, self.inputs.checks, self.expected, known)

    def _client(
        self, credential: OAuth2Credential, known: Circumstances = NOTHING_KNOWN
    ) -> BearerClient:
        from tba_secrets.netsuite.oauth2.client import BearerClient

        inputs = self.inputs
        return BearerClient(
            credential,
            inputs.endpoint,
            known=known,
            permissions=inputs.role.permissions,
            record=inputs.record,
            sleep=self.pause,
        )

    @property
    def _today(self) -> date:
        return datetime.fromtimestamp(self.host.clock(), UTC).date()


def _iso(day: date | None) -> str:
    return day.isoformat() if day is not None else ""
