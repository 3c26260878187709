"""Replicas in other regions: ReplicateSecretToRegions, RemoveRegionsFromReplication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tba_secrets.simulator.aws import limits
from tba_secrets.simulator.aws.errors import InvalidParameterException
from tba_secrets.simulator.aws.operations.context import AwsCall, Json
from tba_secrets.simulator.aws.state import DEFAULT_KEY, Replica, ReplicaStatus, Secret


def replicate_secret_to_regions(call: AwsCall) -> Json:
    """Answer ReplicateSecretToRegions."""
    limits.required(call.params, "AddReplicaRegions")
    secret = replicate(call, call.primary(call.live()))
    return {"ARN": secret.arn, **replication_status(secret)}


def remove_regions_from_replication(call: AwsCall) -> Json:
    """Answer RemoveRegionsFromReplication: delete those replicas at once."""
    gone = set(limits.required(call.params, "RemoveReplicaRegions"))
    secret = call.primary(call.live())
    held = {replica.region for replica in secret.replicas}
    if not gone <= held:
        raise InvalidParameterException("A region has no replica of this secret.")
    for region in sorted(gone):
        replica = call.state.secret(secret.name, region)
        if replica is not None and replica.is_replica:
            call.state.remove(replica)
    kept = tuple(replica for replica in secret.replicas if replica.region not in gone)
    secret = call.save(replace(secret, replicas=kept))
    return {"ARN": secret.arn, **replication_status(secret)}


def replicate(call: AwsCall, secret: Secret) -> Secret:
    """Add the replicas that AddReplicaRegions asks for, if any."""
    wanted = call.params.get("AddReplicaRegions") or ()
    if not wanted:
        return secret
    added = tuple(_replica(call, secret, item) for item in wanted)
    return call.save(replace(secret, replicas=(*secret.replicas, *added)))


def replication_status(secret: Secret) -> Json:
    """Return ReplicationStatus for an answer; nothing without replicas."""
    if not secret.replicas:
        return {}
    return {"ReplicationStatus": [_wire(replica) for replica in secret.replicas]}


def _replica(call: AwsCall, secret: Secret, item: Mapping[str, Any]) -> Replica:
    region = limits.required(item, "Region")
    if region == secret.region or region in {replica.region for replica in secret.replicas}:
        raise InvalidParameterException("Invalid replica region.")
    key = call.keys.for_encryption(item.get("KmsKeyId"))
    overwrite = bool(call.params.get("ForceOverwriteReplicaSecret"))
    if call.state.secret(secret.name, region) is not None and not overwrite:
        taken = f"Replication failed: Secret name {secret.name} already exists in region {region}."
        return Replica(region, ReplicaStatus.FAILED, key, taken)
    return Replica(region, ReplicaStatus.IN_SYNC, key, "Replication succeeded")


def _wire(replica: Replica) -> Json:
    answer: Json = {"Region": replica.region, "Status": replica.status.value}
    if replica.kms_key != DEFAULT_KEY:
        answer["KmsKeyId"] = replica.kms_key
    if replica.message is not None:
        answer["StatusMessage"] = replica.message
    return answer
