"""Real boto3 clients for the tests, and what a refusal tells."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY

_SESSION = boto3.session.Session()


@dataclass(frozen=True)
class Refusal:
    """An error answer, without the response body."""

    code: str
    message: str
    status: int


def client(
    url: str,
    service: str = "secretsmanager",
    *,
    region: str = "us-east-1",
    key: str = ACCESS_KEY_ID,
    session_token: str | None = None,
    validate: bool = False,
) -> Any:
    """A boto3 client that tries once and, by default, leaves validation to the service."""
    return _SESSION.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        aws_session_token=session_token,
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=validate),
    )


def refused(operation: Callable[..., object], /, **params: Any) -> Refusal:
    """Call what must be refused.

    Raises:
        AssertionError: It was not.
    """
    try:
        operation(**params)
    except ClientError as error:
        told = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return Refusal(told["Code"], told.get("Message", ""), status)
    raise AssertionError("expected a refusal, got an answer")


def code(operation: Callable[..., object], /, **params: Any) -> str:
    """The error code of what must be refused."""
    return refused(operation, **params).code


def token() -> str:
    """A new ClientRequestToken."""
    return str(uuid.uuid4())


def value() -> str:
    """A value that is no secret."""
    return f"obviously-fake-{uuid.uuid4()}"


def labels(secrets: Any, name: str) -> dict[str, str]:
    """Label -> version id, as DescribeSecret shows them.

    Raises:
        AssertionError: A label is on two versions.
    """
    shown = secrets.describe_secret(SecretId=name).get("VersionIdsToStages", {})
    pairs = [(label, version) for version, stages in shown.items() for label in stages]
    assert len(pairs) == len(dict(pairs)), f"a label on two versions: {sorted(pairs)}"
    return dict(pairs)


def read(secrets: Any, name: str, **which: str) -> str:
    """The SecretString that a reader gets."""
    return str(secrets.get_secret_value(SecretId=name, **which)["SecretString"])
