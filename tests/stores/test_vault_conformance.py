"""The Vault store keeps the contract, on a real Vault: KV version 2 in full, version 1 as far as it can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from tba_secrets.stores.interface import SecretName, Stage
from tests.stores.conformance import GONE, StoreConformance
from tests.stores.support import NAME, Bench, candidate, canonical, claimed, promoted, seen
from tests.stores.vault_bench import TOKEN_VARIABLE, VaultBench
from tests.stores.vault_server import ROOT_TOKEN, VaultProcess, shared_server

pytestmark = pytest.mark.long

__all__ = ["shared_server"]


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the store logs in with."""
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)


def largest(bench: Bench) -> str:
    """A credential of exactly the largest size; Vault holds objects, not just any text."""
    frame = len(canonical({"token_secret": ""}))
    return canonical({"token_secret": "x" * (bench.store.max_value_bytes - frame)})


class TestVault(StoreConformance):
    @pytest.fixture
    def bench(self, vault: VaultProcess) -> Bench:
        return VaultBench(vault.url)

    def test_the_largest_value_is_taken(self, bench: Bench) -> None:
        claimed(bench.store)
        promoted(bench.store, candidate(largest(bench)))
        assert len(bench.default_read(SecretName(NAME)) or "") == bench.store.max_value_bytes

    def test_restage_of_a_version_that_is_gone_is_false(self, bench: Bench) -> None:
        """Vault needs no placeholder, so a secret that was only claimed has no current version."""
        assert claimed(bench.store) is None
        assert not bench.store.restage(NAME, GONE)
        assert seen(bench.store).stages == {}
        version = promoted(bench.store, candidate())
        assert not bench.store.restage(NAME, GONE)
        assert seen(bench.store).stages == {Stage.CURRENT: version}


_NO_VERSIONS = "KV version 1 keeps no previous version"
_NEVER_DELETED = "KV version 1 always retains: nothing could bring a deleted secret back"
_NAMED_BY_VALUE = "KV version 1 tells a value of others by a key that is there once it is claimed"


class TestVaultVersion1(StoreConformance):
    """KV version 1 with `allow_unversioned: true`; the gaps are the mount's own."""

    gaps: ClassVar[Mapping[str, str]] = {
        "test_claim_leaves_the_value_of_others": _NAMED_BY_VALUE,
        "test_promote_moves_current_and_previous": _NO_VERSIONS,
        "test_rollback_is_restage_and_promote": _NO_VERSIONS,
        "test_rollback_reaches_readers": _NO_VERSIONS,
        "test_rollback_to_a_version_of_others_can_be_taken_up_again": _NO_VERSIONS,
        "test_lines_noted_at_once_are_all_kept": _NO_VERSIONS,
        "test_removed_once_nothing_waits": _NEVER_DELETED,
        "test_removed_takes_no_lines": _NEVER_DELETED,
        "test_removed_and_restored_is_as_before": _NEVER_DELETED,
        "test_removed_takes_no_reads_and_writes": _NEVER_DELETED,
    }

    @pytest.fixture
    def bench(self, vault: VaultProcess) -> Bench:
        return VaultBench(vault.url, version=1)

    test_the_largest_value_is_taken = TestVault.test_the_largest_value_is_taken
    test_restage_of_a_version_that_is_gone_is_false = (
        TestVault.test_restage_of_a_version_that_is_gone_is_false
    )
