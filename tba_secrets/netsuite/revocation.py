"""Revoke a token by its own signature, once, and report the outcome.

`GET /rest/revoketoken?consumerKey=...&token=...` (Oracle help, "Token-based Authentication (TBA) Token Services"):
users revoke their own tokens. The body of a success is not documented, so nothing of it counts as proof.

It is sent once. A second try after a success that was lost would be a refused login, and so would a look whether the
token still works: five of those lock the user out, whose other token is in use. What is not known stays not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tba_secrets.errors import NetSuiteUnreachableError
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Answer, AnswerKind, Protocol, outcome, said
from tba_secrets.netsuite.causes import TOKENS_PAGE
from tba_secrets.netsuite.client import Client, SignedCall
from tba_secrets.netsuite.clues import clues_of_answer
from tba_secrets.netsuite.diagnosis import Diagnosis, diagnose
from tba_secrets.netsuite.gate import Turn

PATH: Final = "/rest/revoketoken"


class RevocationOutcome(Enum):
    """The outcome of one try."""

    REVOKED = "revoked"
    """NetSuite said so: the token is inactive for ever."""
    UNKNOWN = "unknown"
    """No answer, or one that decides nothing: it may be revoked or not. Try again in a later run."""
    NOT_CONFIRMED = "not confirmed"
    """The login was refused: already revoked, or any other cause of a 401. Not tried again; a person looks."""
    NEEDS_PERSON = "needs a person"
    """The token works and its role may not revoke: a person does it."""


@dataclass(frozen=True)
class Revocation:
    """One try to revoke, and what it proves."""

    outcome: RevocationOutcome
    record: str
    """How messages name the token."""
    said: str
    """NetSuite's status and error code, or how the answer was lost: nothing of a body."""
    at: float | None = None
    """Epoch seconds of the answer, None if there was no answer."""
    diagnosis: Diagnosis | None = None
    """Of an answer that is no success."""
    unanswered: bool = False
    """The call was sent, and its answer was lost: tell the gate (`Turn.unanswered`)."""

    @property
    def confirmed(self) -> bool:
        """Whether the token is proven to be gone."""
        return self.outcome is RevocationOutcome.REVOKED

    @property
    def login_refused(self) -> bool:
        """Whether the try counts against the user: tell the gate (`Turn.refused`)."""
        return self.outcome is RevocationOutcome.NOT_CONFIRMED

    def tell(self, turn: Turn) -> None:
        """Tell the user's turn what the try counts for."""
        if self.login_refused:
            turn.refused()
        elif self.unanswered:
            turn.unanswered()

    @property
    def remedy(self) -> str:
        """What to do now; empty if nothing."""
        return _REMEDY[self.outcome]

    def __str__(self) -> str:
        why = f"\n{self.diagnosis}" if self.diagnosis is not None else ""
        todo = f"\n  To do: {self.remedy}" if self.remedy else ""
        return f"{self.record}: {_WORDS[self.outcome]} ({self.said}){why}{todo}"


_WORDS: Final = {
    RevocationOutcome.REVOKED: "revoked",
    RevocationOutcome.UNKNOWN: "whether it is revoked is not known",
    RevocationOutcome.NOT_CONFIRMED: (
        "the revoke is not confirmed: NetSuite refused the token's login, as it does for one that is already revoked"
    ),
    RevocationOutcome.NEEDS_PERSON: "not revoked: NetSuite did not do it for this role",
}
_REMEDY: Final = {
    RevocationOutcome.REVOKED: "",
    RevocationOutcome.UNKNOWN: "retire again in a later run; the token stays journalled until then",
    RevocationOutcome.NOT_CONFIRMED: (
        f"look the token up under {TOKENS_PAGE} and press Revoke where it is still active. It is most likely gone "
        "already where the answer to an earlier try was lost"
    ),
    RevocationOutcome.NEEDS_PERSON: (
        f"press Revoke under {TOKENS_PAGE}, or add the permission User Access Tokens to the role and retire again"
    ),
}


def revoke(client: Client) -> Revocation:
    """Revoke the client's own token; it must not be current anywhere. The consumer pair is the one valid now.

    Raises:
        ClockSkewError: Nothing was signed, the token is as it was.
    """
    mine = client.credential
    query = (("consumerKey", mine.consumer_key.reveal()), ("token", mine.token_id.reveal()))
    try:
        answer = client.call_once(SignedCall(Service.RESTLETS, "GET", PATH, query=query))
    except NetSuiteUnreachableError as lost:
        how = lost.what.removeprefix(f"{client.record}: ")
        return Revocation(RevocationOutcome.UNKNOWN, client.record, how, unanswered=lost.unanswered)
    return _judged(client, answer)


def _judged(client: Client, answer: Answer) -> Revocation:
    kind = outcome(answer, Protocol.RESTLET)
    words = said(answer, Protocol.RESTLET)
    if kind is AnswerKind.ACCEPTED and not _of_somebody_else(answer):
        return Revocation(RevocationOutcome.REVOKED, client.record, words, answer.at)
    record = client.clues(client.credential.account, ())
    diagnosis = diagnose(
        f"{PATH} was answered {words}", record | clues_of_answer(answer, Protocol.RESTLET)
    )
    return Revocation(_OUTCOME[kind], client.record, words, answer.at, diagnosis)


_OUTCOME: Final = {
    AnswerKind.ACCEPTED: RevocationOutcome.UNKNOWN,
    AnswerKind.BUSY: RevocationOutcome.UNKNOWN,
    AnswerKind.REDIRECTED: RevocationOutcome.UNKNOWN,
    AnswerKind.REFUSED: RevocationOutcome.NOT_CONFIRMED,
    AnswerKind.FAILED: RevocationOutcome.NEEDS_PERSON,
}


def _of_somebody_else(answer: Answer) -> bool:
    """Return whether a success cannot be this service's: a page for browsers, or broken JSON."""
    body = answer.body_text.strip()
    page = body[:500].lower().startswith(("<!doctype", "<html"))
    return page or (
        bool(body) and answer.content_type == "application/json" and answer.json() is None
    )
