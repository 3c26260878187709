"""DeleteSecret and RestoreSecret."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tba_secrets.simulator.aws.errors import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
)
from tba_secrets.simulator.aws.operations.context import MARKED, AwsCall, Json, brief
from tba_secrets.simulator.aws.state import Secret, new_arn

DAY: Final = 86400.0


def delete_secret(call: AwsCall) -> Json:
    """Answer DeleteSecret: delete after 7 to 30 days, 30 by default, or at once by force."""
    days, force = call.params.get("RecoveryWindowInDays"), _forced(call)
    if days is not None and force:
        raise InvalidParameterException(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        )
    if days is not None and not 7 <= days <= 30:
        raise InvalidParameterException(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        )
    try:
        secret = _deletable(call)
    except ResourceNotFoundException:
        if not force:
            raise
        return _never_there(call)
    if force:
        return _delete_now(call, secret)
    if secret.deleted is not None:
        raise InvalidRequestException(MARKED)
    deleted = call.save(replace(secret, deleted=call.now + (days or 30) * DAY))
    return {**brief(deleted), "DeletionDate": deleted.deleted}


def restore_secret(call: AwsCall) -> Json:
    """Answer RestoreSecret: remove the deletion date, if there is one."""
    secret = call.primary(call.secret())
    return brief(call.save(replace(secret, deleted=None)))


def _forced(call: AwsCall) -> bool:
    return bool(call.params.get("ForceDeleteWithoutRecovery"))


def _deletable(call: AwsCall) -> Secret:
    """Refuse a replicated primary: "You can't delete a primary secret that is replicated"."""
    secret = call.primary(call.secret())
    if secret.owning_service is not None:
        raise InvalidRequestException(
            "The secret is managed by another service, and you must use that service to update it."
        )
    if secret.replicas:
        regions = ", ".join(replica.region for replica in secret.replicas)
        raise InvalidParameterException(
            f"You can't delete secret {secret.arn} that still has replica regions [{regions}]."
        )
    return secret


def _delete_now(call: AwsCall, secret: Secret) -> Json:
    """Delete by force: "an asynchronous background process" (ForceDeleteWithoutRecovery)."""
    gone_at = call.now + call.deletion_delay
    if call.deletion_delay > 0:
        call.save(replace(secret, deleted=gone_at))
    else:
        call.state.remove(secret)
    return {**brief(secret), "DeletionDate": gone_at}


def _never_there(call: AwsCall) -> Json:
    """Answer a forced deletion of a missing secret, which is not an error."""
    name = str(call.params["SecretId"])
    arn = new_arn(call.state.account_id, call.region, name)
    return {"ARN": arn, "Name": name, "DeletionDate": call.now}
