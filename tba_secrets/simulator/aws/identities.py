"""The callers: access keys, temporary credentials, and what each is denied. Pure.

The simulator checks that a request names a known key. It does not recompute the signature: no test
needs that, and boto3 and the AWS CLI sign in any case.
"""

from __future__ import annotations

import secrets as randomness
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tba_secrets.simulator.aws.errors import (
    AccessDeniedException,
    ExpiredTokenException,
    UnrecognizedClientException,
)

ACCESS_KEY_ID: Final = "AKIASIMULATORAAAAAAA"
SECRET_ACCESS_KEY: Final = "fake-secret-access-key-of-the-simulator"
_LETTERS: Final = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class AwsIdentity:
    """A caller."""

    arn: str
    user_id: str
    denied: frozenset[str] = frozenset()
    """IAM actions such as `secretsmanager:PutSecretValue`."""
    session_token: str | None = None
    expires: float | None = None

    def authorize(self, action: str, resource: str) -> None:
        """Check that no policy denies the action.

        Args:
            action: An IAM action, with its service prefix.
            resource: The ARN, or the name if no such secret exists.

        Raises:
            AccessDeniedException: It is denied.
        """
        if action in self.denied:
            raise AccessDeniedException(
                f"User: {self.arn} is not authorized to perform: {action} on resource: {resource} "
                f"because no identity-based policy allows the {action} action"
            )


@dataclass(frozen=True)
class TemporaryCredentials:
    """The credentials that AssumeRole issues (API: STS AssumeRole, Credentials)."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: float


class Identities:
    """The access keys of the account."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self._known: dict[str, AwsIdentity] = {}
        self.add(ACCESS_KEY_ID, "operator")

    def add(self, access_key_id: str, user: str, denied: Iterable[str] = ()) -> AwsIdentity:
        """Make an access key known, or change what it is denied.

        Args:
            access_key_id: As it stands in the signature's credential scope.
            user: The IAM user's name.
            denied: Actions; without a service prefix they are Secrets Manager's.
        """
        full = (action if ":" in action else f"secretsmanager:{action}" for action in denied)
        arn = f"arn:aws:iam::{self.account_id}:user/{user}"
        self._known[access_key_id] = AwsIdentity(arn, f"AIDA{user.upper()}", frozenset(full))
        return self._known[access_key_id]

    def revoke(self, access_key_id: str) -> None:
        """Forget an access key."""
        del self._known[access_key_id]

    def lookup(self, access_key_id: str, session_token: str | None, now: float) -> AwsIdentity:
        """Return the identity of the key that signed.

        Raises:
            UnrecognizedClientException: The key is unknown, or its session token is wrong.
            ExpiredTokenException: Temporary credentials past their expiration.
        """
        identity = self._known.get(access_key_id)
        if identity is None or identity.session_token != session_token:
            raise UnrecognizedClientException
        if identity.expires is not None and identity.expires <= now:
            raise ExpiredTokenException
        return identity

    def assume(
        self, caller: AwsIdentity, role_arn: str, session: str, expires: float
    ) -> tuple[TemporaryCredentials, AwsIdentity]:
        """Issue temporary credentials with the caller's denials."""
        account, role = role_arn.split(":")[4], role_arn.split("/")[-1]
        issued = TemporaryCredentials(
            f"ASIA{_letters(16)}",
            randomness.token_urlsafe(30),
            randomness.token_urlsafe(48),
            expires,
        )
        identity = AwsIdentity(
            arn=f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            user_id=f"AROA{_letters(17)}:{session}",
            denied=caller.denied,
            session_token=issued.session_token,
            expires=expires,
        )
        self._known[issued.access_key_id] = identity
        return issued, identity


def _letters(count: int) -> str:
    return "".join(randomness.choice(_LETTERS) for _ in range(count))
