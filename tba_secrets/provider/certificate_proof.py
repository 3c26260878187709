"""What differs for OAuth 2.0 client credentials: how one is brought to NetSuite, proven and revoked.

`cryptography` is loaded where a certificate is declared, and not otherwise.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    NetSuiteError,
    NotProvenError,
    WaitsForPersonError,
)
from tba_secrets.netsuite.circumstances import NOTHING_KNOWN, Circumstances
from tba_secrets.netsuite.credential import Credential
from tba_secrets.netsuite.evidence import Verification
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.netsuite.revocation import Revocation
from tba_secrets.provider.host import Host
from tba_secrets.provider.proof import Proof
from tba_secrets.provider.properties import SmokeTestInputs
from tba_secrets.read_back import ReadBack

if TYPE_CHECKING:
    from tba_secrets.netsuite.oauth2.certificate_api import CertificateApi, Uploaded
    from tba_secrets.netsuite.oauth2.client import BearerClient


_WITHOUT_BEARER: Final = "declare `by: person`, so that the refused one is not asked again, "


class _RanOutError(CheckFailedError):
    """The current certificate has run out: NetSuite need not be asked."""


class CertificateProof(Proof):
    """NetSuite's side of a certificate: its predecessor brings it there, and it revokes its predecessor."""

    def prepare(
        self,
        back: ReadBack,
        bearer: Credential | None,
        refused: AuthenticationRefusedError | None = None,
        *,
        made: bool,
    ) -> str:
        """Have a certificate that works bring the new one to NetSuite, or leave that to a person.

        A person may do it at any time. So a certificate that an earlier run has made, or that a source gives, is asked
        about, whatever came of the try to bring it; one that this run has made can only be refused.

        Raises:
            WaitsForPersonError: A person has to bring it.
            NetSuiteUnreachableError: No answer, and the list of certificates does not have it.
            NotProvenError: NetSuite knows it by another id than the one that is stored with its key.
        """
        new = back.credential
        assert isinstance(new, OAuth2Credential)  # noqa: S101 - the resource declares a certificate
        why = "a person brings it to NetSuite"
        if isinstance(bearer, OAuth2Credential) and self._by_api:
            if bearer.certificate_id == new.certificate_id:
                return ""  # a change of settings: NetSuite has it
            try:
                if refused is not None:
                    raise refused
                given = self._bring(new, bearer)
            except CheckFailedError as error:
                why = (
                    f"the certificate {bearer.certificate_id} could not bring it to NetSuite: "
                    f"{error.what}"
                )
                if isinstance(error, AuthenticationRefusedError):
                    raise self._waits(new, why, _WITHOUT_BEARER) from None
            else:
                self._require_id(given)
                return _iso(given.valid_until)
        if made:
            raise self._waits(new, why)
        return ""

    def require_way(self, new: Credential, current: Credential) -> None:
        """Make sure, before anything is staged, that the current certificate can bring a new one to NetSuite.

        Raises:
            CheckFailedError: It cannot: it has run out, its role may not, or there is no place for another one.
            AuthenticationRefusedError: NetSuite refused the login.
            NetSuiteUnreachableError: No answer.
        """
        from tba_secrets.netsuite.oauth2.certificates import CertificateId

        assert isinstance(new, OAuth2Credential)  # noqa: S101 - the resource declares a certificate
        if not (self._by_api and isinstance(current, OAuth2Credential)) or (
            new.client_id != current.client_id or new.certificate_id == current.certificate_id
        ):
            return
        try:
            self._require_valid(current)
            with self.turn():
                self._api(current).place(CertificateId(new.certificate_id), self._today)
        except AuthenticationRefusedError:
            raise
        except CheckFailedError as error:
            what = error.what.removeprefix(f"{self.inputs.record}: ")
            raise CheckFailedError(
                f"{self.inputs.record}: nothing was staged: the current certificate cannot bring a new one to "
                f"NetSuite: {what}",
                self._by_hand() if isinstance(error, _RanOutError) else error.remedy,
                diagnosis=error.diagnosis,
            ) from None

    def waits_for(self, error: NetSuiteError) -> str:
        """Return what a person has to do: a refused login says that nobody has done it yet, or that it went wrong."""
        if isinstance(error, WaitsForPersonError):
            return error.remedy
        return self._upload() if isinstance(error, AuthenticationRefusedError) else ""

    def valid_until(self, credential: Credential) -> str:
        """Return the certificate's last day, as far as the store tells."""
        return _iso(credential.valid_until if isinstance(credential, OAuth2Credential) else None)

    @property
    def _by_api(self) -> bool:
        declared = self.inputs.certificate
        return declared is not None and declared.by == "api"

    def _bring(self, new: OAuth2Credential, bearer: OAuth2Credential) -> Uploaded:
        from tba_secrets.netsuite.oauth2.certificates import CertificateId

        self._require_valid(bearer)
        if bearer.client_id != new.client_id:
            raise CheckFailedError("its client id is another one")
        with self.turn():
            computed = CertificateId(new.certificate_id)
            return self._api(bearer).upload(new.certificate, computed, self._today)

    def _require_valid(self, current: OAuth2Credential) -> None:
        if current.valid_until is not None and current.valid_until < self._today:
            raise _RanOutError(f"it ran out on {current.valid_until}")

    def _require_id(self, given: Uploaded) -> None:
        """Refuse another id than the stored one, with which no assertion is ever accepted."""
        if not given.as_computed:
            raise NotProvenError(
                f"{self.inputs.record}: NetSuite knows the new certificate as {given.certificate_id}, and the store as "
                f"{given.computed_id}",
                f"revoke it at {M2M_PAGE}, and report the rule by which NetSuite names certificates",
            )

    def _waits(self, new: OAuth2Credential, why: str, first: str = "") -> WaitsForPersonError:
        return WaitsForPersonError(
            f"{self.inputs.record}: the certificate {new.certificate_id} waits for its upload: {why}",
            self._upload(first),
        )

    def _by_hand(self) -> str:
        stack, name = self._named
        return (
            f"declare `by: person` for it, and run `tba rotate {stack} {name}`: it makes a certificate that a person "
            "uploads"
        )

    @property
    def _named(self) -> tuple[str, str]:
        """The environment and the record, as `tba` takes them."""
        return self.inputs.owner.rpartition("/")[2], self.inputs.record.rpartition("/")[2]

    def _upload(self, first: str = "") -> str:
        inputs = self.inputs
        stack, name = self._named
        return (
            f"`tba certificate {stack} {name}` prints it; upload it for {inputs.user.email} and the role "
            f"{inputs.role.name} ({M2M_PAGE}), {first}then run `pulumi up`"
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


def proof_of(host: Host, inputs: SmokeTestInputs, *before: Any) -> Proof:
    """Return NetSuite's side of a credential of the declared kind."""
    kind = Proof if inputs.certificate is None else CertificateProof
    return kind(host, inputs, *before)
