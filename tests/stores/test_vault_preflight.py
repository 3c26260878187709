"""What preflight finds out: the server's state and cluster, the mount, the token's life; and it writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tba_secrets.errors import AccessDeniedError, StoreError, StoreUnavailableError
from tba_secrets.stores.vault.client import VaultClient
from tests.stores.support import MARK, NAME, candidate, promoted, refusal
from tests.stores.vault_bench import TOKEN_VARIABLE, VaultBench, settings, vault_store
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import (
    ROOT_TOKEN,
    VaultProcess,
    shared_server,
    uninitialised_server,
    vault_binary,
)

__all__ = ["shared_server"]

RULES = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete"] }'


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)


@pytest.fixture
def bench(vault: VaultProcess) -> VaultBench:
    return VaultBench(vault.url)


@pytest.fixture
def proxy(vault: VaultProcess) -> Iterator[FaultyProxy]:
    with FaultyProxy(vault.url) as running:
        yield running


def health(**told: Any) -> bytes:
    """An answer of /sys/health."""
    usual = {"initialized": True, "sealed": False, "version": "1.21.0", "cluster_id": "c-1"}
    return json.dumps({**usual, **told}).encode()


def test_the_settings_in_force_are_shown(
    bench: VaultBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_ADDR", "http://elsewhere.example.com:8200")
    found = bench.store.preflight([NAME])
    assert found.identity == "token"
    assert found.settings["address"] == bench.api.url
    assert found.settings["mount"] == f"{bench.mount} (KV version 2)"
    assert found.settings["auth"] == "token"
    assert found.settings["token from"] == f"${TOKEN_VARIABLE}"
    assert found.settings["token life"] == "without end"
    assert found.settings["not used"] == "VAULT_ADDR"
    assert ROOT_TOKEN not in repr(found)


def test_what_the_vault_cli_takes_from_the_environment_is_not_taken(
    bench: VaultBench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """hvac would fall back to VAULT_TOKEN and ~/.vault-token, and to VAULT_ADDR."""
    (tmp_path / ".vault-token").write_text(ROOT_TOKEN)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VAULT_TOKEN", ROOT_TOKEN)
    monkeypatch.delenv(TOKEN_VARIABLE)
    refusal(AccessDeniedError, lambda: bench.store.preflight([NAME]), TOKEN_VARIABLE, "not there")


def test_a_proxy_of_the_environment_is_shown_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary-password@proxy.example.com:3128")
    shown = VaultClient(settings("https://vault.example.com", "secret")).adapter.shown_settings
    assert shown["proxy"] == "proxy.example.com:3128"


@pytest.mark.parametrize(
    ("status", "told", "words"),
    [
        (501, {"initialized": False}, "not initialised"),
        (503, {"sealed": True}, "is sealed"),
        (472, {}, "cannot serve"),
        (474, {}, "cannot serve"),
        (530, {}, "cannot serve"),
        (200, {"sealed": True}, "is sealed"),
    ],
)
def test_a_server_that_cannot_serve_is_refused(
    bench: VaultBench, proxy: FaultyProxy, status: int, told: dict[str, Any], words: str
) -> None:
    proxy.fail("GET sys/health", status, body=health(**told), times=100)
    store = vault_store(proxy.url, bench.mount)
    refusal(StoreUnavailableError, lambda: store.preflight([NAME]), words, proxy.url)
    assert proxy.count("^(POST|PATCH|PUT|DELETE)") == 0


@pytest.mark.parametrize("status", [429, 473])
def test_a_standby_serves(bench: VaultBench, proxy: FaultyProxy, status: int) -> None:
    """A standby passes calls on to the active node; where it cannot, the calls say so."""
    proxy.fail("GET sys/health", status, body=health(standby=True))
    found = vault_store(proxy.url, bench.mount).preflight([NAME])
    assert "standby" in found.settings["server"]


def test_a_real_server_that_nobody_initialised(tmp_path: Path) -> None:
    running = uninitialised_server(tmp_path)
    try:
        store = vault_store(running.url, "secret")
        refusal(StoreUnavailableError, lambda: store.preflight([NAME]), "not initialised")
    finally:
        running.stop()


def test_another_cluster_is_refused_before_anything_is_sent(
    bench: VaultBench, proxy: FaultyProxy
) -> None:
    cluster = bench.api.call("GET", "sys/health")["cluster_id"]
    vault_store(proxy.url, bench.mount, cluster_id=cluster).preflight([NAME])
    before = len(proxy.seen)
    wrong = vault_store(proxy.url, bench.mount, cluster_id="cluster-of-production")
    refusal(
        AccessDeniedError,
        lambda: wrong.preflight([NAME]),
        cluster,
        "cluster-of-production",
        "vault status",
    )
    later = proxy.seen[before:]
    assert [str(one) for one in later] == ["GET sys/health"]
    assert "X-Vault-Token" not in later[0].headers


@pytest.mark.parametrize(
    ("settings_of_token", "words"),
    [
        ({"ttl": "60s", "renewable": False}, ("ends in", "cannot be renewed")),
        ({"num_uses": 50}, ("more calls only", "token_num_uses")),
        ({"type": "batch", "ttl": "60s"}, ("ends in", "cannot be renewed")),
    ],
)
def test_a_token_that_does_not_live_long_enough_is_refused(
    bench: VaultBench,
    monkeypatch: pytest.MonkeyPatch,
    settings_of_token: dict[str, Any],
    words: tuple[str, ...],
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, bench.api.token_for(RULES, **settings_of_token))
    store = vault_store(bench.api.url, bench.mount)
    refusal(AccessDeniedError, lambda: store.preflight([NAME]), *words)


@pytest.mark.parametrize(
    ("settings_of_token", "shown"),
    [
        ({"ttl": "60s"}, "s, renewed"),
        ({"ttl": "1h", "renewable": False}, "s, then over"),
    ],
)
def test_a_token_that_lives_long_enough_is_shown(
    bench: VaultBench,
    monkeypatch: pytest.MonkeyPatch,
    settings_of_token: dict[str, Any],
    shown: str,
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, bench.api.token_for(RULES, **settings_of_token))
    found = vault_store(bench.api.url, bench.mount).preflight([NAME])
    assert found.settings["token life"].endswith(shown)


def test_a_mount_of_version_1_is_refused_before_anything_is_written(
    bench: VaultBench, proxy: FaultyProxy
) -> None:
    """A call meant for version 2 "succeeds" there, and the secret lies at `data/...` in an envelope."""
    mount = bench.api.mount_kv(1)
    store = vault_store(proxy.url, mount)
    for call in (
        lambda: store.preflight([NAME]),
        lambda: store.claim(NAME, MARK),
        lambda: store.stage(NAME, candidate(), None),
        lambda: store.read(NAME, "1@x"),  # type: ignore[arg-type]
    ):
        refusal(StoreError, call, mount, "version 1", "allow_unversioned", "enable-versioning")
    assert proxy.count("^(PUT|PATCH|DELETE)") == 0
    assert proxy.count(mount) == proxy.count("sys/internal/ui/mounts")


def test_allow_unversioned_on_a_mount_of_version_2_is_no_guess(bench: VaultBench) -> None:
    store = vault_store(bench.api.url, bench.mount, allow_unversioned=True)
    store.claim(NAME, MARK)
    promoted(store, candidate())
    assert bench.metadata()["current_version"] == 1


def test_another_kind_of_mount_is_refused(bench: VaultBench) -> None:
    store = vault_store(bench.api.url, "cubbyhole")
    refusal(StoreError, lambda: store.describe(NAME), "cubbyhole", "not a KV")


def test_the_mounts_version_is_asked_once(bench: VaultBench, proxy: FaultyProxy) -> None:
    store = vault_store(proxy.url, bench.mount)
    for _ in range(3):
        store.describe(NAME)
    store.preflight([NAME])
    assert proxy.count("sys/internal/ui/mounts") == 1


def test_nothing_is_sent_before_the_store_is_used(proxy: FaultyProxy) -> None:
    vault_store(proxy.url, "secret")
    assert proxy.seen == []


def test_preflight_leaves_nothing_behind(bench: VaultBench) -> None:
    bench.store.preflight([NAME])
    listed = bench.api.call("LIST", f"{bench.mount}/metadata", expected=(404,))
    assert "data" not in listed


def test_the_namespace_goes_with_every_call_but_the_servers_health(proxy: FaultyProxy) -> None:
    proxy.fail("GET sys/health", 200, body=health())
    proxy.fail("", 404, times=100, body=b'{"errors": ["no handler for route"]}')
    store = vault_store(proxy.url, "secret", namespace="team/netsuite")
    refusal(StoreError, lambda: store.preflight([NAME]))
    sent = {str(one): one.headers.get("X-Vault-Namespace") for one in proxy.seen}
    assert sent.pop("GET sys/health") is None
    assert set(sent.values()) == {"team/netsuite"}


def test_a_missing_vault_fails_the_tests(tmp_path: Path) -> None:
    assert Path(vault_binary()).is_file()
    with pytest.raises(FileNotFoundError, match="make tools"):
        vault_binary(tmp_path, path=str(tmp_path))


def test_a_vault_on_path_is_found_whatever_a_test_makes_of_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_path = tmp_path / "vault"
    on_path.touch(mode=0o755)
    monkeypatch.setenv("PATH", "")

    assert vault_binary(tmp_path / "nowhere", path=str(tmp_path)) == str(on_path)
    assert Path(vault_binary()).is_file()


def test_commands_for_people_name_the_server() -> None:
    declared = settings("https://vault.example.com", "team/kv", namespace="a/b")
    assert VaultClient(declared).command("kv undelete", "netsuite/x", "-versions=3") == (
        "vault kv undelete -address=https://vault.example.com -namespace=a/b -mount=team/kv "
        "-versions=3 netsuite/x"
    )
