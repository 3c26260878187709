"""The ways to open a session, with no more rights than docs/readers.md gives, and without Pulumi."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tba_secrets import client
from tba_secrets.errors import SpecError, StoreError
from tba_secrets.records import credential_records
from tba_secrets.simulator.aws import ACCESS_KEY_ID
from tba_secrets.simulator.aws.operations import OPERATIONS
from tba_secrets.spec import load_stack
from tba_secrets.spec.model import AwsSettings, Stores
from tests.client.support import NAME, World

YAML = """\
version: 1
account: "1234567_SB1"
endpoint: {env: NETSUITE_URL}
store: {aws: {region: us-east-1, endpoint: {env: STORE_URL}, prefix: netsuite/test/}}
integrations:
  - name: warehouse
    consumer: {env: {key: A, secret: B}}
    role: {name: warehouse role}
    tokens:
      - {name: bot, secret: orders, user: orders.bot@example.com, token: {env: {id: C, secret: D}}}
"""


@pytest.fixture
def project(here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NETSUITE_URL", here.netsuite.url)
    monkeypatch.setenv("STORE_URL", here.aws.url)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "test.yaml").write_text(YAML)
    return tmp_path


def test_by_an_environments_file(here: World, project: Path) -> None:
    with client.environment_session(project, "test", "warehouse/bot") as session:
        assert session.get(here.url).status_code == 200


def test_by_a_record(here: World, project: Path) -> None:
    (record,) = credential_records(load_stack(project, "test"))
    with client.session(record) as session:
        assert session.get(here.url).status_code == 200


def test_what_is_given_goes_before_what_the_file_says(here: World, project: Path) -> None:
    with client.environment_session(project, "test", "warehouse/bot", endpoint=None) as session:
        assert session.base_url() == "https://1234567-sb1.suitetalk.api.netsuite.com"


def test_an_unknown_record_is_named_with_those_there_are(project: Path) -> None:
    with pytest.raises(SpecError, match=r"no record 'warehouse/orders' \(there: warehouse/bot\)"):
        client.environment_session(project, "test", "warehouse/orders")


def test_by_aws_alone(here: World) -> None:
    with client.aws_session(
        "us-east-1", NAME, store_endpoint=here.aws.url, endpoint=here.netsuite.url
    ) as session:
        assert session.get(here.url).status_code == 200
        assert repr(session) == f"<SignedSession of the secret {NAME} (aws)>"


def test_a_reader_needs_nothing_but_to_read_the_value(here: World) -> None:
    denied = [*(OPERATIONS.keys() - {"GetSecretValue"}), "sts:GetCallerIdentity"]
    here.aws.identities.add(ACCESS_KEY_ID, "reader", denied=denied)
    with here.session() as session:
        assert session.get(here.url).status_code == 200
    assert {call.operation for call in here.aws.calls} == {"GetSecretValue"}


def test_a_store_that_is_not_declared_is_named() -> None:
    stores = Stores(aws=AwsSettings(region="us-east-1"))
    with pytest.raises(StoreError, match=r"no store vault to read from \(declared: aws\)"):
        client.session_for(stores, "orders", "vault")


@pytest.mark.parametrize("path", ["orders", "/orders", "netsuite/", ""])
def test_a_vault_path_without_a_folder_is_refused(path: str) -> None:
    with pytest.raises(StoreError, match="names no secret in a folder"):
        client.vault_session("https://vault.example.com", path)


def test_by_vault_nothing_is_asked_before_the_first_call() -> None:
    session = client.vault_session("https://vault.example.com:8200", "netsuite/sandbox/orders")
    assert repr(session) == "<SignedSession of the secret netsuite/sandbox/orders (vault)>"


def test_a_session_is_not_copied_into_another_process(here: World) -> None:
    with here.session() as session:
        for way in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="open one in each process"):
                way(session)


def test_a_reader_does_not_load_pulumi() -> None:
    look = "import sys, tba_secrets.client; print(sorted({'pulumi', 'grpc'} & set(sys.modules)))"
    told = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.strip() == "[]"
