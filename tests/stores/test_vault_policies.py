"""The policies that are printed are enough, each of their lines is needed, and readers never see a candidate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tba_secrets.errors import AccessDeniedError, StoreError
from tba_secrets.stores.interface import Stage
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.vault import VaultStore
from tba_secrets.stores.vault.policy import OF_EVERY_TOKEN, PolicyLine, pasted, policy_lines
from tests.stores.journal_conformance import closed
from tests.stores.support import MARK, NAME, candidate, promoted, refusal, seen
from tests.stores.vault_bench import (
    CANDIDATE_PATH,
    TOKEN_VARIABLE,
    VaultBench,
    settings,
    vault_store,
)
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import ROOT_TOKEN, Api, VaultProcess, shared_server

__all__ = ["shared_server"]

DOCUMENTED = Path(__file__).parents[2] / "docs" / "stores.md"
VERSIONS = {1: {"allow_unversioned": True}, 2: {}}
NUMBER_OF_LINES = {1: 2, 2: 6}


@pytest.fixture
def bench(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> VaultBench:
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
    return VaultBench(vault.url)


def store_with(
    vault: VaultProcess,
    mount: str,
    lines: list[PolicyLine],
    monkeypatch: pytest.MonkeyPatch,
    version: int = 2,
    **token: object,
) -> VaultStore:
    """A store whose token has these lines and no others, but for the policy `default`."""
    monkeypatch.setenv(TOKEN_VARIABLE, Api(vault.url).token_for(pasted(lines), **token))
    return vault_store(vault.url, mount, **VERSIONS[version])


def all_steps(store: VaultStore) -> list[Callable[[], object]]:
    """Everything that is ever done, in order."""

    def first() -> None:
        promoted(store, candidate())

    def second() -> None:
        replacing = seen(store).stages[Stage.CURRENT]
        version = store.stage(NAME, candidate(), replacing)
        store.read(NAME, version)
        store.discard(NAME, version)
        first()

    def third() -> None:
        version = seen(store).stages[Stage.CURRENT]
        entry = JournalEntry(version, "0a1b2c:d1", 1, 2)
        store.note(NAME, entry)
        first()
        assert store.read(NAME, version) is not None
        store.note(NAME, closed(entry, Retirement.REVOKED))

    return [
        lambda: store.preflight([NAME]),
        lambda: store.claim(NAME, MARK, "what it is for"),
        first,
        second,
        third,
        lambda: store.remove(NAME),
        lambda: store.restore(NAME),
        lambda: store.read(NAME, Stage.CURRENT),
    ]


def run(steps: list[Callable[[], object]]) -> None:
    """Each in turn."""
    for step in steps:
        step()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_documented_policies_are_the_printed_ones(version: int) -> None:
    documented = DOCUMENTED.read_text()
    blocks = [block.partition("```")[0].split("\n") for block in documented.split("```hcl\n")[1:]]
    example = settings("http://127.0.0.1:1", "secret", **VERSIONS[version])
    wanted = [str(line) for line in policy_lines(example, version)]
    assert [*wanted, ""] in blocks


@pytest.mark.parametrize("version", VERSIONS)
def test_the_printed_policies_are_enough(
    vault: VaultProcess, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    mount = Api(vault.url).mount_kv(version)
    lines = list(policy_lines(settings(vault.url, mount), version))
    assert len(lines) == NUMBER_OF_LINES[version]
    store = store_with(vault, mount, lines, monkeypatch, version)
    run(all_steps(store))
    assert Stage.CURRENT in seen(store).stages


@pytest.mark.parametrize(
    ("version", "taken"), [(v, n) for v, number in NUMBER_OF_LINES.items() for n in range(number)]
)
def test_without_any_line_a_step_fails_and_names_it(
    vault: VaultProcess, monkeypatch: pytest.MonkeyPatch, version: int, taken: int
) -> None:
    mount = Api(vault.url).mount_kv(version)
    lines = list(policy_lines(settings(vault.url, mount), version))
    without = lines.pop(taken)
    store = store_with(vault, mount, lines, monkeypatch, version)
    with pytest.raises(AccessDeniedError) as caught:
        run(all_steps(store))
    assert str(without) in str(caught.value)
    assert not any(str(line) in str(caught.value) for line in lines)


@pytest.mark.parametrize("taken", range(4))
def test_without_preflight_a_step_fails_and_names_the_line_too(
    vault: VaultProcess, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    mount = Api(vault.url).mount_kv()
    lines = list(policy_lines(settings(vault.url, mount)))
    without = lines.pop(taken)
    store = store_with(vault, mount, lines, monkeypatch)
    with pytest.raises(AccessDeniedError) as caught:
        run(all_steps(store)[1:])
    assert str(without) in str(caught.value)
    assert not any(str(line) in str(caught.value) for line in lines)


@pytest.mark.parametrize(
    ("line", "capability"),
    [
        (0, "create"),
        (0, "read"),
        (0, "update"),
        (1, "read"),
        (1, "patch"),
        (2, "create"),
        (3, "delete"),
    ],
)
def test_preflight_names_a_line_that_lacks_one_capability(
    vault: VaultProcess, monkeypatch: pytest.MonkeyPatch, line: int, capability: str
) -> None:
    mount = Api(vault.url).mount_kv()
    lines = list(policy_lines(settings(vault.url, mount)))
    whole = lines[line]
    kept = tuple(held for held in whole.capabilities if held != capability)
    lines[line] = PolicyLine(whole.path, kept)
    store = store_with(vault, mount, lines, monkeypatch)
    error = refusal(AccessDeniedError, lambda: store.preflight([NAME]), str(whole), NAME)
    assert str(error).count("path ") == 1


@pytest.mark.parametrize("taken", range(len(OF_EVERY_TOKEN)))
def test_a_token_without_the_default_policy_needs_its_lines(
    vault: VaultProcess, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    """Only asking for one's own capabilities is needed; the rest is done without."""
    mount = Api(vault.url).mount_kv()
    lines = [*policy_lines(settings(vault.url, mount)), *OF_EVERY_TOKEN]
    without = lines.pop(len(lines) - len(OF_EVERY_TOKEN) + taken)
    store = store_with(vault, mount, lines, monkeypatch, no_default_policy=True)
    if without.path == "sys/capabilities-self":
        refusal(AccessDeniedError, lambda: store.preflight([NAME]), str(without))
    else:
        assert store.preflight([NAME]).settings


