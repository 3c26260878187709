"""What each failure of AWS is told as: its type, what it names, and that it holds nothing of the answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tba_secrets.errors import (
    AccessDeniedError,
    ConflictError,
    StoreError,
    StoreUnavailableError,
)
from tba_secrets.simulator.aws import (
    ACCESS_KEY_ID,
    AwsError,
    Body,
    SecretsManagerServer,
    errors as aws_errors,
)
from tba_secrets.spec.model import FromEnvironment
from tba_secrets.stores.aws import AwsStore
from tba_secrets.stores.interface import OwnerMark, Stage
from tests.stores.aws_bench import AwsBench, aws_store
from tests.stores.support import (
    CANARY,
    MARK,
    NAME,
    candidate,
    claimed,
    current,
    refusal,
    seen,
)

pytestmark = pytest.mark.long

ROLE = "arn:aws:iam::000000000000:role/deployer"


def _stage(store: AwsStore) -> None:
    store.stage(NAME, candidate(), current(store))


def _promote(store: AwsStore) -> None:
    found = seen(store).stages
    store.promote(NAME, found[Stage.CANDIDATE], found[Stage.CURRENT])


ACTIONS: dict[str, Callable[[AwsStore], object]] = {
    "DescribeSecret": lambda store: store.describe(NAME),
    "GetSecretValue": lambda store: store.read(NAME, Stage.CURRENT),
    "TagResource": lambda store: store.claim(NAME, OwnerMark("other", "record", "x")),
    "UpdateSecret": lambda store: store.claim(NAME, MARK, "another description"),
    "PutSecretValue": _stage,
    "UpdateSecretVersionStage": _promote,
    "DeleteSecret": lambda store: store.remove(NAME),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_denied_names_the_action_and_the_secret(
    server: SecretsManagerServer, aws: AwsBench, action: str
) -> None:
    claimed(aws.store)
    _stage(aws.store)
    server.identities.add(ACCESS_KEY_ID, "operator", denied=[action])
    refusal(AccessDeniedError, lambda: ACTIONS[action](aws.store), f"secretsmanager:{action}", NAME)
    server.identities.add(ACCESS_KEY_ID, "operator")
    ACTIONS[action](aws.store)


@pytest.mark.parametrize("action", ["CreateSecret", "TagResource"])
def test_denied_creation_names_every_action_that_it_needs(
    server: SecretsManagerServer, aws: AwsBench, action: str
) -> None:
    server.identities.add(ACCESS_KEY_ID, "operator", denied=[action])
    refusal(
        AccessDeniedError,
        lambda: aws.store.claim(NAME, MARK),
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
        NAME,
    )
    assert aws.store.describe(NAME) is None


def test_denied_restore(server: SecretsManagerServer, aws: AwsBench) -> None:
    claimed(aws.store)
    aws.store.remove(NAME)
    server.identities.add(ACCESS_KEY_ID, "operator", denied=["RestoreSecret"])
    refusal(
        AccessDeniedError, lambda: aws.store.restore(NAME), "secretsmanager:RestoreSecret", NAME
    )


# --- who we are -----------------------------------------------------------------------------------


def test_wrong_account_tells_got_and_expected(server: SecretsManagerServer) -> None:
    store = aws_store(server.url, account_id="111111111111")
    refusal(AccessDeniedError, lambda: store.preflight([NAME]), "000000000000", "111111111111")


def test_right_account_and_the_settings_in_force(
    server: SecretsManagerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_ADDRESS", server.url)
    store = aws_store(
        FromEnvironment(env="STORE_ADDRESS"), account_id="000000000000", role_arn=ROLE
    )
    found = store.preflight([NAME])
    assert found.identity == "arn:aws:sts::000000000000:assumed-role/deployer/tba-secrets"
    assert found.settings == {"region": "us-east-1", "endpoint": server.url, "role": ROLE}


def test_profile_is_used_and_shown(
    server: SecretsManagerServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.identities.add("AKIAOFTHEPROFILE", "profiled")
    credentials = tmp_path / "credentials"
    credentials.write_text(
        "[net]\naws_access_key_id=AKIAOFTHEPROFILE\naws_secret_access_key=fake\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    store = aws_store(server.url, profile="net")
    found = store.preflight([])
    assert found.identity.endswith(":user/profiled")
    assert found.settings["profile"] == "net"
    assert "--profile net" in store.restore_command(NAME)


def test_role_that_cannot_be_assumed(server: SecretsManagerServer) -> None:
    server.identities.add(ACCESS_KEY_ID, "operator", denied=["sts:AssumeRole"])
    store = aws_store(server.url, role_arn=ROLE)
    refusal(AccessDeniedError, lambda: store.describe(NAME), "sts:AssumeRole", ROLE)


def test_no_credentials(server: SecretsManagerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    direct, assumed = aws_store(server.url), aws_store(server.url, role_arn=ROLE)
    refusal(AccessDeniedError, lambda: direct.describe(NAME), "credentials", "AWS_PROFILE")
    refusal(AccessDeniedError, lambda: assumed.describe(NAME), "credentials", "AWS_PROFILE")


def test_unknown_profile(server: SecretsManagerServer) -> None:
    store = aws_store(server.url, profile="no-such-profile")
    refusal(
        AccessDeniedError, lambda: store.describe(NAME), "profile", "aws configure list-profiles"
    )


def test_unknown_access_key(server: SecretsManagerServer, aws: AwsBench) -> None:
    server.identities.revoke(ACCESS_KEY_ID)
    refusal(AccessDeniedError, lambda: aws.store.describe(NAME), "access key", "clock")


def test_expired_credentials(server: SecretsManagerServer, aws: AwsBench) -> None:
    server.faults.fail(aws_errors.ExpiredTokenException(), "DescribeSecret")
    refusal(AccessDeniedError, lambda: aws.store.describe(NAME), "expired", "aws sso login")


def test_endpoint_that_does_not_answer() -> None:
    server = SecretsManagerServer()
    url = server.start()
    server.stop()
    refusal(StoreUnavailableError, lambda: aws_store(url).describe(NAME), url, "DescribeSecret")


def test_endpoint_variable_that_is_not_set() -> None:
    store = aws_store(FromEnvironment(env="NO_SUCH_ADDRESS"))
    refusal(StoreError, lambda: store.describe(NAME), "NO_SUCH_ADDRESS", "set")


# --- keys -----------------------------------------------------------------------------------------


def test_unknown_key(server: SecretsManagerServer) -> None:
    store = aws_store(server.url, kms_key="alias/no-such-key")
    refusal(
        StoreError,
        lambda: store.claim(NAME, MARK),
        "alias/no-such-key",
        "kms:GenerateDataKey",
        "kms:Decrypt",
        NAME,
    )
    assert store.describe(NAME) is None


def test_disabled_key(server: SecretsManagerServer) -> None:
    store = aws_store(server.url, kms_key="alias/netsuite")
    version = claimed(store)
    server.keys.disable("alias/netsuite")
    refusal(StoreError, lambda: store.read(NAME, Stage.CURRENT), "alias/netsuite", NAME)
    refusal(StoreError, lambda: store.stage(NAME, candidate(), version), "alias/netsuite", NAME)


def test_denied_key_is_told_from_a_denied_secret(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    claimed(aws.store)
    server.faults.fail(
        aws_errors.AccessDeniedException("Access to KMS is not allowed"), "GetSecretValue"
    )
    refusal(
        AccessDeniedError,
        lambda: aws.store.read(NAME, Stage.CURRENT),
        "aws/secretsmanager",
        "kms:Decrypt",
        NAME,
    )


# --- nothing of the answer ------------------------------------------------------------------------

CODES: list[type[AwsError]] = [
    error
    for error in vars(aws_errors).values()
    if isinstance(error, type) and issubclass(error, AwsError) and error is not AwsError
]


@pytest.mark.parametrize("error", CODES, ids=lambda error: error.code)
@pytest.mark.parametrize("operation", ["PutSecretValue", "GetSecretValue"])
def test_the_service_s_message_is_never_told(
    server: SecretsManagerServer, aws: AwsBench, error: type[AwsError], operation: str
) -> None:
    replacing = claimed(aws.store)
    staged = candidate()
    server.faults.fail(error(f"echo of {staged.value.reveal()}"), operation, times=None)

    def call() -> None:
        version = aws.store.stage(NAME, staged, replacing)
        found = aws.store.read(NAME, version)
        raise StoreError("absent" if found is None else "found", f"{operation} {NAME}")

    with pytest.raises(StoreError) as caught:
        call()
    refusal(type(caught.value), call, operation, NAME)


def test_an_error_code_that_holds_a_value_is_not_told(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    echo = json.dumps({"__type": f'{{"token_secret": "{CANARY}"}}', "message": CANARY}).encode()
    server.faults.html("DescribeSecret", body=Body(echo, "application/x-amz-json-1.1", 400))
    refusal(StoreError, lambda: aws.store.describe(NAME), "unreadable error code")


@pytest.mark.parametrize("status", [200, 302, 403, 500, 502])
@pytest.mark.parametrize("content", [CANARY.encode(), b"\xff" + CANARY.encode(), b""])
def test_a_page_of_a_proxy_is_not_told(
    server: SecretsManagerServer, aws: AwsBench, status: int, content: bytes
) -> None:
    claimed(aws.store)
    server.faults.html("GetSecretValue", times=None, body=Body(content, "text/html", status))
    with pytest.raises(StoreError) as caught:
        aws.store.read(NAME, Stage.CURRENT)
    refusal(type(caught.value), lambda: aws.store.read(NAME, Stage.CURRENT), NAME)


# --- other people's secrets -----------------------------------------------------------------------


def test_who_else_manages_a_secret(server: SecretsManagerServer, aws: AwsBench) -> None:
    claimed(aws.store)
    assert seen(aws.store).managed_by is None
    server.edit(NAME, rotation_enabled=True)
    assert seen(aws.store).managed_by == "a rotation function"
    server.edit(NAME, owning_service="rds")
    assert seen(aws.store).managed_by == "the service rds"


def test_a_replica_is_managed_by_its_primary(server: SecretsManagerServer) -> None:
    primary = AwsBench(server.url, replicas=({"region": "eu-west-1"},))
    claimed(primary.store)
    replica = aws_store(server.url, region="eu-west-1")
    assert seen(replica).managed_by == "its primary secret in us-east-1"
    assert seen(primary.store).managed_by is None


def test_a_foreign_candidate_is_told_with_its_age_and_the_way_out() -> None:
    three_days_ago = time.time() - 3 * 86400
    with SecretsManagerServer(clock=lambda: three_days_ago) as server:
        aws = AwsBench(server.url)
        replacing = claimed(aws.store)
        theirs = aws.write_as_another(NAME, "{}", Stage.CANDIDATE)
        refusal(
            ConflictError,
            lambda: aws.store.stage(NAME, candidate(), replacing),
            "3 days ago",
            theirs,
            "aws secretsmanager update-secret-version-stage --region us-east-1",
            f"--version-stage AWSPENDING --remove-from-version-id {theirs}",
        )
        server.identities.add(ACCESS_KEY_ID, "operator", denied=["ListSecretVersionIds"])
        refusal(ConflictError, lambda: aws.store.stage(NAME, candidate(), replacing), theirs)


def test_a_binary_secret_is_refused(aws: AwsBench) -> None:
    aws.client.create_secret(Name=NAME, SecretBinary=CANARY.encode())
    refusal(StoreError, lambda: aws.store.read(NAME, Stage.CURRENT), "binary", NAME)
