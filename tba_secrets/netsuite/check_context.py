"""One check in progress: judging its answer, and telling what it proves or why it failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    IdentityMismatchError,
    NetSuiteError,
    NetSuiteUnreachableError,
    NotProvenError,
)
from tba_secrets.netsuite.answers import Answer, AnswerKind, Protocol, outcome, said
from tba_secrets.netsuite.client import Caller
from tba_secrets.netsuite.clues import clues_of_answer
from tba_secrets.netsuite.diagnosis import READ_THE_TRAIL, Diagnosis, diagnose
from tba_secrets.netsuite.evidence import Evidence, Expected
from tba_secrets.netsuite.rules import Clue
from tba_secrets.netsuite.tokeninfo import NOTHING_READ, TokenInfo
from tba_secrets.sensitive import redact

_LONGEST_NAME: Final = 100
_OWN_TOKEN: Final = (
    "take the token of the declared user and role in the declared account "
    "(Setup > Users/Roles > Access Tokens), or correct the declaration"
)


@dataclass(frozen=True)
class CheckContext:
    """Who asks what, what is expected, and whether the login has worked before."""

    client: Caller
    expected: Expected
    check: str
    login_worked: bool = False
    clues: frozenset[Clue] = field(default=frozenset())

    def evidence(
        self,
        answer: Answer,
        proven: Iterable[str],
        not_proven: Iterable[str] = (),
        info: TokenInfo = NOTHING_READ,
    ) -> Evidence:
        return Evidence(
            check=self.check,
            account=info.account,
            role_name=info.role_name,
            role_id=info.role_id,
            entity=info.entity,
            at=answer.at,
            latency_seconds=answer.latency_seconds,
            clock_skew_seconds=answer.skew_seconds,
            proven=tuple(proven),
            not_proven=tuple(not_proven),
        )

    def accepted(self, answer: Answer, protocol: Protocol) -> Answer:
        """Return the answer where it is a success.

        Raises:
            AuthenticationRefusedError: NetSuite refused the login.
            NetSuiteUnreachableError: It sends elsewhere.
            CheckFailedError: Any other failure.
        """
        kind = outcome(answer, protocol)
        if kind is not AnswerKind.ACCEPTED:
            raise failure(self.client.record, kind, self._diagnosis(answer, protocol))
        return answer

    def json_object(self, answer: Answer, protocol: Protocol) -> dict[str, Any]:
        """Return the JSON object of a success. Raises as `accepted` and `unreadable` do."""
        body = self.accepted(answer, protocol).json()
        if not isinstance(body, dict):
            raise self.unreadable(answer, protocol, "JSON object")
        return body

    def unreadable(self, answer: Answer, protocol: Protocol, wanted: str) -> NotProvenError:
        """Return the error for a success whose body is no answer of this service at all."""
        return self.not_proven(answer, protocol, f" without the {wanted} that belongs there")

    def not_proven(self, answer: Answer, protocol: Protocol, why: str) -> NotProvenError:
        """Return the error for a success that proves nothing; `why` goes on after how it was answered."""
        diagnosis = self._diagnosis(answer, protocol, why)
        return NotProvenError(f"{self.client.record}: not proven: {diagnosis}", diagnosis=diagnosis)

    def match(
        self,
        aspect: str,
        got: str | None,
        expected: str | None,
        proof: str = "token",
        remedy: str = _OWN_TOKEN,
    ) -> None:
        """Refuse what is somebody else's. What NetSuite does not say, or the YAML does not declare, is not compared.

        Raises:
            IdentityMismatchError: Both are there and differ.
        """
        if got is None or expected is None or got == expected:
            return
        shown = redact(got, self.client.secrets)[:_LONGEST_NAME]
        raise IdentityMismatchError(
            f"{self.client.record}: the {proof} works, and its {aspect} is {shown!r}; declared is {expected!r}",
            remedy,
            aspect=aspect,
            got=shown,
            expected=expected,
        )

    def match_first(self, got: str | None, first: str | None) -> None:
        """Refuse another user than the one of the first proof. Raises as `match` does."""
        if got is None or first is None or got == first:
            return
        shown = redact(got, self.client.secrets)[:_LONGEST_NAME]
        raise IdentityMismatchError(
            f"{self.client.record}: the token works, and its user is the entity {shown!r}; the one that was proven "
            f"first is {first!r}",
            f"take a token of the same user; where another one is meant, declare `user: {{email: "
            f"{self.expected.user_email}, entity: ID}}`",
            aspect="user",
            got=shown,
            expected=first,
        )

    def required(self, answer: Answer, missing: Sequence[str]) -> None:
        """Refuse an answer that leaves open what its check is for.

        Raises:
            NotProvenError: Something is missing; it names what the declaration may do without.
        """
        if not missing:
            return
        without = {word for one in missing for word in one.split()} | self.expected.accept_unproven
        accepted = ", ".join(word for word in ("role", "user") if word in without)
        remedy = (
            "look at the answer's shape with `tba request GET /rest/tokeninfo --record TOKEN --env ENV`, and report it"
            if "account" in missing
            else "where this account does not tell it, write under `defaults:` or at the token: "
            f"verify: {{accept_unproven: [{accepted}]}}"
        )
        raise NotProvenError(
            f"{self.client.record}: not proven: {self.check} was answered without {' and '.join(missing)}, and it has "
            "to prove that",
            remedy,
        )

    def _diagnosis(self, answer: Answer, protocol: Protocol, why: str = "") -> Diagnosis:
        worked = {Clue.LOGIN_WORKED} if self.login_worked else set()
        record = self.client.clues(self.expected.account, self.expected.permissions)
        if self.client.lacks_scope(protocol):
            record |= {Clue.SCOPE_LACKING}
        return diagnose(
            f"{self.check} was answered {said(answer, protocol)}{why}",
            self.clues | worked | record | clues_of_answer(answer, protocol),
        )


def failure(record: str, kind: AnswerKind, diagnosis: Diagnosis) -> NetSuiteError:
    if kind is AnswerKind.REFUSED:
        return explained(record, diagnosis)
    if kind is AnswerKind.REDIRECTED:
        return NetSuiteUnreachableError(f"{record}: not followed: {diagnosis}")
    return CheckFailedError(f"{record}: {diagnosis}", diagnosis=diagnosis)


def explained(record: str, diagnosis: Diagnosis) -> AuthenticationRefusedError:
    return AuthenticationRefusedError(
        f"{record}: NetSuite refused the login: {diagnosis}",
        f"the answer alone does not tell which: {READ_THE_TRAIL}, and `tba explain DETAIL` says how to fix it",
        diagnosis=diagnosis,
    )
