"""NetSuite's side of a SmokeTest: whose turn it is to be asked, and what the answers prove."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from tba_secrets.errors import AuthenticationRefusedError, NetSuiteError, NotAskedError
from tba_secrets.lifecycle.facts import CONSUMER, TOKEN
from tba_secrets.netsuite.checks import run_checks
from tba_secrets.netsuite.circumstances import Circumstances
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.credential import Credential, TbaCredential
from tba_secrets.netsuite.evidence import Evidence, Expected, Verification
from tba_secrets.netsuite.gate import Turn
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.netsuite.revocation import Revocation
from tba_secrets.provider.host import Host
from tba_secrets.provider.properties import RefusalEntry, SmokeTestInputs, SmokeTestOutputs
from tba_secrets.read_back import ReadBack
from tba_secrets.sensitive import Fingerprint


@dataclass(frozen=True)
class Proof:
    """Ask NetSuite for one SmokeTest: bring what is to be proven, verify it, revoke what it replaces."""

    host: Host
    inputs: SmokeTestInputs
    before: SmokeTestOutputs
    """What earlier runs found out: the user's entity and refusals."""
    account_before: str = ""
    """The account id at the test before; empty if there was none."""

    def verify(self, back: ReadBack) -> Verification:
        """Sign with what was read back, and hold the answers against what is declared.

        Raises:
            NetSuiteError: It is not proven; a subclass says why.
        """
        with self.turn():
            known = Circumstances(
                passed_before=bool(self.before.verified) and self.before.verified == back.versions,
                account_changed=self.account_before not in ("", self.inputs.account),
                recently_refused=bool(self.refusals()),
            )
            return self._checked(back.credential, known)

    def _checked(self, credential: Credential, known: Circumstances) -> Verification:
        assert isinstance(credential, TbaCredential)  # noqa: S101 - the resource declares a token
        return run_checks(self.client(credential), self.inputs.checks, self.expected, known)

    def prepare(
        self,
        back: ReadBack,
        bearer: Credential | None,
        refused: AuthenticationRefusedError | None = None,
        *,
        made: bool,
    ) -> str:
        """Do what has to be done in NetSuite before a candidate can pass: nothing, for a token.

        Return the last day that NetSuite answered for it, ISO 8601; empty if it was not asked.

        Args:
            back: The candidate.
            bearer: What readers get now, or another credential of the same user; None if nothing has passed yet.
            refused: NetSuite has refused the bearer in this run.
            made: This very run has made the candidate's key, so nobody can have brought it to NetSuite yet.

        Raises:
            WaitsForPersonError: A person has to do it.
        """
        return ""

    def require_way(self, new: Credential, current: Credential) -> None:
        """Make sure, before anything is staged, that a new credential can get to NetSuite: a token is there already.

        Raises:
            NetSuiteError: It cannot.
        """

    def waits_for(self, error: NetSuiteError) -> str:
        """Return what a person has to do before a candidate that has failed can pass: nothing, for a token."""
        return ""

    def valid_until(self, credential: Credential) -> str:
        """Return the last day of a credential by itself, ISO 8601; empty for a token, which has none."""
        return ""

    def revoke(self, old: Credential, current: Credential) -> Revocation:
        """Revoke what was superseded: a token by its own signature, in its user's turn."""
        with self.turn() as turn:
            token = TbaCredential.of(old.account, current.pair(CONSUMER), old.pair(TOKEN))
            done = self.host.revoke(self.client(token))
            done.tell(turn)
        return done

    def remember(self) -> None:
        """Let the user's other records know what this one's state has kept."""
        inputs = self.inputs
        self.host.gate.remember(inputs.account, inputs.user.email, self._known())

    def turn(self) -> AbstractContextManager[Turn]:
        """Wait for the user's turn: one call after another, none after a refusal."""
        self.host.gate.limit(self.inputs.account, self.inputs.most_users)
        return self.host.gate.admit(
            self.inputs.account,
            self.inputs.user.email,
            self.inputs.record,
            Fingerprint(self.inputs.fingerprint),
            self._known(),
            self.host.cancelled.is_set,
            lambda words: self.host.warn("", words),
        )

    def client(self, credential: TbaCredential) -> Client:
        """Return a client that stops waiting where the run is cancelled."""
        inputs = self.inputs
        return Client(credential, inputs.endpoint, record=inputs.record, sleep=self.pause)

    def refusals(self) -> tuple[RefusalEntry, ...]:
        """Return the user's refusals of the last 30 minutes, for state."""
        known = self.host.gate.refusals(self.inputs.account, self.inputs.user.email)
        return tuple(RefusalEntry(fingerprint=one.fingerprint, at=int(one.at)) for one in known)

    def _known(self) -> list[Refusal]:
        return [Refusal(Fingerprint(one.fingerprint), one.at) for one in self.before.refusals]

    def pause(self, seconds: float) -> None:
        """Wait, and no longer than the run goes on."""
        if self.host.cancelled.wait(seconds):
            raise NotAskedError(f"{self.inputs.record}: not asked again: the run was cancelled")

    @property
    def expected(self) -> Expected:
        """What is declared of the credential."""
        inputs = self.inputs
        return Expected(
            account=inputs.account,
            role_name=inputs.role.name,
            role_id=inputs.role.id,
            user_email=inputs.user.email,
            entity=inputs.user.entity,
            permissions=inputs.role.permissions,
            first_entity=self.before.entity or None,
            accept_unproven=frozenset(inputs.accept_unproven),
        )


def as_outputs(verification: Verification) -> SmokeTestOutputs:
    """Return what state keeps of a proof."""
    return SmokeTestOutputs(
        verified_at=datetime.fromtimestamp(verification.at, UTC).isoformat(timespec="seconds"),
        verified_as=verification.summary,
        entity=verification.entity or "",
        evidence=tuple(_line(one) for one in verification.evidence),
    )


def _line(evidence: Evidence) -> str:
    proven = f"{evidence.check} proves {', '.join(evidence.proven)}"
    return proven + (f"; not {', '.join(evidence.not_proven)}" if evidence.not_proven else "")
