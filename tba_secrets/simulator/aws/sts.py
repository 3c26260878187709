"""STS: GetCallerIdentity and AssumeRole. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from tba_secrets.simulator.aws.errors import UnknownOperationException, ValidationException
from tba_secrets.simulator.aws.identities import AwsIdentity, Identities

_ROLE: Final = re.compile(r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+")
_SESSION: Final = re.compile(r"[\w+=,.@-]{2,64}")


def answer(
    operation: str,
    identities: Identities,
    caller: AwsIdentity,
    params: Mapping[str, str],
    now: float,
) -> str:
    """Return the content of the result element.

    Raises:
        UnknownOperationException: It is neither of the two operations.
        ValidationException: A parameter of AssumeRole is absent or malformed.
        AccessDeniedException: The caller is denied sts:AssumeRole.
    """
    if operation == "GetCallerIdentity":
        return _caller(identities.account_id, caller)
    if operation == "AssumeRole":
        return _assume(identities, caller, params, now)
    raise UnknownOperationException(f"STS has no operation {operation or '(none)'} here.")


def _caller(account_id: str, caller: AwsIdentity) -> str:
    """Answer GetCallerIdentity, which needs no permission and cannot be denied."""
    parts = caller.arn.split(":")
    account = parts[4] or account_id
    return (
        f"<Arn>{escape(caller.arn)}</Arn><UserId>{escape(caller.user_id)}</UserId>"
        f"<Account>{account}</Account>"
    )


def _assume(
    identities: Identities, caller: AwsIdentity, params: Mapping[str, str], now: float
) -> str:
    """Answer AssumeRole: RoleArn, RoleSessionName, DurationSeconds of 900 to 43200."""
    role, session = params.get("RoleArn", ""), params.get("RoleSessionName", "")
    seconds = int(params.get("DurationSeconds", "3600"))
    if not _ROLE.fullmatch(role):
        raise ValidationException("RoleArn is not the ARN of an IAM role.")
    if not _SESSION.fullmatch(session):
        raise ValidationException("RoleSessionName must be 2-64 of the characters \\w+=,.@-")
    if not 900 <= seconds <= 43200:
        raise ValidationException("DurationSeconds must be between 900 and 43200.")
    caller.authorize("sts:AssumeRole", role)
    issued, identity = identities.assume(caller, role, session, now + seconds)
    expires = datetime.fromtimestamp(issued.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<AssumedRoleUser><AssumedRoleId>{identity.user_id}</AssumedRoleId>"
        f"<Arn>{escape(identity.arn)}</Arn></AssumedRoleUser><Credentials>"
        f"<AccessKeyId>{issued.access_key_id}</AccessKeyId>"
        f"<SecretAccessKey>{issued.secret_access_key}</SecretAccessKey>"
        f"<SessionToken>{issued.session_token}</SessionToken>"
        f"<Expiration>{expires}</Expiration></Credentials>"
    )
