"""A fake AWS, a store on it, and a boto3 client of a stranger."""

from __future__ import annotations

import threading
import uuid
from typing import Any, Final

import boto3
from botocore.config import Config

from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.spec.model import Address, AwsSettings
from tba_secrets.stores.aws import AwsStore
from tba_secrets.stores.aws.access import Patience
from tba_secrets.stores.aws.secret import LABELS
from tba_secrets.stores.aws.session import Transport
from tba_secrets.stores.interface import SecretName, Stage, VersionId
from tba_secrets.stores.rate_limit import TokenBucket

REGION: Final = "us-east-1"


class Pauses(threading.local):
    """A clock for each thread that only its own pauses move: as many looks as in earnest, in no time."""

    now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


_STRANGER: Final = boto3.session.Session()
PAUSES: Final = Pauses()
QUICK: Final = Patience(clock=PAUSES.clock, sleep=PAUSES.sleep)
ONCE: Final = Transport(connect_timeout=10.0, read_timeout=60.0, total_max_attempts=1)
"""No retries by the SDK: what is left of a lost reply is for the store to find out. The times are hang guards."""


def settings(url: Address, **changes: Any) -> AwsSettings:
    """`store.aws` for a fake."""
    return AwsSettings(**{"region": REGION, "endpoint": url, **changes})


def aws_store(url: Address, transport: Transport = ONCE, **changes: Any) -> AwsStore:
    """A store that is quick to decide and is not slowed down."""
    return AwsStore(
        settings(url, **changes), transport=transport, patience=QUICK, bucket=TokenBucket(10_000)
    )


class AwsBench:
    """The store on a fake, and a stranger's client beside it."""

    def __init__(self, url: str, **changes: Any) -> None:
        self.store = aws_store(url, **changes)
        self.client = _STRANGER.client(
            "secretsmanager",
            region_name=REGION,
            endpoint_url=url,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def write_as_another(self, name: SecretName, value: str, stage: Stage) -> VersionId:
        """CreateSecret, or PutSecretValue with the label."""
        if self.store.describe(name) is not None:
            return self.put_as_another(name, value, stage)
        token = str(uuid.uuid4())
        self.client.create_secret(Name=name, SecretString=value, ClientRequestToken=token)
        return VersionId(token)

    def put_as_another(self, name: SecretName, value: str, stage: Stage) -> VersionId:
        """PutSecretValue with the label, without a look."""
        token = str(uuid.uuid4())
        self.client.put_secret_value(
            SecretId=name,
            SecretString=value,
            ClientRequestToken=token,
            VersionStages=[LABELS[stage]],
        )
        return VersionId(token)

    def default_read(self, name: SecretName) -> str | None:
        """GetSecretValue with nothing but the name."""
        try:
            return str(self.client.get_secret_value(SecretId=name)["SecretString"])
        except self.client.exceptions.ResourceNotFoundException:
            return None

    def drop_unheld(self, name: SecretName) -> None:
        """Not every fake drops versions."""


class StrictAwsBench(AwsBench):
    """On our fake, which keeps versions without a label until it is told to drop them."""

    def __init__(self, server: SecretsManagerServer, **changes: Any) -> None:
        super().__init__(server.url, **changes)
        self.server = server

    def drop_unheld(self, name: SecretName) -> None:
        """User Guide, "What's in a Secrets Manager secret": versions without a label are deprecated, and deleted."""
        secret = self.server.state.secret(name)
        assert secret is not None
        held = set(secret.labels.values())
        kept = {version: told for version, told in secret.versions.items() if version in held}
        self.server.edit(name, versions=kept)
