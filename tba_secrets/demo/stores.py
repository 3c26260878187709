"""The store of the demo: how it is reached, what readers get from it, and how to look by hand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tba_secrets.stores.interface import VersionId
from tba_secrets.stores.versions import is_placeholder

PREFIX = "netsuite/sandbox/"
VAULT_DEV_TOKEN = "demo-root-token"
"""A dev server's root token: it is thrown away with the server."""
_SHOWN = 16


@dataclass(frozen=True)
class SecretRow:
    """One secret's versions, shortened; a dash where no version plays the part."""

    name: str
    current: str
    previous: str
    candidate: str


class DemoStore(ABC):
    """What the demo has to know of its store."""

    kind: ClassVar[str]
    stack: ClassVar[str]
    title: ClassVar[str]
    columns: ClassVar[tuple[str, str, str]]
    """What the store calls current, previous and candidate."""

    def __init__(self, address: str) -> None:
        self.address = address

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the variables that the store's own tools go by."""

    @abstractmethod
    def rows(self) -> list[SecretRow]:
        """Return what the store holds, asked the way that any reader would."""

    @abstractmethod
    def commands(self, secret: str, rotated: str) -> list[str]:
        """Return how to look at the result with the store's own command line."""


class AwsDemoStore(DemoStore):
    """The strict Secrets Manager of `tba_secrets.simulator.aws`."""

    kind = "aws"
    stack = "demo"
    title = "a local AWS Secrets Manager"
    columns = ("AWSCURRENT", "AWSPREVIOUS", "AWSPENDING")

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",  # the AWS CLI, version 1, reads no other
        }

    def rows(self) -> list[SecretRow]:
        import boto3

        client = boto3.Session(region_name="us-east-1").client(
            "secretsmanager",
            endpoint_url=self.address,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
        )
        names = sorted(secret["Name"] for secret in client.list_secrets()["SecretList"])
        return [
            self._row(name, client.describe_secret(SecretId=name)["VersionIdsToStages"])
            for name in names
        ]

    def commands(self, secret: str, rotated: str) -> list[str]:
        return [
            f"aws secretsmanager describe-secret --secret-id {PREFIX}{secret}",
            f"aws secretsmanager get-secret-value --secret-id {PREFIX}{secret}",
        ]

    def _row(self, name: str, stages: Mapping[str, Sequence[str]]) -> SecretRow:
        held = {
            label: version
            for version, labels in stages.items()
            for label in labels
            # AWSPENDING on the current version is what a promotion leaves
            if not is_placeholder(VersionId(version))
            and not (label == "AWSPENDING" and "AWSCURRENT" in labels)
        }
        current, previous, candidate = (held.get(label, "-")[:_SHOWN] for label in self.columns)
        return SecretRow(name.removeprefix(PREFIX), current, previous, candidate)


class VaultDemoStore(DemoStore):
    """A real Vault in dev mode: KV version 2 at `secret/`."""

    kind = "vault"
    stack = "demo-vault"
    title = "a HashiCorp Vault in dev mode"
    columns = ("current version", "previous version", "candidate")

    def environment(self) -> dict[str, str]:
        return {"VAULT_ADDR": self.address, "VAULT_TOKEN": VAULT_DEV_TOKEN}

    def rows(self) -> list[SecretRow]:
        import hvac

        kv = hvac.Client(url=self.address, token=VAULT_DEV_TOKEN).secrets.kv.v2
        names = sorted(kv.list_secrets(PREFIX)["data"]["keys"])
        known = {name: kv.read_secret_metadata(PREFIX + name)["data"] for name in names}
        return [
            self._row(name, metadata)
            for name, metadata in known.items()
            if not metadata["versions"][str(metadata["current_version"])]["deletion_time"]
        ]

    def commands(self, secret: str, rotated: str) -> list[str]:
        return [
            f"vault kv get secret/{PREFIX}{secret}",
            f"vault kv metadata get secret/{PREFIX}{rotated}    # what was proven, and both versions",
            f"vault kv get -version=1 secret/{PREFIX}{rotated}    # the token before the rotation",
            f"vault kv get secret/tba-candidates/{PREFIX}{secret}    # No value found: nothing waits for its checks",
        ]

    def _row(self, name: str, metadata: Mapping[str, Any]) -> SecretRow:
        import hvac

        kv = hvac.Client(url=self.address, token=VAULT_DEV_TOKEN).secrets.kv.v2
        try:
            kv.read_secret_metadata(f"tba-candidates/{PREFIX}{name}")
            waiting = "waiting"
        except hvac.exceptions.InvalidPath:
            waiting = "-"
        number = int(metadata["current_version"])
        return SecretRow(name, str(number), str(number - 1) if number > 1 else "-", waiting)


STORES: Mapping[str, type[DemoStore]] = {
    store.kind: store for store in (AwsDemoStore, VaultDemoStore)
}
