"""Listing: page by page on AWS, folder by folder in Vault, and the permission that is missing is named."""

from __future__ import annotations

import pytest

from tba_secrets.errors import AccessDeniedError
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SecretsManagerServer
from tba_secrets.stores.interface import SecretName
from tests.stores.aws_bench import AwsBench
from tests.stores.support import NAME, refusal
from tests.stores.vault_bench import PREFIX, TOKEN_VARIABLE, VaultBench, vault_store
from tests.stores.vault_server import Api, VaultProcess, shared_server

__all__ = ["shared_server"]

LIST_ALONE = 'path "{mount}/metadata/{prefix}*" {{ capabilities = ["list"] }}'


def test_aws_tells_all_pages(aws: AwsBench) -> None:
    names = tuple(SecretName(f"netsuite/sandbox/{number:03}") for number in range(101))
    for name in names:
        aws.client.create_secret(Name=name)
    assert aws.store.names("netsuite/sandbox/") == names


def test_aws_leaves_out_what_is_scheduled_for_deletion(aws: AwsBench) -> None:
    aws.client.create_secret(Name=NAME, SecretString="x")
    aws.client.delete_secret(SecretId=NAME)
    assert aws.store.names("netsuite/") == ()


def test_aws_denied_names_the_action(aws: AwsBench, server: SecretsManagerServer) -> None:
    server.identities.add(ACCESS_KEY_ID, "operator", denied=["ListSecrets"])
    refusal(AccessDeniedError, lambda: aws.store.names(""), "secretsmanager:ListSecrets")


def test_vault_denied_prints_the_line_and_with_it_lists(
    vault: VaultProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(vault.url)
    mount = api.mount_kv()
    read = f'path "{mount}/data/*" {{ capabilities = ["read"] }}'
    line = LIST_ALONE.format(mount=mount, prefix=PREFIX)
    monkeypatch.setenv(TOKEN_VARIABLE, api.token_for(read))
    without = vault_store(vault.url, mount)
    refusal(AccessDeniedError, lambda: without.names(PREFIX), line)
    for name in ("one", "deep/er/two"):
        api.call("POST", f"{mount}/data/{PREFIX}{name}", {"data": {"a": "b"}})
    monkeypatch.setenv(TOKEN_VARIABLE, api.token_for(f"{read}\n{line}"))
    found = vault_store(vault.url, mount).names(PREFIX)
    assert found == (f"{PREFIX}deep/er/two", f"{PREFIX}one")


def test_vault_tells_no_candidate(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, Api(vault.url).token)
    bench = VaultBench(vault.url)
    path = f"{bench.mount}/data/tba-candidates/{NAME}"
    bench.api.call("POST", path, {"data": {"a": "b"}})
    assert bench.store.names(PREFIX) == ()
