"""The operations of Secrets Manager: pure functions from a `AwsCall` to the answer's members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tba_secrets.simulator.aws.operations.context import AwsCall, Json, Operation, find
from tba_secrets.simulator.aws.operations.deletion import delete_secret, restore_secret
from tba_secrets.simulator.aws.operations.listing import (
    batch_get_secret_value,
    list_secret_version_ids,
    list_secrets,
)
from tba_secrets.simulator.aws.operations.metadata import (
    cancel_rotate_secret,
    describe_secret,
    rotate_secret,
    tag_resource,
    untag_resource,
    update_secret_version_stage,
)
from tba_secrets.simulator.aws.operations.policy import (
    delete_resource_policy,
    get_resource_policy,
    put_resource_policy,
)
from tba_secrets.simulator.aws.operations.replication import (
    remove_regions_from_replication,
    replicate_secret_to_regions,
)
from tba_secrets.simulator.aws.operations.values import (
    create_secret,
    get_secret_value,
    put_secret_value,
    update_secret,
)

__all__ = ["LAGGING_READS", "OPERATIONS", "WRITE_QUOTA", "AwsCall", "Json", "Operation", "find"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    "BatchGetSecretValue": batch_get_secret_value,
    "CancelRotateSecret": cancel_rotate_secret,
    "CreateSecret": create_secret,
    "DeleteResourcePolicy": delete_resource_policy,
    "DeleteSecret": delete_secret,
    "DescribeSecret": describe_secret,
    "GetResourcePolicy": get_resource_policy,
    "GetSecretValue": get_secret_value,
    "ListSecretVersionIds": list_secret_version_ids,
    "ListSecrets": list_secrets,
    "PutResourcePolicy": put_resource_policy,
    "PutSecretValue": put_secret_value,
    "RemoveRegionsFromReplication": remove_regions_from_replication,
    "ReplicateSecretToRegions": replicate_secret_to_regions,
    "RestoreSecret": restore_secret,
    "RotateSecret": rotate_secret,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateSecret": update_secret,
    "UpdateSecretVersionStage": update_secret_version_stage,
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
