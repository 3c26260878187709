"""KV version 1: what is promised without versions, check-and-set and metadata; and what a kill leaves."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tba_secrets.errors import ConflictError
from tba_secrets.stores.interface import Stage
from tests.stores.support import (
    CANARY,
    MARK,
    NAME,
    candidate,
    claimed,
    current,
    promoted,
    refusal,
    seen,
    value_of,
)
from tests.stores.vault_bench import CANDIDATE_PATH, TOKEN_VARIABLE, VaultBench, vault_store
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import ROOT_TOKEN, VaultProcess, shared_server

__all__ = ["shared_server"]

NOTES_PATH = f"tba-candidates/notes/{NAME}"


@pytest.fixture
def bench(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> VaultBench:
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
    return VaultBench(vault.url, version=1)


def notes(bench: VaultBench) -> dict[str, str]:
    return bench.api.data(f"{bench.mount}/{NOTES_PATH}") or {}


def test_the_value_is_where_readers_look_and_nothing_else_is(bench: VaultBench) -> None:
    """Not at `data/...`, and not in an envelope."""
    claimed(bench.store)
    staged = candidate()
    promoted(bench.store, staged)
    assert bench.default_read(NAME) == staged.value.reveal()
    assert bench.api.data(f"{bench.mount}/data/{NAME}") is None
    assert bench.api.data(f"{bench.mount}/{CANDIDATE_PATH}") is None
    assert CANARY not in json.dumps(notes(bench))


def test_an_id_names_the_value_and_is_gone_with_it(bench: VaultBench) -> None:
    claimed(bench.store)
    version = promoted(bench.store, candidate())
    assert current(bench.store) == version
    bench.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT)
    drifted = current(bench.store)
    assert drifted not in (None, version)
    assert bench.store.read(NAME, version) is None
    bench.write_as_another(NAME, '{"a":"other"}', Stage.CURRENT)
    assert current(bench.store) not in (drifted, version)


def test_the_value_of_others_stays_when_it_is_claimed(bench: VaultBench) -> None:
    bench.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT)
    assert seen(bench.store).owner is None
    claimed(bench.store)
    assert seen(bench.store).owner == MARK
    assert bench.default_read(NAME) == '{"a":"theirs"}'


def test_a_claim_since_the_look_is_refused(bench: VaultBench) -> None:
    """One after the other; at the same instant nothing tells them apart."""
    other = replace(MARK, stack="acme/netsuite/production")
    bench.store.claim(NAME, other, seen=None)
    refusal(ConflictError, lambda: bench.store.claim(NAME, MARK, seen=None), NAME, other.stack)
    assert seen(bench.store).owner == other
    assert bench.store.claim(NAME, MARK, seen=seen(bench.store)).owner == MARK


def test_promotion_has_no_previous_version(bench: VaultBench) -> None:
    claimed(bench.store)
    before = promoted(bench.store, candidate())
    version = promoted(bench.store, candidate())
    assert seen(bench.store).stages == {Stage.CURRENT: version}
    assert bench.store.read(NAME, Stage.PREVIOUS) is None
    assert not bench.store.restage(NAME, before)


def test_what_was_proven_is_noted_and_speaks_of_the_current_value_alone(bench: VaultBench) -> None:
    claimed(bench.store)
    staged = candidate()
    version = bench.store.stage(NAME, staged, None)
    bench.store.promote(NAME, version, None)
    assert "tba_account" not in notes(bench)
    bench.store.promote(NAME, version, None, {"account": "1234567_SB1", "role": "Warehouse"})
    bench.store.promote(NAME, version, None, {"account": "another"})
    assert (notes(bench)["tba_account"], notes(bench)["tba_role"]) == ("1234567_SB1", "Warehouse")
    second = bench.store.stage(NAME, candidate(), version)
    bench.store.promote(NAME, second, version, {"account": "1234567_SB1"})
    assert notes(bench)["tba_account"] == "1234567_SB1"
    assert "tba_role" not in notes(bench)


def test_remove_takes_the_candidate_and_leaves_the_secret(bench: VaultBench) -> None:
    claimed(bench.store)
    staged = candidate()
    version = promoted(bench.store, staged)
    bench.store.stage(NAME, candidate(), version)
    bench.store.remove(NAME)
    assert seen(bench.store).stages == {Stage.CURRENT: version}
    assert seen(bench.store).deletion_at is None
    assert bench.default_read(NAME) == staged.value.reveal()
    assert bench.api.data(f"{bench.mount}/{CANDIDATE_PATH}") is None


@pytest.mark.parametrize("writes", range(4))
def test_a_kill_after_any_write_of_a_run_converges(
    bench: VaultBench, vault: VaultProcess, writes: int
) -> None:
    """Candidate, value, notes, end of the candidate."""
    claimed(bench.store)
    before, staged = promoted(bench.store, candidate()), candidate()
    text = bench.default_read(NAME)
    with FaultyProxy(vault.url) as proxy:
        behind = vault_store(proxy.url, bench.mount, allow_unversioned=True)
        proxy.die_after(writes)
        with pytest.raises(Exception, match="initialised"):
            behind.promote(NAME, behind.stage(NAME, staged, before), before)
    assert bench.default_read(NAME) == (text if writes < 2 else staged.value.reveal())
    if value_of(bench.store, Stage.CURRENT) != staged.value.reveal():
        now = current(bench.store)
        bench.store.promote(NAME, bench.store.stage(NAME, staged, now), now)
    claimed(bench.store)
    assert bench.default_read(NAME) == staged.value.reveal()
    assert set(seen(bench.store).stages) == {Stage.CURRENT}
    assert str(current(bench.store)).startswith("tba-")
    assert bench.api.data(f"{bench.mount}/{CANDIDATE_PATH}") is None


def test_somebody_elses_write_is_not_overwritten(bench: VaultBench) -> None:
    claimed(bench.store)
    before = promoted(bench.store, candidate())
    version = bench.store.stage(NAME, candidate(), before)
    bench.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT)
    refusal(ConflictError, lambda: bench.store.promote(NAME, version, before), NAME)
    assert bench.default_read(NAME) == '{"a":"theirs"}'
