"""Who may call: access keys, denied actions, STS."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from tba_secrets.simulator.aws import ACCOUNT_ID, SecretsManagerServer
from tests.simulator.aws.conftest import Clock
from tests.simulator.aws.rules import made
from tests.simulator.aws.support import client, code, read, refused, token

READER = "AKIASIMULATORREADER0"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIASIMULATORAAAAAAA/20270115/us-east-1/secretsmanager/"
    f"aws4_request, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
)


def _post(url: str, headers: dict[str, str], body: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_unknown_access_key_is_refused(server: SecretsManagerServer) -> None:
    stranger, unknown_to_sts = (
        client(server.url, service, key="AKIANEVERISSUED00000")
        for service in ("secretsmanager", "sts")
    )
    got = refused(stranger.describe_secret, SecretId="bot")
    assert (got.code, got.status) == ("UnrecognizedClientException", 400)
    got = refused(unknown_to_sts.get_caller_identity)
    assert (got.code, got.status) == ("InvalidClientTokenId", 403)
    stranger.close()
    unknown_to_sts.close()


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (SIGNED, "ResourceNotFoundException"),
        (None, "MissingAuthenticationTokenException"),
        ("Bearer obviously-fake", "IncompleteSignatureException"),
        (SIGNED.replace("secretsmanager", "s3"), "InvalidSignatureException"),
        (SIGNED.replace("AAAAAAA", "BBBBBBB"), "UnrecognizedClientException"),
    ],
)
def test_request_is_signed_for_this_service(
    server: SecretsManagerServer, authorization: str | None, expected: str
) -> None:
    headers = {"X-Amz-Target": "secretsmanager.DescribeSecret"}
    if authorization is not None:
        headers["Authorization"] = authorization
    status, answer = _post(server.url, headers, '{"SecretId": "bot"}')
    assert (status, answer["__type"]) == (400, expected)
    assert "obviously-fake" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("target", "body", "expected"),
    [
        ("secretsmanager.NoSuchOperation", "{}", "UnknownOperationException"),
        ("ssm.GetParameter", "{}", "UnknownOperationException"),
        ("secretsmanager.ListSecrets", "not json", "SerializationException"),
        ("secretsmanager.ListSecrets", "[]", "SerializationException"),
        ("secretsmanager.DescribeSecret", "{}", "ValidationException"),
        ("secretsmanager.CreateSecret", '{"Name": "bot"}', "InvalidRequestException"),
        ("secretsmanager.CreateSecret", '{"Name": 5}', "ValidationException"),
    ],
)
def test_malformed_request_is_refused(
    server: SecretsManagerServer, target: str, body: str, expected: str
) -> None:
    headers = {"X-Amz-Target": target, "Authorization": SIGNED}
    assert _post(server.url, headers, body)[1]["__type"] == expected


def test_denied_action_is_named_with_user_and_arn(
    secrets: Any, server: SecretsManagerServer
) -> None:
    arn = secrets.create_secret(Name="bot", SecretString="one")["ARN"]
    server.identities.add(READER, "reader", denied={"PutSecretValue", "TagResource"})
    reader = client(server.url, key=READER)
    got = refused(reader.put_secret_value, SecretId="bot", SecretString="two")
    assert got.code == "AccessDeniedException"
    assert got.message == (
        f"User: arn:aws:iam::{ACCOUNT_ID}:user/reader is not authorized to perform: "
        f"secretsmanager:PutSecretValue on resource: {arn} because no identity-based policy "
        "allows the secretsmanager:PutSecretValue action"
    )
    assert read(reader, "bot") == "one"
    tagged = {"Name": "tagged", "Tags": [{"Key": "a", "Value": "b"}]}
    assert code(reader.create_secret, **tagged) == "AccessDeniedException"
    assert code(reader.describe_secret, SecretId="tagged") == "ResourceNotFoundException"
    made(reader, "untagged")
    server.identities.add(READER, "reader")
    reader.put_secret_value(SecretId="bot", SecretString="two")
    server.identities.revoke(READER)
    got = refused(reader.describe_secret, SecretId="bot")
    assert got.code == "UnrecognizedClientException"
    reader.close()


def test_batch_needs_permission_for_each_secret(secrets: Any, server: SecretsManagerServer) -> None:
    made(secrets, "bot")
    server.identities.add(READER, "reader", denied={"GetSecretValue", "ListSecrets"})
    reader = client(server.url, key=READER)
    got = reader.batch_get_secret_value(SecretIdList=["bot"])
    assert got["SecretValues"] == []
    assert [entry["ErrorCode"] for entry in got["Errors"]] == ["AccessDeniedException"]
    filters = [{"Key": "name", "Values": ["bot"]}]
    assert code(reader.batch_get_secret_value, Filters=filters) == "AccessDeniedException"
    reader.close()


def test_caller_identity_and_assumed_role(server: SecretsManagerServer, clock: Clock) -> None:
    sts = client(server.url, "sts")
    assert sts.get_caller_identity()["Account"] == ACCOUNT_ID
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/deployer"
    issued = sts.assume_role(RoleArn=role, RoleSessionName="ci-1", DurationSeconds=900)
    credentials = issued["Credentials"]
    key, session = credentials["AccessKeyId"], credentials["SessionToken"]
    as_role = client(server.url, "sts", key=key, session_token=session)
    arn = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/deployer/ci-1"
    assert as_role.get_caller_identity()["Arn"] == arn
    without_token = client(server.url, key=key)
    got = code(without_token.list_secrets)
    assert got == "UnrecognizedClientException"
    secrets = client(server.url, key=key, session_token=session)
    made(secrets, "bot")
    clock.now += 900
    assert code(secrets.describe_secret, SecretId="bot") == "ExpiredTokenException"
    for made_client in (sts, as_role, without_token, secrets):
        made_client.close()


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({}, True),
        ({"RoleArn": "not-an-arn-of-a-role-at-all"}, False),
        ({"RoleSessionName": "no spaces"}, False),
        ({"DurationSeconds": 899}, False),
    ],
)
def test_assume_role_checks_its_parameters(
    server: SecretsManagerServer, change: dict[str, Any], accepted: bool
) -> None:
    sts = client(server.url, "sts")
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/deployer"
    params = {"RoleArn": role, "RoleSessionName": "ci-1", **change}
    if accepted:
        assert sts.assume_role(**params)["Credentials"]["AccessKeyId"].startswith("ASIA")
    else:
        assert code(sts.assume_role, **params) == "ValidationError"
    sts.close()


def test_role_is_denied_what_its_caller_is(server: SecretsManagerServer) -> None:
    server.identities.add(READER, "reader", denied={"CreateSecret", "sts:TagSession"})
    sts = client(server.url, "sts", key=READER)
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/deployer"
    issued = sts.assume_role(RoleArn=role, RoleSessionName="ci-1")["Credentials"]
    secrets = client(server.url, key=issued["AccessKeyId"], session_token=issued["SessionToken"])
    assert code(secrets.create_secret, Name="bot") == "AccessDeniedException"
    server.identities.add(READER, "reader", denied={"sts:AssumeRole"})
    got = code(sts.assume_role, RoleArn=role, RoleSessionName="ci-1")
    assert got == "AccessDenied"
    sts.close()
    secrets.close()


def test_raw_put_needs_a_token(server: SecretsManagerServer) -> None:
    headers = {"X-Amz-Target": "secretsmanager.CreateSecret", "Authorization": SIGNED}
    with_token = json.dumps({"Name": "bot", "ClientRequestToken": token()})
    assert _post(server.url, headers, with_token)[0] == 200
    headers["X-Amz-Target"] = "secretsmanager.PutSecretValue"
    status, answer = _post(server.url, headers, '{"SecretId": "bot", "SecretString": "x"}')
    assert (status, answer["__type"]) == (400, "InvalidRequestException")
    assert "ClientRequestToken" in answer["Message"]
