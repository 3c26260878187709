"""The one place that picks a store: what it opens, and how often."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tba_secrets.simulator.aws import SecretsManagerServer
from tba_secrets.spec.model import AwsSettings, Stores
from tba_secrets.stores import open_stores
from tests.stores.support import NAME


def stores(region: str = "us-east-1", endpoint: str | None = None) -> Stores:
    """`store:` with AWS alone."""
    return Stores(aws=AwsSettings(region=region, endpoint=endpoint))


def test_no_store_is_opened_where_none_is_declared() -> None:
    assert open_stores(Stores()) == {}


def test_the_same_settings_are_one_store() -> None:
    first = open_stores(stores())
    assert list(first) == ["aws"]
    assert open_stores(stores())["aws"] is first["aws"]
    assert open_stores(stores("eu-west-1"))["aws"] is not first["aws"]


def test_other_credentials_are_another_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value cached under the credentials of before would be sent to the wrong account."""
    first = open_stores(stores())["aws"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAANOTHER")
    assert open_stores(stores())["aws"] is not first


def test_what_is_opened_works(server: SecretsManagerServer) -> None:
    store = open_stores(stores(endpoint=server.url))["aws"]
    assert store.describe(NAME) is None
    assert store.preflight([NAME]).settings["endpoint"] == server.url


def test_the_sdk_is_imported_on_use_only() -> None:
    """The commands that touch no store start without the half second that boto3 takes."""
    program = (
        "import sys, tba_secrets.stores as s, tba_secrets.spec.model as m\n"
        "s.open_stores(m.Stores(aws=m.AwsSettings(region='us-east-1')))\n"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_sdk_s_models_are_read_once_for_all_environments() -> None:
    """They are 9 MB, and each session would keep its own: a run of many environments would grow by that for each."""
    program = (
        "import collections, builtins, sys\n"
        "from botocore.loaders import JSONFileLoader as Files\n"
        "read, real = collections.Counter(), Files.load_file\n"
        "Files.load_file = lambda self, path: read.update([path]) or real(self, path)\n"
        "from tba_secrets.spec.model import AwsSettings as Settings\n"
        "from tba_secrets.stores.aws.session import Transport, open_clients\n"
        "for prefix in ('sandbox/', 'prod/'):\n"
        "    open_clients(Settings(region='us-east-1', prefix=prefix), Transport())\n"
        "sys.exit(not read or max(read.values()) > 1)"
    )
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    assert subprocess.run([sys.executable, "-c", program], env=keys, check=False).returncode == 0
