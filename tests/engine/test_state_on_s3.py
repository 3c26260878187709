"""docs/state.md, done: state in S3, secret configuration under KMS, both moto's, with the policy that the page gives.

moto checks IAM policies by action, and by resource for S3 (moto, "IAM-like Access Control"); a KMS key's name it does
not compare, so the statement about the key is for any here.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from tests.deep import rest_is_deep
from tests.engine.conftest import World
from tests.engine.project import HANG_GUARD_SECONDS, ROOT, Run
from tests.engine.tba import tba

pytestmark = pytest.mark.engine

PAGE: Final = (ROOT / "docs" / "state.md").read_text()
POLICY: Final[dict[str, Any]] = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.S)[0])
COMMANDS: Final = re.findall(r"```sh\n(.*?)```", PAGE, re.S)[0].splitlines()
ACTIONS: Final = [
    action
    for statement in POLICY["Statement"]
    for action in (
        [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
    )
]
BUCKET, PREFIX, STACK = "acme-pulumi-state", "tba-secrets/.pulumi/", "sandbox"
PATH_STYLE: Final = "&s3ForcePathStyle=true"
"""What the page says of a bucket that is not AWS's."""


@dataclass
class Cloud:
    """The bucket and the key, and a project whose user has the page's policy."""

    world: World
    url: str

    def client(self, service: str) -> Any:
        """boto3, as moto's root user."""
        return boto3.Session(region_name="us-east-1").client(
            service,
            endpoint_url=self.url,
            aws_access_key_id="root",
            aws_secret_access_key="obviously-fake",
        )

    def allow(self, *, without: str | None = None) -> None:
        """Be a new user with the page's policy, but for one action."""
        iam = self.client("iam")
        iam.create_user(UserName="ci")
        iam.put_user_policy(
            UserName="ci", PolicyName="state", PolicyDocument=json.dumps(_policy(without))
        )
        key = iam.create_access_key(UserName="ci")["AccessKey"]
        self.enforce("0")
        self.world.aws.identities.add(key["AccessKeyId"], "ci")
        self.world.project.environment |= {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ENDPOINT_URL_KMS": self.url,
        }

    def enforce(self, after: str) -> None:
        """From how many calls on policies count; `inf` is never."""
        self.moto("reset-auth", after)

    def moto(self, call: str, text: str = "") -> None:
        """moto's own API."""
        url = f"{self.url}/moto-api/{call}"
        requests.post(url, data=text.encode(), timeout=HANG_GUARD_SECONDS).raise_for_status()

    def pulumi(self, command: str) -> Run:
        """A command as the page writes it."""
        _, *arguments = shlex.split(command)
        if arguments[0] == "login":
            arguments[1] += PATH_STYLE
        return self.world.project.pulumi(*arguments)

    def objects(self) -> dict[str, bytes]:
        """All that is in the bucket."""
        self.enforce("inf")
        s3 = self.client("s3")
        listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        found = {
            o["Key"]: s3.get_object(Bucket=BUCKET, Key=o["Key"])["Body"].read() for o in listed
        }
        self.enforce("0")
        return found


def _policy(without: str | None) -> dict[str, Any]:
    statements = []
    for statement in POLICY["Statement"]:
        actions = statement["Action"]
        kept = [a for a in ([actions] if isinstance(actions, str) else actions) if a != without]
        resource = "*" if any(a.startswith("kms:") for a in kept) else statement["Resource"]
        if kept:
            statements.append({**statement, "Action": kept, "Resource": resource})
    return {**POLICY, "Statement": statements}


@pytest.fixture
def cloud(world: World) -> Iterator[Cloud]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    cloud = Cloud(world, f"http://{host}:{port}")
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/pulumi-state", TargetKeyId=key)
    world.project.stack = STACK
    world.write()
    for setting in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"):
        del world.project.environment[setting]
    try:
        yield cloud
    finally:
        cloud.enforce("inf")
        cloud.moto("reset")
        moto.stop()


def test_the_page_from_top_to_bottom(cloud: Cloud) -> None:
    cloud.allow()
    for command in COMMANDS:
        run = cloud.pulumi(command)
        assert run.status == 0, f"{command}\n{run.output}"

    settings = (cloud.world.project.folder / "stacks" / f"Pulumi.{STACK}.yaml").read_text()
    assert "secretsprovider: awskms://alias/pulumi-state" in settings
    assert "encryptedkey: " in settings
    for token, values in cloud.world.account.tokens.items():
        assert cloud.world.current(token)["token_id"] == values.identifier
    stored = cloud.objects()
    assert f"{PREFIX}stacks/tba-secrets/{STACK}.json" in stored
    exported = cloud.pulumi("pulumi stack export --show-secrets").output
    for secret in cloud.world.account.environment().values():
        assert secret not in exported
        assert not any(secret.encode() in body for body in stored.values())
    doctor = tba(cloud.world, "doctor", STACK)
    assert doctor.status == 0, doctor.output


@pytest.mark.deep
def test_a_lock_of_another_machine_lets_nothing_happen(cloud: Cloud) -> None:
    cloud.allow()
    for command in COMMANDS[:2]:
        assert cloud.pulumi(command).status == 0
    held = {
        "pid": 4711,
        "username": "ci",
        "hostname": "runner-1",
        "timestamp": "2026-01-01T00:00:00Z",
    }
    lock = (
        f"{PREFIX}locks/organization/tba-secrets/{STACK}/0d3c4ac2-9bd2-4b2f-8a07-7c8c3f8f1a51.json"
    )
    cloud.enforce("inf")
    cloud.client("s3").put_object(Bucket=BUCKET, Key=lock, Body=json.dumps(held).encode())
    cloud.enforce("0")

    refused, ours = cloud.pulumi("pulumi up --yes"), tba(cloud.world, "up", STACK)
    cancelled = cloud.pulumi(f"pulumi cancel --yes --stack {STACK}")

    assert refused.status != 0
    assert "created by ci@runner-1 (pid 4711)" in refused.output
    assert ours.status == 1
    assert "is being updated by process 4711 of ci on runner-1, since 2026-01-01" in ours.output
    assert cloud.world.writes() == 0
    assert cancelled.status == 0, cancelled.output
    assert lock not in cloud.objects()


@pytest.mark.parametrize(
    "missing", rest_is_deep([None, *ACTIONS], lambda missing: missing == next(iter(ACTIONS)))
)
def test_each_permission_is_needed_and_no_other(cloud: Cloud, missing: str | None) -> None:
    cloud.allow(without=missing)
    life = [*COMMANDS[:2], f"pulumi stack rm {STACK} --yes"]

    failed = next((run for run in map(cloud.pulumi, life) if run.status != 0), None)

    assert (failed is None) is (missing is None), failed
