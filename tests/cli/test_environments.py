"""`tba environments`: what the project has, as a table and as the array that a matrix of jobs takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tba
from tests.engine.project import environment_yaml
from tests.netsuite_account import NetSuiteAccount
from tests.spec.harness import OAUTH2_BASE

VAULT = '  vault: {address: "https://vault.example.com", mount: kv, prefix: ns/}'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One environment with tokens in two stores, `test`, and one with a certificate, `m2m`."""
    monkeypatch.setenv("TBA_SIMULATOR", "http://127.0.0.1:9")
    (tmp_path / "stacks").mkdir()
    both = f'{VAULT}\n  aws: {{region: eu-central-1, account_id: "111122223333"}}'
    (tmp_path / "stacks" / "test.yaml").write_text(environment_yaml(NetSuiteAccount(), store=both))
    (tmp_path / "stacks" / "m2m.yaml").write_text(OAUTH2_BASE)
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text("config: {}\n")
    return tmp_path


def test_one_array_on_one_line(project: Path, tba: Tba) -> None:
    ended = tba("environments", "--json", "--project", str(project))

    assert (ended.status, ended.err, ended.out.count("\n")) == (0, "", 1)
    m2m, test = json.loads(ended.out)
    assert (m2m["environment"], m2m["tokens"], m2m["certificates"]) == ("m2m", 0, 1)
    vault = {"address": "https://vault.example.com", "mount": "kv", "prefix": "ns/"}
    aws = {"region": "eu-central-1", "account_id": "111122223333", "prefix": ""}
    assert test == {
        "environment": "test",
        "file": "stacks/test.yaml",
        "account": NetSuiteAccount().id,
        "tokens": 3,
        "certificates": 0,
        "stores": {"vault": vault, "aws": aws},
    }
    assert list(test["stores"]) == ["vault", "aws"], "the order of promotion"


def test_for_people(project: Path, tba: Tba) -> None:
    ended = tba("environments", "--project", str(project))

    assert (ended.status, ended.err) == (0, "")
    (line,) = [line for line in ended.out.splitlines() if "stacks/test.yaml" in line]
    for words in (
        NetSuiteAccount().id,
        "3 tokens",
        "vault https://vault.example.com, aws eu-central-1",
    ):
        assert words in line
    assert "1 certificate " in ended.out


def test_a_mistake_in_one_lists_none(project: Path, tba: Tba) -> None:
    wrong = project / "stacks" / "m2m.yaml"
    wrong.write_text(OAUTH2_BASE.replace("version: 1", "version: 9"))
    ended = tba("environments", "--json", "--project", str(project))

    assert (ended.status, ended.out) == (1, ""), "a matrix must not leave an environment out"
    assert f"{wrong}:" in ended.err


def test_no_environment_is_no_empty_list(tmp_path: Path, tba: Tba) -> None:
    ended = tba("environments", "--json", "--project", str(tmp_path))

    assert (ended.status, ended.out) == (1, "")
    assert "holds no environment" in ended.err
