"""The errors of tba-secrets: one base class, and a subtree for each area.

A message says where, what (got and expected) and what to do. It is built from names, types, statuses
and our own words. It never holds a secret value, a response body, or another exception's text, which
could quote one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tba_secrets.netsuite.diagnosis import Diagnosis


class TbaError(Exception):
    """The base of every error that tba-secrets raises deliberately.

    Args:
        what: What is wrong; it names the record, file or service.
        remedy: What to do about it, in the imperative; empty if `what` says it all.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  Fix: {self.remedy}" if self.remedy else self.what


class ToldError(TbaError):
    """What is wrong was printed already, with what to do: only the exit code is left."""


class SpecError(TbaError):
    """The environment's YAML is invalid; no source, store or NetSuite account was contacted."""


class SourceError(TbaError):
    """A source could not give its whole value."""


class StoreError(TbaError):
    """A store refused or failed. An absent secret is not an error: it is a value."""


class StoreUnavailableError(StoreError):
    """The store did not answer.

    A write whose answer was lost may have happened: read it back.
    """


class AccessDeniedError(StoreError):
    """The store knows the caller and refuses: a missing permission, a policy, a wrong account."""


class ConflictError(StoreError):
    """A compare-and-set failed: the secret changed since it was read. Nothing was written."""


class NotOursError(StoreError):
    """The secret belongs to another owner (`adopt: true` takes it over), or something else rotates it."""


class ScheduledForDeletionError(StoreError):
    """The secret is scheduled for deletion; restore it before writing to it."""


class RetirementOpenError(StoreError):
    """Superseded tokens are still to be revoked at NetSuite.

    The secret that names them may not be removed, and no more tokens may be added to the list.
    """


class ValueNeededError(StoreError):
    """Neither a source nor a store has a part of the credential."""


class NetSuiteError(TbaError):
    """A NetSuite call did not prove what it had to prove."""


class NetSuiteUnreachableError(NetSuiteError):
    """NetSuite gave no verdict on the credential: network, maintenance or concurrency limit.

    Args:
        unanswered: A signed request was sent and its answer was lost: it may have been a refused login.
    """

    def __init__(self, what: str, remedy: str = "", *, unanswered: bool = False) -> None:
        super().__init__(what, remedy)
        self.unanswered = unanswered


class CheckFailedError(NetSuiteError):
    """A check has failed, or cannot pass: a refused login, or an answer that is not the declared one.

    Args:
        diagnosis: The likely causes, if any; `what` already lists them.
    """

    def __init__(self, what: str, remedy: str = "", *, diagnosis: Diagnosis | None = None) -> None:
        super().__init__(what, remedy)
        self.diagnosis = diagnosis


class AuthenticationRefusedError(CheckFailedError):
    """NetSuite refused the signed call (HTTP 401, or the SOAP fault).

    It is never retried: five refusals lock the user out.
    """


class NotAskedError(NetSuiteError):
    """The call was withheld so as not to lock the user out. Not asked is not verified."""


class WaitsForPersonError(NotAskedError):
    """A person has to do something in NetSuite first: until then nothing can pass, and nobody is asked."""


class AccountIdError(NetSuiteError):
    """The account id is malformed and is not turned into a host name."""


class ClockSkewError(NotAskedError):
    """Our clock and NetSuite's differ too much for any signature: no verdict on the credential.

    Args:
        skew_seconds: How far our clock is ahead; negative if it is behind.
    """

    def __init__(self, what: str, remedy: str = "", *, skew_seconds: float) -> None:
        super().__init__(what, remedy)
        self.skew_seconds = skew_seconds


class IdentityMismatchError(CheckFailedError):
    """The token works, but its account, role or user is not the declared one.

    Args:
        aspect: `account`, `role`, `role id`, `user` or `client id`.
        got: What NetSuite answered: a name or an id, not a secret.
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
    """NetSuite answered, but its answers prove nothing that was asked for."""
