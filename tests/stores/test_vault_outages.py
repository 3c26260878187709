"""A real Vault that is sealed, restarted or killed in the middle of a run: readers keep what they had, and the next run
converges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tba_secrets.errors import StoreUnavailableError
from tba_secrets.stores.interface import Stage, VersionId
from tba_secrets.stores.vault import VaultStore
from tests.stores.support import MARK, NAME, candidate, canonical, current, promoted, refusal, seen
from tests.stores.vault_bench import CANDIDATE_PATH, TOKEN_VARIABLE, vault_store
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import Api, FileServer, file_server

pytestmark = pytest.mark.long

WRITES_OF_A_PROMOTION = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileServer]:
    with file_server(tmp_path_factory.mktemp("vault-on-files")) as running:
        yield running


@pytest.fixture
def store(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> VaultStore:
    """On a new mount, with one promoted credential."""
    monkeypatch.setenv(TOKEN_VARIABLE, server.token)
    store = vault_store(server.url, server.api.mount_kv())
    store.claim(NAME, MARK)
    promoted(store, candidate())
    return store


def mount_of(store: VaultStore) -> str:
    return seen(store).location.partition("/")[0]


def default_read(api: Api, mount: str) -> str:
    return canonical((api.data(f"{mount}/data/{NAME}") or {})["data"])


def test_sealed_in_the_middle_of_a_run(server: FileServer, store: VaultStore) -> None:
    before = current(store)
    staged = candidate()
    version = store.stage(NAME, staged, before)
    server.seal()
    for call in (
        lambda: store.promote(NAME, version, before),
        lambda: store.read(NAME, Stage.CURRENT),
        lambda: store.describe(NAME),
        lambda: store.preflight([NAME]),
    ):
        refusal(StoreUnavailableError, call, "sealed", "unseal")
    server.unseal()
    assert current(store) == before
    store.promote(NAME, version, before)
    assert seen(store).stages == {Stage.CURRENT: version, Stage.PREVIOUS: before}


def test_restarted_in_the_middle_of_a_run(server: FileServer, store: VaultStore) -> None:
    """Sealed as every Vault that starts; then the same store goes on over new connections."""
    before = current(store)
    version = store.stage(NAME, candidate(), before)
    server.running.stop()
    refusal(StoreUnavailableError, lambda: store.promote(NAME, version, before), "nothing answers")
    server.start_again()
    refusal(StoreUnavailableError, lambda: store.promote(NAME, version, before), "sealed")
    server.unseal()
    store.promote(NAME, version, before)
    assert current(store) == version


@pytest.mark.parametrize("writes", range(WRITES_OF_A_PROMOTION + 1))
def test_killed_at_any_write_of_a_promotion(
    server: FileServer, store: VaultStore, writes: int
) -> None:
    """SIGKILL as the proxy passes on the write that comes after `writes` others."""
    mount, before = mount_of(store), current(store)
    api, text = server.api, default_read(server.api, mount)
    staged = candidate()
    store.stage(NAME, staged, before)
    with FaultyProxy(server.url) as proxy:
        proxy.fail("^(POST|PATCH|DELETE)", times=writes, before=lambda: None)
        proxy.fail("^(POST|PATCH|DELETE)", times=1, before=server.running.kill)
        behind = vault_store(proxy.url, mount)
        if writes < WRITES_OF_A_PROMOTION:
            refusal(StoreUnavailableError, lambda: rotated(behind, staged_version(store)))
            server.start_again()
            server.unseal()
        else:
            rotated(behind, staged_version(store))
    assert default_read(api, mount) in (text, staged.value.reveal())
    store.claim(NAME, MARK)
    version = staged_version(store)
    rotated(store, version)
    assert seen(store).stages == {Stage.CURRENT: version, Stage.PREVIOUS: before}
    assert default_read(api, mount) == staged.value.reveal()
    assert (api.data(f"{mount}/metadata/{NAME}") or {})["current_version"] == 2
    assert api.data(f"{mount}/metadata/{CANDIDATE_PATH}") is None


def staged_version(store: VaultStore) -> VersionId:
    """What waits to be promoted, or was."""
    stages = seen(store).stages
    return stages.get(Stage.CANDIDATE) or stages[Stage.CURRENT]


def rotated(store: VaultStore, version: VersionId) -> None:
    """Promote what was tested, as the next run does."""
    now = current(store)
    if now != version:
        store.promote(NAME, version, now)
