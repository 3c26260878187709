"""Credentials -> whose they are: one signed call each to tokeninfo, and never a second refused one of one user.

NetSuite does not tell an e-mail address, so nobody knows beforehand which credentials are one user's. Those of users
that nobody has named count as one user's: after the first refusal none of the others is asked in this run.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tba_secrets.cli.adopt.found import Found
from tba_secrets.cli.exits import Exit, exit_of
from tba_secrets.errors import (
    IdentityMismatchError,
    NetSuiteError,
    NotAskedError,
)
from tba_secrets.netsuite import (
    Client,
    Expected,
    Gate,
    RefusedLogins,
    Verification,
    mark_of,
    run_checks,
)

_SOMEBODY: Final = "(for all that is known; --user tells users apart)"
"""Stands for every user that nobody has named."""


@dataclass(frozen=True)
class Asked:
    """A credential, and what NetSuite says of it: nothing where it was not asked."""

    found: Found
    role_name: str | None = None
    role_id: str | None = None
    entity: str | None = None
    error: NetSuiteError | None = None

    @property
    def elsewhere(self) -> bool:
        """The token works, and is of another account."""
        return isinstance(self.error, IdentityMismatchError)

    @property
    def exit(self) -> Exit:
        """The code that this credential alone would end with; as that of `tba verify`."""
        return exit_of(self.error)


def ask(found: Sequence[Found], endpoint: str | None, users: Mapping[str, str]) -> list[Asked]:
    """Ask NetSuite about each, one after another.

    Args:
        found: The credentials; they are all of one account.
        endpoint: One address for all services; the account's own hosts where None.
        users: The e-mail addresses that are known, by the secret's name.

    Raises:
        NetSuiteError: NetSuite does not answer at all, or its clock is another; nothing was signed.
    """
    if not found:
        return []
    Client(found[0].recognised.credential, endpoint, record="import").reach()
    questions = _Questions(endpoint, users)
    return [questions.ask(one) for one in found]


def remember(asked: Sequence[Asked], emails: Mapping[str, str]) -> None:
    """Keep refusals under the users' names too, once these are known: the other commands count by them."""
    logins = RefusedLogins.at_home()
    for one in asked:
        credential, email = one.found.recognised.credential, emails.get(one.found.name)
        if email is not None and one.exit is Exit.REFUSED:
            account, mark = credential.account, mark_of(credential)
            known = logins.of(account, email)
            for refusal in logins.of(account, _SOMEBODY):
                if refusal.fingerprint == mark and refusal not in known:
                    logins.add(account, email, refusal)


class _Questions:
    """One run's."""

    def __init__(self, endpoint: str | None, users: Mapping[str, str]) -> None:
        self._endpoint = endpoint
        self._users = users
        self._logins = RefusedLogins.at_home()
        self._gate = Gate(time.time)

    def ask(self, found: Found) -> Asked:
        try:
            proof = self._proof(found)
        except NetSuiteError as error:
            return Asked(found, error=error)
        return Asked(found, proof.role_name, proof.role_id, proof.entity)

    def _proof(self, found: Found) -> Verification:
        credential, record = found.recognised.credential, str(found.place)
        (account, user), mark = self._who(found), mark_of(credential)
        known = self._logins.of(account, user)
        if any(one.fingerprint == mark and one.within_window(time.time()) for one in known):
            raise NotAskedError(
                f"{record}: not asked: NetSuite refused this very credential within the last 30 minutes",
                "mend it meanwhile; the Login Audit Trail names the cause",
            )
        expected = Expected(account, None, None, user_email=user, entity=None)
        client = Client(credential, self._endpoint, record=record)
        with self._gate.admit(account, user, record, mark):
            return run_checks(client, ("tokeninfo",), expected)

    def _who(self, found: Found) -> tuple[str, str]:
        return found.recognised.credential.account, self._users.get(found.name, _SOMEBODY)
