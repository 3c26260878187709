"""Operations on metadata: DescribeSecret, UpdateSecretVersionStage, tags, rotation."""

from __future__ import annotations

from dataclasses import replace

from tba_secrets.simulator.aws import labels, limits
from tba_secrets.simulator.aws.errors import InvalidRequestException
from tba_secrets.simulator.aws.operations.context import AwsCall, Json, brief
from tba_secrets.simulator.aws.operations.replication import replication_status
from tba_secrets.simulator.aws.state import (
    AWSCURRENT,
    AWSPENDING,
    DEFAULT_KEY,
    Secret,
    Version,
)


def describe_secret(call: AwsCall) -> Json:
    """Answer DescribeSecret, also for a secret that is scheduled for deletion."""
    secret = call.secret()
    return {**entry(secret), **replication_status(secret), **_stages("VersionIdsToStages", secret)}


def list_entry(secret: Secret) -> Json:
    """Build a SecretListEntry (API: ListSecrets)."""
    return {**entry(secret), **_stages("SecretVersionsToStages", secret)}


def entry(secret: Secret) -> Json:
    """Build the description: "Secrets Manager only returns fields that have a value"."""
    replicated = secret.is_replica or secret.replicas
    fields = {
        **brief(secret),
        "Description": secret.description,
        "KmsKeyId": None if secret.kms_key == DEFAULT_KEY else secret.kms_key,
        "RotationEnabled": secret.rotation_enabled,
        "RotationLambdaARN": secret.rotation_lambda_arn,
        "RotationRules": secret.rotation_rules,
        "LastChangedDate": secret.changed,
        "LastAccessedDate": secret.accessed,
        "DeletedDate": secret.deleted,
        "Tags": [{"Key": key, "Value": value} for key, value in secret.tags.items()] or None,
        "OwningService": secret.owning_service,
        "CreatedDate": secret.created,
        "PrimaryRegion": secret.primary_region if replicated else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def update_secret_version_stage(call: AwsCall) -> Json:
    """Answer UpdateSecretVersionStage."""
    label = limits.required(call.params, "VersionStage")
    secret = call.writable()
    after = labels.move(
        secret, label, call.params.get("RemoveFromVersionId"), call.params.get("MoveToVersionId")
    )
    return brief(call.save(replace(secret, labels=after)))


def tag_resource(call: AwsCall) -> Json:
    """Answer TagResource: "appends tags to the existing list"."""
    items = limits.required(call.params, "Tags")
    secret = call.primary(call.live())
    call.save(replace(secret, tags=limits.tags(items, secret.tags)))
    return {}


def untag_resource(call: AwsCall) -> Json:
    """Answer UntagResource: "If a requested tag is not attached to the secret, no error"."""
    gone = set(limits.required(call.params, "TagKeys"))
    secret = call.primary(call.live())
    kept = {key: value for key, value in secret.tags.items() if key not in gone}
    call.save(replace(secret, tags=kept))
    return {}


def rotate_secret(call: AwsCall) -> Json:
    """Answer RotateSecret with an empty AWSPENDING version that a function would fill.

    No function runs here. "If the AWSPENDING staging label is present but not attached to the same
    version as AWSCURRENT, then any later invocation of RotateSecret assumes that a previous
    rotation request is still in progress and returns an error."
    """
    token = limits.request_token(call.params)
    secret = call.writable()
    function = call.params.get("RotationLambdaARN") or secret.rotation_lambda_arn
    if not function:
        raise InvalidRequestException(
            "No Lambda rotation function ARN is associated with this secret."
        )
    pending = secret.labels.get(AWSPENDING)
    if pending is not None and pending != secret.labels.get(AWSCURRENT):
        raise InvalidRequestException("Previous rotation request is still in progress.")
    if token not in secret.versions:
        empty = Version(None, call.now, call.keys.for_encryption(secret.kms_key))
        secret = replace(
            secret,
            versions={**secret.versions, token: empty},
            labels=labels.attach(secret.labels, token, [AWSPENDING]),
        )
    rules = call.params.get("RotationRules") or secret.rotation_rules
    secret = replace(
        secret, rotation_enabled=True, rotation_lambda_arn=function, rotation_rules=rules
    )
    return {**brief(call.save(secret)), "VersionId": token}


def cancel_rotate_secret(call: AwsCall) -> Json:
    """Answer CancelRotateSecret: turn rotation off and leave the labels."""
    secret = call.writable()
    if secret.rotation_lambda_arn is None:
        raise InvalidRequestException(
            "You tried to enable rotation on a secret that doesn't already have a Lambda function "
            "ARN configured and you didn't include such an ARN as a parameter in this call."
        )
    return brief(call.save(replace(secret, rotation_enabled=False)))


def _stages(field: str, secret: Secret) -> Json:
    labelled = secret.labelled()
    return {field: labelled} if labelled else {}
