"""`store.vault` of an environment's YAML: what is taken, what is refused with its place, and which store it opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tba_secrets.errors import SpecError, StoreError
from tba_secrets.spec import load
from tba_secrets.spec.model import Environment, Stores, VaultSettings
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import SecretName
from tba_secrets.stores.vault import VaultStore

BASE = """\
version: 1
account: "1234567_SB1"
store:
  vault:
    address: https://vault.example.com:8200
    mount: secret
    prefix: netsuite/sandbox/
integrations:
  - name: warehouse-sync
    consumer: {env: {key: CONSUMER_KEY, secret: CONSUMER_SECRET}}
    role: {name: Warehouse}
    tokens:
      - name: bot
        user: bot@example.com
        token: {env: {id: TOKEN_ID, secret: TOKEN_SECRET}}
"""
MOUNT = "    mount: secret\n"
AUTH = {
    "token": "{token: {env: MY_TOKEN}}",
    "token file": "{token: {file: .vault-token}}",
    "approle": "{approle: {role_id: r-1, secret_id: {env: SECRET_ID}, mount: ci/approle}}",
    "kubernetes": "{kubernetes: {role: tba}}",
    "jwt": "{jwt: {role: ci, jwt: {env: VAULT_ID_TOKEN}}}",
    "aws": "{aws: {role: tba, region: eu-west-1, server_id: vault.example.com}}",
}
BROKEN = {
    "two logins": (
        "auth: {token: {env: A}, kubernetes: {role: x}}",
        "token and kubernetes are given",
    ),
    "no login": ("auth: {}", "nothing is given; give exactly one of token, approle"),
    "two places": ("auth: {token: {env: A, file: b}}", "env and file are given"),
    "no place": ("auth: {approle: {role_id: r, secret_id: {}}}", "nothing is given"),
    "a value for a name": (
        "auth: {token: {env: hvsCAESIJq4x9B2mQ7kT1vZ8nW3rL6yP5cD0fH_canary}}",
        "secret value",
    ),
    "candidates within": ("candidate_prefix: netsuite/sandbox/next/", "outside the prefix"),
    "candidates without a slash": ("candidate_prefix: next", "followed by a slash"),
    "a namespace that climbs": ("namespace: a/../b", "no segment is . or .."),
    "an address with a path": ("cluster_id: 5", "quotes"),
}
"""A line under `store.vault`, and words of its problem."""
ODD_PREFIXES = ["netsuite", "/netsuite/", "netsuite//a/", "netsuite/../b/", "./", "", "net suite/"]
ODD_MOUNTS = ["/secret", "secret/", "a//b", "a/../b", ".", ""]


def loaded(tmp_path: Path, text: str, **environ: str) -> Environment:
    file = tmp_path / "sandbox.yaml"
    file.write_text(text)
    return load(file, environ)


def problems(tmp_path: Path, text: str) -> str:
    with pytest.raises(SpecError) as caught:
        loaded(tmp_path, text)
    assert "canary" not in str(caught.value)
    return str(caught.value)


def vault(stores: Stores) -> Any:
    assert stores.vault is not None
    return stores.vault


def test_what_is_not_said(tmp_path: Path) -> None:
    declared = vault(loaded(tmp_path, BASE).store)
    assert declared.auth.token.env == "VAULT_TOKEN"
    assert declared.candidate_prefix == "tba-candidates/"
    assert declared.allow_unversioned is False


@pytest.mark.parametrize("auth", AUTH.values(), ids=AUTH.keys())
def test_every_login_can_be_declared_and_opened(tmp_path: Path, auth: str) -> None:
    environment = loaded(tmp_path, BASE.replace(MOUNT, f"{MOUNT}    auth: {auth}\n"))
    assert isinstance(open_stores(environment.store)["vault"], VaultStore)


@pytest.mark.parametrize(("line", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_refused_is_told_with_its_place(tmp_path: Path, line: str, words: str) -> None:
    told = problems(tmp_path, BASE.replace(MOUNT, f"{MOUNT}    {line}\n"))
    assert words in told
    assert ":7:" in told
    assert "store.vault" in told


@pytest.mark.parametrize("prefix", ODD_PREFIXES)
def test_a_prefix_names_every_segment_and_ends_with_a_slash(tmp_path: Path, prefix: str) -> None:
    told = problems(tmp_path, BASE.replace("netsuite/sandbox/", f'"{prefix}"'))
    assert "store.vault.prefix" in told
    assert "followed by a slash" in told


@pytest.mark.parametrize("mount", ODD_MOUNTS)
def test_a_mount_names_every_segment(tmp_path: Path, mount: str) -> None:
    told = problems(tmp_path, BASE.replace("mount: secret", f'mount: "{mount}"'))
    assert "store.vault.mount" in told


@pytest.mark.parametrize("name", ["a/../b", "a//b", "./a", "a/", "/a"])
def test_a_secrets_path_names_every_segment(tmp_path: Path, name: str) -> None:
    text = BASE.replace("      - name: bot\n", f"      - name: bot\n        secret: {name}\n")
    assert "secret:" in problems(tmp_path, text)


def test_candidates_over_the_default_prefix_are_refused(tmp_path: Path) -> None:
    told = problems(tmp_path, BASE.replace("netsuite/sandbox/", "tba-candidates/"))
    assert "store.vault.prefix" in told


def test_a_name_that_only_aws_confuses_is_good_for_vault(tmp_path: Path) -> None:
    text = BASE.replace("name: bot", "name: billing-export")
    assert loaded(tmp_path, text).integrations[0].tokens[0].name == "billing-export"
    both = text.replace("store:\n", "store:\n  aws: {region: us-east-1}\n")
    assert "ARN" in problems(tmp_path, both)


def test_the_address_of_a_variable(tmp_path: Path) -> None:
    text = BASE.replace("https://vault.example.com:8200", "{env: VAULT_ADDR}")
    environment = loaded(tmp_path, text, VAULT_ADDR="http://127.0.0.1:8200/")
    assert vault(environment.store).address_url == "http://127.0.0.1:8200"
    assert "VAULT_ADDR is not set" in problems(tmp_path, text)


PATHS = {
    "auth: {token: {file: a}}": ["/p/a"],
    "auth: {token: {file: /whole}}": ["/whole"],
    "auth: {token: {env: A}}": [],
    "auth: {approle: {role_id: r, secret_id: {file: s/id}}}": ["/p/s/id"],
    "auth: {jwt: {role: r, jwt: {file: jwt}}}": ["/p/jwt"],
    "auth: {kubernetes: {role: r, token_file: sa}}": ["/p/sa"],
    "ca_cert: certs/ca.pem": ["/p/certs/ca.pem"],
}


@pytest.mark.parametrize("line", PATHS)
def test_relative_paths_start_from_the_folder_that_is_given(line: str, tmp_path: Path) -> None:
    text = BASE.replace(MOUNT, f"{MOUNT}    {line}\n")
    (tmp_path / "test.yaml").write_text(text)
    stores = load(tmp_path / "test.yaml").store.anchored(Path("/p"))
    assert stores.vault is not None
    told = stores.vault.model_dump_json()
    assert [path for path in PATHS[line] if f'"{path}"' not in told] == []
    assert ("/p/" in told) == any(path.startswith("/p/") for path in PATHS[line])


def test_a_missing_ca_certificate_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "a token of tests")
    declared = VaultSettings(
        address="https://127.0.0.1:1", mount="secret", prefix="a/", ca_cert="/no/such/ca.pem"
    )
    with pytest.raises(StoreError, match=r"there is no CA bundle /no/such/ca\.pem"):
        VaultStore(declared).describe(SecretName("a/b"))