def test_without_patch_nothing_is_written_beside_the_secret(
    bench: VaultBench, vault: VaultProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read, merge and write would undo what another run has just written there."""
    lines = [
        PolicyLine(line.path, tuple(held for held in line.capabilities if held != "patch"))
        for line in policy_lines(settings(vault.url, bench.mount))
    ]
    bench.set_metadata({"custom_metadata": {"team": "warehouse"}, "max_versions": 7})
    store = store_with(vault, bench.mount, lines, monkeypatch)
    refusal(AccessDeniedError, lambda: store.claim(NAME, MARK), NAME, '"patch"')
    assert bench.metadata()["custom_metadata"] == {"team": "warehouse"}


@pytest.mark.parametrize("status", [405, 415])
def test_a_server_that_cannot_patch_is_named(
    bench: VaultBench, vault: VaultProcess, status: int
) -> None:
    with FaultyProxy(vault.url) as proxy:
        store = vault_store(proxy.url, bench.mount)
        proxy.fail("PATCH", status, times=1000)
        store.claim(NAME, MARK)
        refusal(StoreError, lambda: store.stage(NAME, candidate(), None), f"HTTP {status}", "1.10")


def reader(bench: VaultBench, rules: str) -> Callable[[str], int]:
    """The status that a reader with these rules gets for a path."""
    token = bench.api.token_for(rules)

    def status(path: str) -> int:
        url = f"{bench.api.url}/v1/{bench.mount}/{path}"
        return requests.get(url, headers={"X-Vault-Token": token}, timeout=30).status_code

    return status


def test_a_reader_with_a_wildcard_on_the_prefix_never_sees_a_candidate(bench: VaultBench) -> None:
    prefix = settings("http://127.0.0.1:1", bench.mount).prefix
    read = reader(
        bench,
        f'path "{bench.mount}/data/{prefix}*" {{ capabilities = ["read", "list"] }}\n'
        f'path "{bench.mount}/metadata/{prefix}*" {{ capabilities = ["read", "list"] }}',
    )
    everything = reader(bench, f'path "{bench.mount}/*" {{ capabilities = ["read", "list"] }}')
    bench.store.claim(NAME, MARK)
    bench.store.stage(NAME, candidate(), None)
    assert read(f"data/{NAME}") == 404
    assert read(f"metadata/{prefix}?list=true") == 200
    assert read(f"data/{CANDIDATE_PATH}") == 403
    assert read(f"metadata/{CANDIDATE_PATH}") == 403
    assert everything(f"data/{CANDIDATE_PATH}") == 200, "the broken twin: no prefix at all"
    promoted(bench.store, candidate())
    assert read(f"data/{NAME}") == 200


def test_a_mount_that_is_not_there_or_not_allowed_is_named(
    vault: VaultProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = list(policy_lines(settings(vault.url, "nowhere")))
    store = store_with(vault, "nowhere", lines, monkeypatch)
    refusal(AccessDeniedError, lambda: store.describe(NAME), "nowhere", "vault secrets list")
