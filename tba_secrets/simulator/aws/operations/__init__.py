"""The operations of Secrets Manager: pure functions from a `AwsCall` to the answer's members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tba_secrets.simulator.aws.operations import (
    deletion,
    listing,
    metadata,
    policy,
    replication,
    values,
)
from tba_secrets.simulator.aws.operations.context import AwsCall, Json, Operation, find

__all__ = ["LAGGING_READS", "OPERATIONS", "WRITE_QUOTA", "AwsCall", "Json", "Operation", "find"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "BatchGetSecretValue": listing.batch_get_secret_value,
    "CancelRotateSecret": metadata.cancel_rotate_secret,
    "CreateSecret": values.create_secret,
    "DeleteResourcePolicy": policy.delete_resource_policy,
    "DeleteSecret": deletion.delete_secret,
    "DescribeSecret": metadata.describe_secret,
    "GetResourcePolicy": policy.get_resource_policy,
    "GetSecretValue": values.get_secret_value,
    "ListSecretVersionIds": listing.list_secret_version_ids,
    "ListSecrets": listing.list_secrets,
    "PutResourcePolicy": policy.put_resource_policy,
    "PutSecretValue": values.put_secret_value,
    "RemoveRegionsFromReplication": replication.remove_regions_from_replication,
    "ReplicateSecretToRegions": replication.replicate_secret_to_regions,
    "RestoreSecret": deletion.restore_secret,
    "RotateSecret": metadata.rotate_secret,
    "TagResource": metadata.tag_resource,
    "UntagResource": metadata.untag_resource,
    "UpdateSecret": values.update_secret,
    "UpdateSecretVersionStage": metadata.update_secret_version_stage,
}

LAGGING_READS: Final = frozenset(
    {"DescribeSecret", "GetResourcePolicy", "GetSecretValue", "ListSecretVersionIds"}
)
"""The reads of one secret that eventual consistency may show as it was."""

WRITE_QUOTA: Final = frozenset(
    {
        "PutSecretValue",
        "RemoveRegionsFromReplication",
        "ReplicateSecretToRegions",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    }
)
"""User Guide, "Quotas": one combined rate of 50 requests a second."""
