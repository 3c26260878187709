"""Calls to one account with access tokens: got with a signed assertion, renewed in time, never after a refusal.

1. The clock is compared with the server's by an unsigned call, as for TBA.
2. An assertion is signed anew for each attempt, and posted to the account's own host or the configured `endpoint`.
3. What the token endpoint refuses ends it at once, and counts like a refused login.
4. A call carries the access token; a 401 is not tried again here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from typing import Final

import requests

from tba_secrets.errors import NotProvenError
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Answer, AnswerKind, Protocol, outcome, said
from tba_secrets.netsuite.check_context import failure
from tba_secrets.netsuite.circumstances import NOTHING_KNOWN, Circumstances
from tba_secrets.netsuite.client import Caller, SignedCall, authorized
from tba_secrets.netsuite.clues import clues_of_answer, clues_of_declaration
from tba_secrets.netsuite.diagnosis import Diagnosis, diagnose
from tba_secrets.netsuite.oauth2.access_token import (
    AccessToken,
    assertion,
    read_token,
    token_request,
)
from tba_secrets.netsuite.oauth2.credential import TOKEN_PATH, OAuth2Credential
from tba_secrets.netsuite.oauth2.permissions import LOG_IN, MANAGES_APPLICATIONS
from tba_secrets.netsuite.rules import Clue
from tba_secrets.sensitive import Sensitive


@dataclass(eq=False, repr=False)
class BearerClient(Caller):
    """Asks NetSuite with access tokens of one credential, whose key signs the assertions. For one thread."""

    credential: OAuth2Credential
    _: KW_ONLY
    known: Circumstances = NOTHING_KNOWN
    """What else is known, for the diagnosis of a refused assertion."""
    permissions: Collection[str] = ()
    """The role's declared permissions, likewise."""
    _token: AccessToken | None = field(default=None, init=False)
    _got_at: float = field(default=0.0, init=False)

    @property
    def secrets(self) -> tuple[Sensitive, ...]:
        """The private key, the client id and the access token."""
        held = () if self._token is None else (self._token.text,)
        return (*self.credential.secrets, *held)

    def clues(self, account: str, permissions: Iterable[str]) -> frozenset[Clue]:
        declared = frozenset(permissions)
        until = self.credential.valid_until
        today = datetime.fromtimestamp(self.clock(), UTC).date()
        facts = {
            Clue.MANAGES_APPLICATIONS: MANAGES_APPLICATIONS in declared,
            Clue.CERTIFICATE_OVER: until is not None and until < today,
            Clue.BEARER: self._token is not None,
        }
        return clues_of_declaration(
            self.credential, account, declared, frozenset({LOG_IN}), own_hosts=self.own_hosts
        ) | {clue for clue, holds in facts.items() if holds}

    def lacks_scope(self, protocol: Protocol) -> bool:
        scopes = self._token.claims.scopes if self._token is not None else None
        return scopes is not None and _SCOPE[protocol] not in scopes

    def access_token(self) -> AccessToken:
        """Return the access token; get one first if there is none, or if it is due.

        Raises:
            AuthenticationRefusedError: The token endpoint refused the assertion.
            SourceError: The key cannot sign.
            ClockSkewError: Nothing was signed.
            NetSuiteUnreachableError: No answer to judge came within the deadline.
            NotProvenError: The answer holds no access token.
            CheckFailedError: Any other failure.
        """
        now = self.monotonic()
        if self._token is None or self._token.is_due(now - self._got_at):
            self._token = self._new_token()
            self._got_at = now
        return self._token

    def _new_token(self) -> AccessToken:
        self._token = None
        base = self.url(Service.SUITETALK)
        skew = self._check_clock(base)

        def attempt() -> requests.PreparedRequest:
            signed = assertion(self.credential, self.clock(), self.record, skew)
            return token_request(base + TOKEN_PATH, signed)

        answer = self._answered(attempt, Protocol.OAUTH2, f"POST {TOKEN_PATH} on {base}")
        kind = outcome(answer, Protocol.OAUTH2)
        if kind is not AnswerKind.ACCEPTED:
            raise failure(self.record, kind, self._diagnosis(answer))
        token = read_token(answer)
        if token is None:
            diagnosis = self._diagnosis(answer, " without the access_token that belongs there")
            raise NotProvenError(f"{self.record}: not proven: {diagnosis}", diagnosis=diagnosis)
        return token

    def _diagnosis(self, answer: Answer, why: str = "") -> Diagnosis:
        mine = self.clues(self.credential.account, self.permissions)
        told = clues_of_answer(answer, Protocol.OAUTH2)
        return diagnose(
            f"the token endpoint answered {said(answer, Protocol.OAUTH2)}{why}",
            self.known.clues | mine | told,
        )

    def _ready(self, base: str) -> None:
        super()._ready(base)
        self.access_token()

    def _signed(self, base: str, call: SignedCall) -> requests.PreparedRequest:
        return authorized(call, call.url(base), self.access_token().header)


_SCOPE: Final = {Protocol.REST: "rest_webservices", Protocol.RESTLET: "restlets"}
