"""What needs a clock, a service that owns a secret, or a rotation: rules that no server offers to order."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.simulator.aws import AccountState, SecretsManagerServer
from tests.simulator.aws.conftest import START, Clock
from tests.simulator.aws.rules import FUNCTION, made, move, put
from tests.simulator.aws.support import client, code, labels, read, refused, token

REQUEST = "InvalidRequestException"


@pytest.mark.parametrize(("days", "asked"), [(7, {"RecoveryWindowInDays": 7}), (30, {})])
def test_scheduled_secret_is_gone_when_the_window_ends(
    secrets: Any, clock: Clock, days: int, asked: dict[str, int]
) -> None:
    made(secrets, "bot")
    answer = secrets.delete_secret(SecretId="bot", **asked)
    assert answer["DeletionDate"].timestamp() == START + days * 86400
    clock.pass_days(days - 0.01)
    assert "DeletedDate" in secrets.describe_secret(SecretId="bot")
    clock.pass_days(0.01)
    assert code(secrets.describe_secret, SecretId="bot") == "ResourceNotFoundException"
    made(secrets, "bot", "again")


def test_forced_deletion_can_linger(clock: Clock) -> None:
    with SecretsManagerServer(clock=clock, deletion_delay=60) as server:
        secrets = client(server.url)
        made(secrets, "bot")
        secrets.delete_secret(SecretId="bot", ForceDeleteWithoutRecovery=True)
        assert code(secrets.create_secret, Name="bot", SecretString="again") == REQUEST
        clock.now += 60
        made(secrets, "bot", "again")
        secrets.close()


def test_scheduled_secret_refuses_every_write_and_read(secrets: Any) -> None:
    one = made(secrets, "bot")
    secrets.delete_secret(SecretId="bot")
    regions = [{"Region": "eu-west-1"}]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_secret_value", {}),
        ("put_secret_value", {"SecretString": "two"}),
        ("update_secret", {"Description": "new"}),
        ("update_secret_version_stage", {"VersionStage": "mine", "MoveToVersionId": one}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("untag_resource", {"TagKeys": ["a"]}),
        ("get_resource_policy", {}),
        ("delete_resource_policy", {}),
        ("replicate_secret_to_regions", {"AddReplicaRegions": regions}),
        ("rotate_secret", {"RotationLambdaARN": FUNCTION}),
        ("delete_secret", {}),
    ]
    for name, params in calls:
        got = refused(getattr(secrets, name), SecretId="bot", **params)
        assert (name, got.code) == (name, REQUEST)
        assert "was marked for deletion" in got.message
    secrets.restore_secret(SecretId="bot")
    for name, params in calls[:-2]:
        getattr(secrets, name)(SecretId="bot", **params)


def test_100_versions_are_kept_and_older_ones_pruned_after_a_day(
    secrets: Any, server: SecretsManagerServer, clock: Clock
) -> None:
    first = made(secrets, "bot")
    move(secrets, "bot", "keep", None, first)
    for number in range(99):
        put(secrets, "bot", f"value-{number}")
    put_again = {"SecretId": "bot", "SecretString": "one too many"}
    clock.pass_days(0.99)
    assert code(secrets.put_secret_value, **put_again) == "LimitExceededException"
    clock.pass_days(0.02)
    secrets.put_secret_value(**put_again)
    secret = server.state.secret("bot")
    assert secret is not None
    assert len(secret.versions) == 100
    assert read(secrets, "bot", VersionStage="keep") == "one"


def test_secret_of_another_service_is_left_to_it(
    secrets: Any, server: SecretsManagerServer
) -> None:
    made(secrets, "bot")
    put(secrets, "bot", "two")
    server.edit("bot", owning_service="rds")
    assert secrets.describe_secret(SecretId="bot")["OwningService"] == "rds"
    got = refused(secrets.put_secret_value, SecretId="bot", SecretString="three")
    assert (got.code, "managed by another service" in got.message) == (REQUEST, True)
    assert code(secrets.delete_secret, SecretId="bot") == REQUEST
    assert read(secrets, "bot") == "two"


def test_rotation_shows_and_blocks_the_next(secrets: Any, server: SecretsManagerServer) -> None:
    one, two = made(secrets, "bot"), token()
    assert "RotationEnabled" not in secrets.describe_secret(SecretId="bot")
    params = {"SecretId": "bot", "RotationLambdaARN": FUNCTION, "ClientRequestToken": two}
    secrets.rotate_secret(**params)
    assert secrets.describe_secret(SecretId="bot")["RotationEnabled"] is True
    assert labels(secrets, "bot") == {"AWSCURRENT": one, "AWSPENDING": two}
    pending = {"SecretId": "bot", "VersionStage": "AWSPENDING"}
    assert code(secrets.get_secret_value, **pending) == "ResourceNotFoundException"
    listed = secrets.list_secret_version_ids(SecretId="bot", IncludeDeprecated=True)
    assert [entry["VersionId"] for entry in listed["Versions"]] == [one]
    assert code(secrets.rotate_secret, SecretId="bot") == REQUEST
    filled = {"ClientRequestToken": two, "VersionStages": ["AWSPENDING"]}
    secrets.put_secret_value(SecretId="bot", SecretString="two", **filled)
    move(secrets, "bot", "AWSCURRENT", one, two)
    assert secrets.rotate_secret(SecretId="bot")["VersionId"] not in (one, two)
    secrets.cancel_rotate_secret(SecretId="bot")
    assert secrets.describe_secret(SecretId="bot")["RotationEnabled"] is False


def test_disabled_key_neither_reads_nor_writes(secrets: Any, server: SecretsManagerServer) -> None:
    secrets.create_secret(Name="bot", SecretString="one", KmsKeyId="alias/netsuite")
    server.keys.disable("alias/netsuite")
    assert code(secrets.get_secret_value, SecretId="bot") == "DecryptionFailure"
    put_again = {"SecretId": "bot", "SecretString": "two"}
    assert code(secrets.put_secret_value, **put_again) == "EncryptionFailure"
    server.keys.add("alias/netsuite")
    assert read(secrets, "bot") == "one"


def test_new_key_reencrypts_the_labelled_versions(
    secrets: Any, server: SecretsManagerServer
) -> None:
    made(secrets, "bot")
    put(secrets, "bot", "two")
    third = put(secrets, "bot", "three", "mine")
    secrets.update_secret(SecretId="bot", KmsKeyId="alias/netsuite")
    versions = secrets.list_secret_version_ids(SecretId="bot")["Versions"]
    keys = {tuple(entry["VersionStages"]): entry["KmsKeyIds"] for entry in versions}
    assert keys == {
        ("AWSPREVIOUS",): ["alias/netsuite"],
        ("AWSCURRENT",): ["alias/netsuite"],
        ("mine",): ["DefaultEncryptionKey"],
    }
    assert read(secrets, "bot", VersionId=third) == "three"


def test_secrets_are_per_region(secrets: Any, server: SecretsManagerServer) -> None:
    arn = secrets.create_secret(Name="bot", SecretString="one")["ARN"]
    there = client(server.url, region="eu-west-1")
    assert code(there.describe_secret, SecretId="bot") == "ResourceNotFoundException"
    assert code(there.describe_secret, SecretId=arn) == "ResourceNotFoundException"
    assert made(there, "bot", "another") != arn
    there.close()
    assert read(secrets, "bot") == "one"


def test_taken_name_fails_the_replica_and_is_left_alone(
    secrets: Any, server: SecretsManagerServer
) -> None:
    there = client(server.url, region="eu-west-1")
    made(there, "bot", "theirs")
    made(secrets, "bot", "ours")
    params = {"SecretId": "bot", "AddReplicaRegions": [{"Region": "eu-west-1"}]}
    status = secrets.replicate_secret_to_regions(**params)["ReplicationStatus"]
    assert [(entry["Region"], entry["Status"]) for entry in status] == [("eu-west-1", "Failed")]
    put(secrets, "bot", "ours-2")
    assert read(there, "bot") == "theirs"
    there.close()


def test_partial_arn_with_a_suffix_like_name_is_taken_for_a_full_one(secrets: Any) -> None:
    arn = secrets.create_secret(Name="bot-abc123", SecretString="one")["ARN"]
    assert read(secrets, arn) == "one"
    partial = arn.rpartition("-")[0]
    assert code(secrets.describe_secret, SecretId=partial) == "ResourceNotFoundException"


@pytest.mark.locked
def test_pages_of_secrets(secrets: Any) -> None:
    for number in range(5):
        made(secrets, f"bot-{number}")
    asked = {"SortBy": "name", "SortOrder": "asc", "MaxResults": 2}
    seen: list[str] = []
    page = secrets.list_secrets(**asked)
    seen += [entry["Name"] for entry in page["SecretList"]]
    while "NextToken" in page:
        page = secrets.list_secrets(**asked, NextToken=page["NextToken"])
        seen += [entry["Name"] for entry in page["SecretList"]]
    assert seen == [f"bot-{number}" for number in range(5)]
    assert code(secrets.list_secrets, NextToken="made-up") == "InvalidNextTokenException"
    assert code(secrets.list_secrets, MaxResults=101) == "ValidationException"


def test_observers_see_every_change_and_only_changes(
    secrets: Any, server: SecretsManagerServer
) -> None:
    seen: list[tuple[str, str, str | None]] = []

    def observe(state: AccountState, action: str, name: str) -> None:
        secret = state.secret(name)
        current = None if secret is None else secret.current()
        value = None if current is None or current.value is None else current.value.string
        seen.append((action, name, value))

    server.observers.append(observe)
    one = made(secrets, "bot")
    two = put(secrets, "bot", "two", "AWSPENDING")
    read(secrets, "bot")
    put_again = {"SecretId": "bot", "SecretString": "other", "ClientRequestToken": two}
    refused(secrets.put_secret_value, **put_again)
    move(secrets, "bot", "AWSCURRENT", one, two)
    assert seen == [
        ("CreateSecret", "bot", "one"),
        ("PutSecretValue", "bot", "one"),
        ("UpdateSecretVersionStage", "bot", "two"),
    ]
    assert [tuple(call) for call in server.calls] == [
        ("CreateSecret", "bot"),
        ("PutSecretValue", "bot"),
        ("GetSecretValue", "bot"),
        ("PutSecretValue", "bot"),
        ("UpdateSecretVersionStage", "bot"),
    ]


def test_no_value_in_a_repr(secrets: Any, server: SecretsManagerServer) -> None:
    made(secrets, "bot", "canary-7f3a")
    assert "canary-7f3a" not in repr(server.state.secret("bot"))
    assert "bot" in repr(server.state.secret("bot"))


def test_state_outlives_a_stop(clock: Clock) -> None:
    server = SecretsManagerServer(clock=clock)
    url = server.start()
    secrets = client(url)
    made(secrets, "bot")
    server.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.url
    assert server.start(port=int(url.rpartition(":")[2])) == url
    assert read(secrets, "bot") == "one"
    with pytest.raises(RuntimeError, match="running"):
        server.start()
    secrets.close()
    server.stop()
