"""The errors of tba-secrets: one base, one subtree for each place where something can go wrong.

A message says where, what (got and expected) and what to do. It never holds a secret value, a response body or another
exception's text that could hold one: errors are built from names, types, statuses and our own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tba_secrets.netsuite.diagnosis import Diagnosis


class TbaError(Exception):
    """The base of every error that tba-secrets raises on purpose.

    Args:
        what: What is wrong, naming the record, file or service it is about.
        remedy: What to do about it, in the imperative; empty where `what` says it all.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  To mend it: {self.remedy}" if self.remedy else self.what


class SpecError(TbaError):
    """The environment's YAML is wrong; nothing was read from a source, a store or NetSuite."""


class SourceError(TbaError):
    """A source was asked for a value and could not give it whole."""


class StoreError(TbaError):
    """A store refused or could not be asked. Absence is not an error: it is a value."""


class StoreUnavailableError(StoreError):
    """The store could not be asked, or its answer was lost: what it did is not known until it is read back."""


class AccessDeniedError(StoreError):
    """The store knows who asks and refuses: permission, policy or a wrong account."""


class ConflictError(StoreError):
    """A check-and-set failed: somebody else moved what was just read. Nothing was changed."""


class NotOursError(StoreError):
    """The secret belongs to, or is rotated by, something else; it is refused unless adopted."""


class ScheduledForDeletionError(StoreError):
    """The secret is scheduled for deletion; it has to be restored before it can be written."""


class RetirementOpenError(StoreError):
    """Superseded tokens still wait for being revoked at NetSuite: what holds them may not go, nor may more be added."""


class ValueNeededError(StoreError):
    """The store no longer holds the version that is to be tested, and no source gives its value."""


class NetSuiteError(TbaError):
    """A NetSuite call did not prove what it had to prove."""


class NetSuiteUnreachableError(NetSuiteError):
    """NetSuite could not be asked (network, maintenance, concurrency): no verdict on the credential.

    Args:
        what: What is wrong.
        remedy: What to do.
        unanswered: Something signed was sent, and its answer was lost: it may have been a refused login.
    """

    def __init__(self, what: str, remedy: str = "", *, unanswered: bool = False) -> None:
        super().__init__(what, remedy)
        self.unanswered = unanswered


class CheckFailedError(NetSuiteError):
    """NetSuite answered, and the answer is not the one that the environment declares.

    Args:
        what: What is wrong.
        remedy: What to do.
        diagnosis: The likely causes, where there is something to guess; `what` has the first of them already.
    """

    def __init__(self, what: str, remedy: str = "", *, diagnosis: Diagnosis | None = None) -> None:
        super().__init__(what, remedy)
        self.diagnosis = diagnosis


class AuthenticationRefusedError(CheckFailedError):
    """NetSuite refused the signed call (HTTP 401, or the SOAP fault): never retried, five lock the user out."""


class NotAskedError(NetSuiteError):
    """The call was not made, to keep the user from being locked out: "could not ask" is not "verified"."""


class AccountIdError(NetSuiteError):
    """An account id cannot be one, and is not made into a host name."""


class ClockSkewError(NotAskedError):
    """Our clock and NetSuite's differ too much for any signature: no verdict on the credential.

    Args:
        what: What is wrong.
        remedy: What to do.
        skew_seconds: How far our clock is ahead (negative: behind).
    """

    def __init__(self, what: str, remedy: str = "", *, skew_seconds: float) -> None:
        super().__init__(what, remedy)
        self.skew_seconds = skew_seconds


class IdentityMismatchError(CheckFailedError):
    """The token works, and is another one's: its account, role or user is not the declared one.

    Args:
        what: What is wrong.
        remedy: What to do.
        aspect: `account`, `role`, `role id` or `user`.
        got: What NetSuite said; a name or an id, not secret.
        expected: What the environment declares.
    """

    def __init__(
        self, what: str, remedy: str = "", *, aspect: str, got: str, expected: str
    ) -> None:
        super().__init__(what, remedy)
        self.aspect = aspect
        self.got = got
        self.expected = expected


class NotProvenError(CheckFailedError):
    """NetSuite answered, and nothing that was asked is proven by the answers: not passed."""
