"""Writing and reading values: CreateSecret, PutSecretValue, UpdateSecret, GetSecretValue."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tba_secrets.simulator.aws import labels, limits
from tba_secrets.simulator.aws.errors import (
    InvalidRequestException,
    LimitExceededException,
    ResourceExistsException,
    ResourceNotFoundException,
)
from tba_secrets.simulator.aws.operations.context import AwsCall, Json, brief, version_stages
from tba_secrets.simulator.aws.operations.replication import replicate, replication_status
from tba_secrets.simulator.aws.state import (
    AWSCURRENT,
    AWSPENDING,
    AWSPREVIOUS,
    Secret,
    Value,
    Version,
    new_arn,
)

MAX_VERSIONS: Final = 100
"""User Guide, "Quotas": versions per secret."""
DAY: Final = 86400.0
_REENCRYPTED: Final = (AWSCURRENT, AWSPENDING, AWSPREVIOUS)


def create_secret(call: AwsCall) -> Json:
    """Answer CreateSecret. With a value, the first version gets AWSCURRENT."""
    name = limits.required(call.params, "Name")
    limits.check_name(name)
    value, token = limits.secret_value(call.params), limits.request_token(call.params)
    existing = call.state.secret(name, call.region)
    if existing is not None:
        return _created_before(existing, token, value)
    secret = Secret(
        name=name,
        arn=new_arn(call.state.account_id, call.region, name),
        region=call.region,
        primary_region=call.region,
        created=call.now,
        changed=call.now,
        description=call.params.get("Description") or None,
        kms_key=call.keys.for_encryption(call.params.get("KmsKeyId")),
        tags=limits.tags(call.params.get("Tags") or (), {}),
    )
    if value is not None:
        secret = _with_version(call, secret, token, value, [AWSCURRENT])
    saved = replicate(call, call.save(secret))
    answer = {**brief(saved), **replication_status(saved)}
    return answer if value is None else {**answer, "VersionId": token}


def put_secret_value(call: AwsCall) -> Json:
    """Answer PutSecretValue.

    "If you call this operation with a ClientRequestToken that matches an existing version's
    VersionId, and you specify the same secret data, the operation succeeds but does nothing", other
    labels included; "if the secret data is different, then the operation fails".
    """
    value, token = limits.required_value(call.params), limits.request_token(call.params)
    stages = limits.stages(call.params)
    secret = call.writable()
    if not _is_repeated(secret, token, value):
        secret = call.save(_with_version(call, secret, token, value, stages or [AWSCURRENT]))
    return {**brief(secret), "VersionId": token, "VersionStages": secret.labels_of(token)}


def update_secret(call: AwsCall) -> Json:
    """Answer UpdateSecret. Without a value it creates no version.

    "If you call this operation with a ClientRequestToken that matches an existing version's
    VersionId, the operation results in an error." An empty description clears it (not in the text).
    """
    value = limits.secret_value(call.params)
    secret = call.writable()
    if call.params.get("Description") is not None:
        secret = replace(secret, description=call.params["Description"] or None)
    if call.params.get("KmsKeyId") is not None:
        secret = _reencrypted(secret, call.keys.for_encryption(call.params["KmsKeyId"]))
    if value is None:
        return brief(call.save(secret))
    token = limits.request_token(call.params)
    if token in secret.versions:
        raise _token_taken(secret, token)
    secret = call.save(_with_version(call, secret, token, value, [AWSCURRENT]))
    return {**brief(secret), "VersionId": token}


def get_secret_value(call: AwsCall) -> Json:
    """Answer GetSecretValue; by default with the AWSCURRENT version."""
    secret = call.live()
    version_id = _chosen(secret, call.params.get("VersionId"), call.params.get("VersionStage"))
    version = secret.versions[version_id]
    call.keys.check_decryption(version.kms_key)
    if not call.stale:
        call.state.note(replace(secret, accessed=call.now // DAY * DAY))
    return {
        **brief(secret),
        "VersionId": version_id,
        **_wire(version.value),
        **version_stages(secret, version_id),
        "CreatedDate": version.created,
    }


def _created_before(existing: Secret, token: str, value: Value | None) -> Json:
    """Return whether CreateSecret is repeated with the same token and data: it "is ignored"."""
    if existing.deleted is not None:
        raise InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled "
            "for deletion."
        )
    if token not in existing.versions or value is None:
        raise ResourceExistsException(
            f"The operation failed because the secret {existing.name} already exists."
        )
    _is_repeated(existing, token, value)
    return {**brief(existing), "VersionId": token}


def _is_repeated(secret: Secret, token: str, value: Value) -> bool:
    """Return whether the version exists with this very value.

    Raises:
        ResourceExistsException: It exists with another value.
    """
    version = secret.versions.get(token)
    if version is None or version.value is None:
        return False
    if version.value != value:
        raise _token_taken(secret, token)
    return True


def _token_taken(secret: Secret, token: str) -> ResourceExistsException:
    return ResourceExistsException(
        f"You can't use ClientRequestToken {token} because that value is already in use for a "
        f"version of secret {secret.arn}."
    )


def _with_version(
    call: AwsCall, secret: Secret, token: str, value: Value, stages: Sequence[str]
) -> Secret:
    """Add one version to the secret.

    API: PutSecretValue: "If this operation creates the first version for the secret, then Secrets
    Manager automatically attaches the staging label AWSCURRENT to it."
    """
    added = stages if secret.versions else [*stages, AWSCURRENT]
    key = call.keys.for_encryption(secret.kms_key)
    version = Version(value, call.now, key)
    after = labels.attach(secret.labels, token, added)
    versions = {**_pruned(secret, call.now), token: version}
    if len(versions) > MAX_VERSIONS:
        raise LimitExceededException(
            f"The number of versions exceeds the limit of {MAX_VERSIONS} per secret."
        )
    return replace(secret, versions=versions, labels=after)


def _pruned(secret: Secret, now: float) -> dict[str, Version]:
    """Return the versions that remain when one is added.

    API: PutSecretValue: "Secrets Manager keeps 100 of the most recent versions, but it keeps all
    secret versions created in the last 24 hours." Labelled ones are never removed.
    """
    kept = dict(secret.versions)
    held = set(secret.labels.values())
    for version_id, version in secret.versions.items():
        if len(kept) < MAX_VERSIONS:
            break
        if version_id not in held and now - version.created > DAY:
            del kept[version_id]
    return kept


def _reencrypted(secret: Secret, key: str) -> Secret:
    """Re-encrypt new versions and those with one of three labels (API: UpdateSecret, KmsKeyId)."""
    held = {secret.labels.get(label) for label in _REENCRYPTED}
    versions = {
        version_id: replace(version, kms_key=key) if version_id in held else version
        for version_id, version in secret.versions.items()
    }
    return replace(secret, kms_key=key, versions=versions)


def _chosen(secret: Secret, version_id: str | None, stage: str | None) -> str:
    """Choose a version: VersionId and VersionStage "must refer to the same secret version".

    Raises:
        ResourceNotFoundException: The version or label is missing, or the version has no value.
        InvalidRequestException: VersionId and VersionStage disagree.
    """
    wanted = f"VersionId: {version_id}" if version_id else f"staging label: {stage or AWSCURRENT}"
    chosen = version_id or secret.labels.get(stage or AWSCURRENT)
    version = secret.versions.get(chosen or "")
    if chosen is None or version is None or version.value is None:
        raise ResourceNotFoundException(
            f"Secrets Manager can't find the specified secret value for {wanted}"
        )
    if stage is not None and secret.labels.get(stage) != chosen:
        raise InvalidRequestException(
            "You provided a VersionStage that is not associated to the provided VersionId."
        )
    return chosen


def _wire(value: Value | None) -> Json:
    if value is None:
        return {}
    if value.binary is not None:
        return {"SecretBinary": base64.b64encode(value.binary).decode()}
    return {"SecretString": value.string}
