"""`tba import` from a real Vault: folders are gone through, and no secret is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tba_secrets.cli.exits import Exit
from tba_secrets.simulator import Simulator, SimulatorConfig
from tests.cli.conftest import Tba
from tests.cli.import_bench import OTHERS, PREFIX, Shop
from tests.netsuite_account import NetSuiteAccount
from tests.stores.vault_server import ROOT_TOKEN, Api, VaultProcess, shared_server

__all__ = ["shared_server"]


@pytest.fixture
def mount(vault: VaultProcess) -> str:
    return Api(vault.url).mount_kv()


@pytest.fixture
def shop(
    vault: VaultProcess, mount: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tba: Tba
) -> Iterator[Shop]:
    monkeypatch.setattr(sys, "stdin", StringIO())
    monkeypatch.setenv("VAULT_TOKEN", ROOT_TOKEN)
    account, api = NetSuiteAccount(), Api(vault.url)

    def write(name: str, text: str) -> None:
        api.call("POST", f"{mount}/data/{name}", {"data": json.loads(text)})

    with Simulator(SimulatorConfig.from_dict(account.simulator_config())) as netsuite:
        flags = ("--vault", vault.url, "--mount", mount)
        yield Shop(account, netsuite, tmp_path, tba, write, flags)


def test_what_is_in_vault_becomes_an_environment(
    shop: Shop, vault: VaultProcess, mount: str
) -> None:
    shop.put("warehouse/orders", "orders")
    shop.put("warehouse/stock", "stock", keys=OTHERS)
    shop.put("old", "invoices")
    shop.put("count", "invoices", tries=3)
    api = Api(vault.url)
    api.call("DELETE", f"{mount}/data/{PREFIX}old")

    def metadata() -> list[Any]:
        names = ("warehouse/orders", "warehouse/stock", "old", "count")
        return [api.data(f"{mount}/metadata/{PREFIX}{name}") for name in names]

    before = metadata()
    ended = shop.run(
        *("--user", "warehouse/orders=a@example.com", "--user", "warehouse/stock=b@example.com")
    )
    assert ended.status == Exit.FAILED
    assert "old is deleted on" in ended.err
    assert "the value of `tries` is not text" in ended.err
    found = shop.loaded()
    store = found.store.vault
    assert store is not None
    assert (store.address, store.mount, store.prefix) == (vault.url, mount, PREFIX)
    (warehouse,) = found.integrations
    assert [token.secret for token in warehouse.tokens] == ["warehouse/orders", "warehouse/stock"]
    assert [token.format is None for token in warehouse.tokens] == [True, False]
    assert metadata() == before


def test_without_a_prefix_vault_has_no_place_for_them(shop: Shop) -> None:
    ended = shop.run("orders", flags={"--prefix": None})
    assert (ended.status, ended.err.split(":")[1]) == (Exit.USAGE, " --prefix")
