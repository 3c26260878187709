"""How the authorization flow ends without a token: each ending its own type, none with a value in it.

Why a step is refused: the causes are not those of a signed call, no token is there yet. Source: Oracle help,
"Troubleshoot Token-based Authentication (TBA)", reasons of the flow in the Login Audit Trail. That an account or
integration without the flow answers 405 with no body is reported by Celigo's open-source client.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from tba_secrets.errors import CheckFailedError, IdentityMismatchError, NetSuiteError
from tba_secrets.netsuite import causes
from tba_secrets.netsuite.answers import Answer, AnswerKind, Protocol, outcome, said
from tba_secrets.netsuite.causes import Cause
from tba_secrets.netsuite.clues import clues_of_answer, clues_of_values
from tba_secrets.netsuite.diagnosis import Diagnosis, diagnose
from tba_secrets.netsuite.rules import Clue
from tba_secrets.sources.interface import Pair


class FlowError(NetSuiteError):
    """The flow gave no token. Nothing was exchanged, unless the type says otherwise."""


class FlowRefusedError(FlowError, CheckFailedError):
    """NetSuite refused step one or step three; `diagnosis` has the likely causes."""


class ConsentDeniedError(FlowError):
    """The consent page sent back no verifier: Deny was pressed, or the user may not allow it."""


class ConsentMismatchError(FlowError, IdentityMismatchError):
    """Another account, role or user than the declared one gave consent. It was not used."""


class ConsentTimeoutError(FlowError):
    """Nobody answered the consent page in time."""


class FlowCancelledError(FlowError):
    """The run was cancelled before anything was exchanged."""


class TokenOrphanedError(FlowError):
    """The answer to step three was lost or unreadable: a token may exist in NetSuite that nobody holds."""


class FlowStep(Enum):
    """The two steps that are signed calls; the value is the path on the restlets host."""

    REQUEST_TOKEN = "/rest/requesttoken"
    ACCESS_TOKEN = "/rest/accesstoken"

    def __str__(self) -> str:
        return self.value


_NOT_SET_UP: Final = (causes.FLOW_OFF, causes.TBA_FEATURE, causes.NOT_THERE)
_REFUSED: Final[dict[FlowStep, tuple[Cause, ...]]] = {
    FlowStep.REQUEST_TOKEN: (
        causes.FLOW_CALLBACK,
        causes.WRONG_SECRET,
        causes.CONSUMER_UNKNOWN,
        causes.INTEGRATION_BLOCKED,
        causes.FLOW_OFF,
        causes.TBA_FEATURE,
        causes.CLOCK,
        causes.BURST,
    ),
    FlowStep.ACCESS_TOKEN: (
        causes.FLOW_VERIFIER,
        causes.ROLE_GONE,
        causes.NO_LOGIN_PERMISSION,
        causes.TOKEN_REJECTED,
        causes.INTEGRATION_BLOCKED,
        causes.CLOCK,
        causes.BURST,
    ),
}
"""By how easily each happens: what step one has let through needs no second look in step three."""


def diagnose_step(step: FlowStep, answer: Answer, consumer: Pair, *, own_hosts: bool) -> Diagnosis:
    """Return the likely causes of a step that failed. Of the answer only status and error code are told."""
    clues = clues_of_answer(answer, Protocol.RESTLET) | {Clue.FLOW_STEP}
    clues |= clues_of_values((consumer.identifier, consumer.secret))
    if not own_hosts:
        clues |= {Clue.THROUGH_ENDPOINT}
    words = f"{step} was answered {said(answer, Protocol.RESTLET)}"
    if answer.status == 405:
        return Diagnosis(words, _NOT_SET_UP, clues)
    kind = outcome(answer, Protocol.RESTLET)
    if kind is AnswerKind.BUSY:
        return Diagnosis(words, (causes.BURST,), clues)
    if kind is not AnswerKind.REFUSED:
        return diagnose(words, clues)
    return Diagnosis(words, tuple(dict.fromkeys((*_seen(clues), *_REFUSED[step]))), clues)


def _seen(clues: frozenset[Clue]) -> tuple[Cause, ...]:
    """Put first what the clues show by themselves."""
    shown = (
        (Clue.CLOCK_OFF, causes.CLOCK),
        (Clue.WHITESPACE, causes.WHITESPACE),
        (Clue.MALFORMED, causes.ALGORITHM),
        (Clue.UNUSUAL_FORM, causes.UNUSUAL_FORM),
    )
    return tuple(cause for clue, cause in shown if clue in clues)
