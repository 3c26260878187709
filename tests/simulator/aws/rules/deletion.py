"""Scheduled, restored, gone."""

from __future__ import annotations

from typing import Any

from tests.simulator.aws.rules.base import (
    CURRENT,
    MISSING,
    PARAMETER,
    POLICY,
    REQUEST,
    gap,
    made,
    rule,
)
from tests.simulator.aws.support import code, labels, read, refused, token


@rule
def recovery_window_is_7_to_30_days(secrets: Any, name: str) -> None:
    made(secrets, name)
    for days in (6, 31):
        params = {"SecretId": name, "RecoveryWindowInDays": days}
        assert code(secrets.delete_secret, **params) == PARAMETER
    both = {"SecretId": name, "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}
    assert code(secrets.delete_secret, **both) == PARAMETER
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert "DeletedDate" in secrets.describe_secret(SecretId=name)


@rule
def scheduled_secret_is_not_read_until_restored(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    secrets.delete_secret(SecretId=name)
    assert code(secrets.get_secret_value, SecretId=name) == REQUEST
    assert labels(secrets, name) == {CURRENT: one}
    secrets.restore_secret(SecretId=name)
    assert read(secrets, name) == "one"
    assert "DeletedDate" not in secrets.describe_secret(SecretId=name)


@rule
def forced_deletion_is_final_and_idempotent(secrets: Any, name: str) -> None:
    made(secrets, name)
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    assert code(secrets.describe_secret, SecretId=name) == MISSING
    assert code(secrets.delete_secret, SecretId=name) == MISSING
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    made(secrets, name, "again")
    assert read(secrets, name) == "again"


@gap("succeeds, and makes a version")
def scheduled_secret_takes_no_put(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    secrets.delete_secret(SecretId=name)
    assert code(secrets.put_secret_value, SecretId=name, SecretString="two") == REQUEST
    secrets.restore_secret(SecretId=name)
    assert labels(secrets, name) == {CURRENT: one}


@gap("ResourceExists, or success for the same token and value")
def scheduled_name_is_not_created(secrets: Any, name: str) -> None:
    same = {"Name": name, "SecretString": "one", "ClientRequestToken": token()}
    secrets.create_secret(**same)
    secrets.delete_secret(SecretId=name)
    got = refused(secrets.create_secret, **same)
    assert got.code == REQUEST
    assert "already scheduled for deletion" in got.message


@gap("succeeds")
def scheduled_secret_takes_no_tag(secrets: Any, name: str) -> None:
    made(secrets, name)
    secrets.delete_secret(SecretId=name)
    tags = [{"Key": "owner", "Value": "us"}]
    assert code(secrets.tag_resource, SecretId=name, Tags=tags) == REQUEST


@gap("succeeds")
def scheduled_secret_takes_no_label(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    secrets.delete_secret(SecretId=name)
    ids = {"VersionStage": "mine", "MoveToVersionId": one}
    assert code(secrets.update_secret_version_stage, SecretId=name, **ids) == REQUEST


@gap("succeeds")
def scheduled_secret_takes_no_policy(secrets: Any, name: str) -> None:
    made(secrets, name)
    secrets.delete_secret(SecretId=name)
    assert code(secrets.put_resource_policy, SecretId=name, ResourcePolicy=POLICY) == REQUEST
