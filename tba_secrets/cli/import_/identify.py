"""Identify credentials by one signed call each to tokeninfo, without a second refusal of one user.

NetSuite does not reveal e-mail addresses, so nothing tells beforehand which credentials share a user. Those
of users whom `--user` does not name count as one user's: after the first refusal none of the others is tried.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tba_secrets.cli.exits import Exit, exit_of
from tba_secrets.cli.import_.secrets import Importable, NotImportable
from tba_secrets.errors import IdentityMismatchError, NetSuiteError, NotAskedError
from tba_secrets.netsuite.checks import run_checks
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.evidence import Expected, Verification
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.refused_logins import RefusedLogins, mark_of

_UNNAMED_USER: Final = "(for all that is known; --user tells users apart)"
"""Stands for every user whom `--user` does not name."""


@dataclass(frozen=True)
class Identified:
    """A credential with what NetSuite answers about it; empty if NetSuite was not asked."""

    secret: Importable
    role_name: str | None = None
    role_id: str | None = None
    entity: str | None = None
    error: NetSuiteError | None = None

    @property
    def exit(self) -> Exit:
        """The exit code for this credential alone, as in `tba verify`."""
        return exit_of(self.error)


def identify(
    secrets: Sequence[Importable], endpoint: str | None, users: Mapping[str, str]
) -> list[Identified | NotImportable]:
    """Ask NetSuite about each credential, one after another; one of another account is not importable after all.

    All are of one account, and the known e-mail addresses are by the secret's name. An endpoint replaces the account's
    own hosts.

    Raises:
        NetSuiteError: NetSuite does not answer at all, or its clock differs; nothing was signed.
    """
    if not secrets:
        return []
    Client(secrets[0].recognised.credential, endpoint, record="import").reach()
    gate = Gate(time.time)
    return [
        _identified(secret, users.get(secret.name, _UNNAMED_USER), endpoint, gate)
        for secret in secrets
    ]


def remember(identified: Sequence[Identified], emails: Mapping[str, str]) -> None:
    """Keep refusals under the users' names once these are known, for the other commands to count."""
    logins = RefusedLogins.at_home()
    for item in identified:
        credential, email = item.secret.recognised.credential, emails.get(item.secret.name)
        if email is not None and item.exit is Exit.REFUSED:
            account, mark = credential.account, mark_of(credential)
            known = logins.of(account, email)
            for refusal in logins.of(account, _UNNAMED_USER):
                if refusal.fingerprint == mark and refusal not in known:
                    logins.add(account, email, refusal)


def _identified(
    secret: Importable, user: str, endpoint: str | None, gate: Gate
) -> Identified | NotImportable:
    try:
        proof = _proof(secret, user, endpoint, gate)
    except IdentityMismatchError as error:
        return NotImportable(secret.place, error)
    except NetSuiteError as error:
        return Identified(secret, error=error)
    return Identified(secret, proof.role_name, proof.role_id, proof.entity)


def _proof(secret: Importable, user: str, endpoint: str | None, gate: Gate) -> Verification:
    credential, record = secret.recognised.credential, str(secret.place)
    account, mark, now = credential.account, mark_of(credential), time.time()
    known = RefusedLogins.at_home().of(account, user)
    if any(refusal.fingerprint == mark and refusal.within_window(now) for refusal in known):
        raise NotAskedError(
            f"{record}: not asked: NetSuite refused this very credential within the last 30 minutes",
            "correct it in the meantime; the Login Audit Trail names the cause",
        )
    expected = Expected(account, None, None, user_email=user, entity=None)
    client = Client(credential, endpoint, record=record)
    with gate.admit(account, user, record, mark):
        return run_checks(client, ("tokeninfo",), expected)
