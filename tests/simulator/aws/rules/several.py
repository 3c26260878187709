"""Lists, batches, replicas, policies, rotation."""

from __future__ import annotations

import json
from typing import Any

from tests.simulator.aws.rules.base import (
    CURRENT,
    FUNCTION,
    MISSING,
    PARAMETER,
    PENDING,
    POLICY,
    REQUEST,
    VALIDATION,
    gap,
    made,
    put,
    rule,
)
from tests.simulator.aws.support import client, code, labels, read, refused, value


@rule
def list_hides_what_is_scheduled(secrets: Any, name: str) -> None:
    made(secrets, name)
    filters = [{"Key": "name", "Values": [name]}]
    assert [s["Name"] for s in secrets.list_secrets(Filters=filters)["SecretList"]] == [name]
    secrets.delete_secret(SecretId=name)
    assert secrets.list_secrets(Filters=filters)["SecretList"] == []
    planned = secrets.list_secrets(Filters=filters, IncludePlannedDeletion=True)["SecretList"]
    assert [s["Name"] for s in planned] == [name]


@rule
def filters_match_prefixes_and_negate(secrets: Any, name: str) -> None:
    for part, tag in (("a", "x1"), ("b", "x2")):
        tags = [{"Key": f"{name}-{tag}", "Value": f"value-{part}"}]
        secrets.create_secret(Name=f"{name}-{part}", Tags=tags)

    def found(key: str, *values: str) -> list[str]:
        mine = {"Key": "name", "Values": [name]}
        asked = {"Key": key, "Values": list(values)}
        shown = secrets.list_secrets(Filters=[mine, asked])["SecretList"]
        return sorted(s["Name"].removeprefix(f"{name}-") for s in shown)

    assert found("name", f"{name}-a") == ["a"]
    assert found("name", f"!{name}-a") == ["b"]
    assert found("tag-key", f"{name}-x") == ["a", "b"]
    assert found("tag-value", "value-b") == ["b"]
    assert found("tag-value", "VALUE-B") == []


@gap("an exception in place of an entry of Errors")
def batch_tells_each_error(secrets: Any, name: str) -> None:
    made(secrets, name)
    secrets.create_secret(Name=f"{name}-empty")
    ids = [name, f"{name}-empty", f"{name}-missing"]
    got = secrets.batch_get_secret_value(SecretIdList=ids)
    assert [entry["Name"] for entry in got["SecretValues"]] == [name]
    assert [(e["SecretId"], e["ErrorCode"]) for e in got["Errors"]] == [
        (f"{name}-empty", MISSING),
        (f"{name}-missing", MISSING),
    ]


@gap("21 and more are accepted")
def batch_takes_20_ids(secrets: Any, name: str) -> None:
    made(secrets, name)
    assert len(secrets.batch_get_secret_value(SecretIdList=[name] * 20)["SecretValues"]) == 20
    assert code(secrets.batch_get_secret_value, SecretIdList=[name] * 21) == VALIDATION


@rule
def batch_takes_ids_or_filters(secrets: Any, name: str) -> None:
    made(secrets, name)
    filters = [{"Key": "name", "Values": [name]}]
    both = {"SecretIdList": [name], "Filters": filters}
    assert code(secrets.batch_get_secret_value, **both) == PARAMETER
    ids = {"SecretIdList": [name], "MaxResults": 5}
    assert code(secrets.batch_get_secret_value, **ids) == PARAMETER
    assert len(secrets.batch_get_secret_value(Filters=filters)["SecretValues"]) == 1


@rule
def replica_follows_and_refuses_writes(secrets: Any, name: str) -> None:
    made(secrets, name)
    secrets.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=[{"Region": "eu-west-1"}])
    put(secrets, name, "two")
    there = client(secrets.meta.endpoint_url, region="eu-west-1")
    try:
        assert read(there, name) == "two"
        got = refused(there.put_secret_value, SecretId=name, SecretString="three")
    finally:
        there.close()
    assert (got.code, "replica" in got.message) == (PARAMETER, True)
    assert code(secrets.delete_secret, SecretId=name) == PARAMETER
    secrets.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["eu-west-1"])
    secrets.delete_secret(SecretId=name)


@gap("the key of a replica is ignored")
def replica_has_a_key_of_its_own(secrets: Any, name: str) -> None:
    regions = [{"Region": "eu-west-1", "KmsKeyId": "alias/netsuite"}]
    made(secrets, name)
    got = secrets.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=regions)
    assert got["ReplicationStatus"][0].get("KmsKeyId") == "alias/netsuite"
    there = client(secrets.meta.endpoint_url, region="eu-west-1")
    try:
        shown = there.describe_secret(SecretId=name)
    finally:
        there.close()
    assert shown.get("KmsKeyId") == "alias/netsuite"


@rule
def policy_is_given_back(secrets: Any, name: str) -> None:
    made(secrets, name)
    secrets.put_resource_policy(SecretId=name, ResourcePolicy=POLICY)
    got = secrets.get_resource_policy(SecretId=name)["ResourcePolicy"]
    assert json.loads(got) == json.loads(POLICY)


@gap("accepted")
def policy_is_json(secrets: Any, name: str) -> None:
    made(secrets, name)
    got = code(secrets.put_resource_policy, SecretId=name, ResourcePolicy="{not json")
    assert got == "MalformedPolicyDocumentException"


@gap("accepted")
def public_policy_is_blocked_on_demand(secrets: Any, name: str) -> None:
    made(secrets, name)
    params = {"SecretId": name, "ResourcePolicy": POLICY}
    got = code(secrets.put_resource_policy, **params, BlockPublicPolicy=True)
    assert got == "PublicPolicyException"
    secrets.put_resource_policy(**params)


@gap("succeeds, and makes an empty version AWSCURRENT")
def rotation_needs_a_function(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    assert code(secrets.rotate_secret, SecretId=name) == REQUEST
    assert labels(secrets, name) == {CURRENT: one}


@gap("accepted")
def pending_elsewhere_blocks_rotation(secrets: Any, name: str) -> None:
    made(secrets, name)
    put(secrets, name, "two", PENDING)
    got = code(secrets.rotate_secret, SecretId=name, RotationLambdaARN=FUNCTION)
    assert got == REQUEST


@gap("KeyError, HTTP 500")
def versions_of_a_missing_secret(secrets: Any, name: str) -> None:
    assert code(secrets.list_secret_version_ids, SecretId=name) == MISSING


@gap("HTTP 404")
def not_found_is_http_400(secrets: Any, name: str) -> None:
    assert refused(secrets.describe_secret, SecretId=name).status == 400


@rule
def values_of_other_secrets_are_apart(secrets: Any, name: str) -> None:
    ours, theirs = value(), value()
    made(secrets, f"{name}-a", ours)
    made(secrets, f"{name}-b", theirs)
    assert (read(secrets, f"{name}-a"), read(secrets, f"{name}-b")) == (ours, theirs)
