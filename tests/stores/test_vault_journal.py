"""The journal in Vault: keys beside the secret, copies that readers do not see, and what a kill leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import requests

from tba_secrets.errors import StoreError, StoreUnavailableError
from tba_secrets.stores.interface import VersionId
from tba_secrets.stores.journal import MOST_ENTRIES, Retirement
from tba_secrets.stores.vault import VaultStore
from tests.stores.journal_conformance import (
    closed,
    current_one,
    later,
    line_for,
    revoked,
    waiting,
)
from tests.stores.support import CANARY, NAME, candidate, claimed, promoted, refusal, seen, value_of
from tests.stores.vault_bench import (
    CANDIDATE_PATH,
    PREFIX,
    TOKEN_VARIABLE,
    VaultBench,
    settings,
    vault_store,
)
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import ROOT_TOKEN, VaultProcess, shared_server

pytestmark = pytest.mark.long

__all__ = ["shared_server"]

COPIES = f"{CANDIDATE_PATH}/retiring"
WRITES = 2
"""Line and announcement, copy; or: copy deleted, line closed and announcement taken away. Where the copy is all that is
left of the version, the line is closed before. KV version 1 writes its notes alike."""


@pytest.fixture(params=[2, 1], ids=["version 2", "version 1"])
def bench(
    request: pytest.FixtureRequest, vault: VaultProcess, monkeypatch: pytest.MonkeyPatch
) -> VaultBench:
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
    return VaultBench(vault.url, version=request.param)


@pytest.fixture
def proxy(vault: VaultProcess) -> Iterator[FaultyProxy]:
    with FaultyProxy(vault.url) as running:
        yield running


def behind(proxy: FaultyProxy, bench: VaultBench) -> VaultStore:
    """A store on the same mount, that a fault may hit."""
    return vault_store(proxy.url, bench.mount, allow_unversioned=bench.version == 1)


def kept(bench: VaultBench) -> dict[str, str]:
    """What is kept beside the secret, but for the key of version 1 that is random."""
    if bench.version == 2:
        return dict(bench.metadata().get("custom_metadata") or {})
    return bench.api.data(f"{bench.mount}/tba-candidates/notes/{NAME}") or {}


def marks(bench: VaultBench) -> list[str]:
    """The keys of the versions that are pinned."""
    found = [key for key in kept(bench) if key.startswith("tba_retiring_")]
    return sorted(key.removeprefix("tba_retiring_") for key in found)


def copies(bench: VaultBench) -> list[str]:
    """The keys of the copies that lie there, values or only metadata."""
    folder = f"metadata/{COPIES}" if bench.version == 2 else COPIES
    told = bench.api.data(f"{bench.mount}/{folder}?list=true")
    return sorted((told or {}).get("keys", []))


def test_a_line_is_a_key_and_a_copy_until_it_is_closed(bench: VaultBench) -> None:
    entry, _ = waiting(bench)
    assert kept(bench)[f"tba_journal_{entry.key}"] == entry.line()
    assert kept(bench)[f"tba_retiring_{entry.key}"] == entry.version
    assert (marks(bench), copies(bench)) == ([entry.key], [entry.key])
    promoted(bench.store, candidate())
    bench.store.note(NAME, closed(entry, Retirement.REVOKED))
    assert kept(bench)[f"tba_journal_{entry.key}"].endswith(" revoked")
    assert (marks(bench), copies(bench)) == ([], [])


def test_nothing_beside_the_secret_holds_a_value(bench: VaultBench) -> None:
    waiting(bench)
    assert CANARY not in json.dumps(kept(bench))
    folder = f"data/{COPIES}" if bench.version == 2 else COPIES
    copy = bench.api.data(f"{bench.mount}/{folder}/{copies(bench)[0]}")
    assert CANARY in json.dumps(copy), "the broken twin: the copy holds one"


def test_noted_again_writes_nothing(bench: VaultBench, proxy: FaultyProxy) -> None:
    entry, _ = waiting(bench)
    store = behind(proxy, bench)
    store.note(NAME, entry)
    assert proxy.count("^(POST|PUT|PATCH|DELETE) .*" + NAME) == 0
    store.note(NAME, closed(entry, Retirement.REVOKED))
    assert proxy.count("^(POST|PUT|PATCH|DELETE) .*" + NAME) == WRITES


def test_closed_lines_are_bounded_and_leave_no_key(bench: VaultBench) -> None:
    claimed(bench.store)
    for number in range(MOST_ENTRIES + 2):
        bench.store.note(NAME, revoked(number))
    assert sum(key.startswith("tba_journal_") for key in kept(bench)) == MOST_ENTRIES
    assert f"tba_journal_{revoked(1).key}" not in kept(bench)


def test_a_reader_with_a_wildcard_on_the_prefix_never_sees_a_copy(bench: VaultBench) -> None:
    entry, _ = waiting(bench)
    folder = f"data/{COPIES}" if bench.version == 2 else COPIES
    data = "data/" if bench.version == 2 else ""

    def status(rules: str, path: str) -> int:
        token = bench.api.token_for(rules)
        url = f"{bench.api.url}/v1/{bench.mount}/{path}"
        return requests.get(url, headers={"X-Vault-Token": token}, timeout=30).status_code

    of_prefix = f'path "{bench.mount}/{data}{PREFIX}*" {{ capabilities = ["read", "list"] }}'
    of_all = f'path "{bench.mount}/*" {{ capabilities = ["read", "list"] }}'
    assert status(of_prefix, f"{data}{NAME}") == 200
    assert status(of_prefix, f"{folder}/{entry.key}") == 403
    assert status(of_all, f"{folder}/{entry.key}") == 200, "the broken twin: no prefix at all"


def test_what_others_wrote_beside_it_stays(bench: VaultBench) -> None:
    claimed(bench.store)
    if bench.version == 2:
        bench.set_metadata({"custom_metadata": {**kept(bench), "team": "warehouse"}})
    else:
        path = f"{bench.mount}/tba-candidates/notes/{NAME}"
        bench.api.call("POST", path, {**kept(bench), "team": "warehouse"})
    entry, _ = waiting(bench)
    bench.store.note(NAME, closed(entry, Retirement.REVOKED))
    assert kept(bench)["team"] == "warehouse"


# --- kills and lost replies -----------------------------------------------------------------------

NEXT: dict[str, Callable[[VaultBench, VersionId], None]] = {
    "another line": lambda bench, version: bench.store.note(NAME, revoked(1)),
    "a new version's line": lambda bench, version: void(waiting(bench, since=2)),
}


def void(_: object) -> None:
    """For lambdas that return nothing."""


def converged(bench: VaultBench) -> None:
    """Exactly what waits is pinned, and there is a copy of all that is pinned."""
    open_keys = sorted(entry.key for entry in seen(bench.store).journal if entry.open)
    assert marks(bench) == open_keys
    assert copies(bench) == open_keys


@pytest.mark.parametrize("survived", range(WRITES))
def test_killed_while_noting_then_noted_again(
    bench: VaultBench, proxy: FaultyProxy, survived: int
) -> None:
    entry, text = current_one(bench)
    store = behind(proxy, bench)
    store.describe(NAME)
    proxy.die_after(survived)
    refusal(StoreUnavailableError, lambda: store.note(NAME, entry))
    assert seen(bench.store).journal == ((entry,) if survived else ())
    bench.store.note(NAME, entry)
    converged(bench)
    later(bench)
    assert value_of(bench.store, VersionId(entry.version)) is not None
    assert json.loads(value_of(bench.store, VersionId(entry.version)) or "") == json.loads(text)


@pytest.mark.parametrize("survived", range(WRITES))
@pytest.mark.parametrize("next_one", NEXT.values(), ids=NEXT.keys())
def test_killed_while_noting_and_never_noted(
    bench: VaultBench,
    proxy: FaultyProxy,
    survived: int,
    next_one: Callable[[VaultBench, VersionId], None],
) -> None:
    """A copy is there before Vault may drop what a line speaks of, and none lies about without a line."""
    entry, text = current_one(bench)
    store = behind(proxy, bench)
    store.describe(NAME)
    proxy.die_after(survived)
    refusal(StoreUnavailableError, lambda: store.note(NAME, entry))
    assert len(marks(bench)) == survived
    assert copies(bench) == []
    next_one(bench, VersionId(entry.version))
    assert set(copies(bench)) <= set(marks(bench))
    if survived and bench.version == 2:
        later(bench)
        assert value_of(bench.store, VersionId(entry.version)) == text


@pytest.mark.parametrize("survived", range(WRITES + 1))
def test_killed_while_closing(bench: VaultBench, proxy: FaultyProxy, survived: int) -> None:
    """The copy is all that is left: until the line is closed it is there; then whatever is left is taken away."""
    entry, _ = waiting(bench)
    later(bench)
    store = behind(proxy, bench)
    store.describe(NAME)
    proxy.die_after(survived)
    refusal(StoreUnavailableError, lambda: store.note(NAME, closed(entry, Retirement.REVOKED)))
    line = seen(bench.store).journal[0]
    assert line.open == (survived == 0)
    assert len(marks(bench)) == 1
    assert len(copies(bench)) == (survived < WRITES)
    if line.open:
        assert bench.store.read(NAME, VersionId(entry.version)) is not None
        bench.store.note(NAME, closed(entry, Retirement.REVOKED))
    else:
        bench.store.note(NAME, revoked(1))
    converged(bench)
    assert marks(bench) == []


@pytest.mark.parametrize("survived", range(WRITES))
def test_killed_while_closing_what_is_still_a_version(
    bench: VaultBench, proxy: FaultyProxy, survived: int
) -> None:
    """The copy goes first: the version itself is there until the line is closed."""
    entry, text = waiting(bench)
    store = behind(proxy, bench)
    store.describe(NAME)
    proxy.die_after(survived)
    refusal(StoreUnavailableError, lambda: store.note(NAME, closed(entry, Retirement.REVOKED)))
    assert seen(bench.store).journal == (entry,)
    assert value_of(bench.store, VersionId(entry.version)) == text
    bench.store.note(NAME, closed(entry, Retirement.REVOKED))
    converged(bench)
    assert marks(bench) == []


@pytest.mark.parametrize("calls", [f"(PATCH|POST) .*{NAME}", f"(POST|PUT) .*{COPIES}"])
@pytest.mark.parametrize("carried_out", [True, False], ids=["done", "not done"])
def test_a_lost_reply_is_read_back(
    bench: VaultBench, proxy: FaultyProxy, calls: str, carried_out: bool
) -> None:
    entry, text = current_one(bench)
    proxy.fail(calls, carried_out=carried_out)
    behind(proxy, bench).note(NAME, entry)
    converged(bench)
    later(bench)
    assert value_of(bench.store, VersionId(entry.version)) == text


def test_a_copy_that_somebody_deleted_is_made_again(bench: VaultBench) -> None:
    entry, text = waiting(bench)
    folder = f"metadata/{COPIES}" if bench.version == 2 else COPIES
    bench.api.call("DELETE", f"{bench.mount}/{folder}/{entry.key}")
    assert copies(bench) == []
    bench.store.note(NAME, entry)
    later(bench)
    assert value_of(bench.store, VersionId(entry.version)) == text


def test_a_copy_whose_value_somebody_deleted_is_made_again(
    vault: VaultProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`vault kv delete` leaves a path with a number that check-and-set has to name."""
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
    bench = VaultBench(vault.url)
    entry, text = waiting(bench)
    bench.api.call("DELETE", f"{bench.mount}/data/{COPIES}/{entry.key}")
    bench.store.note(NAME, entry)
    later(bench)
    assert value_of(bench.store, VersionId(entry.version)) == text


SETTLED = 6
"""So many versions prove that Vault keeps enough of them."""


@pytest.fixture
def settled(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> tuple[VaultBench, VersionId]:
    """A secret of KV version 2 with some history, and its current version, which is noted: it needs no copy yet."""
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
    bench = VaultBench(vault.url)
    claimed(bench.store)
    for _ in range(SETTLED):
        version = promoted(bench.store, candidate())
    bench.store.note(NAME, line_for(version, 1))
    assert (marks(bench), copies(bench)) == ([], [])
    return bench, version


def test_a_version_that_vault_keeps_is_copied_before_it_may_be_dropped(
    settled: tuple[VaultBench, VersionId],
) -> None:
    bench, version = settled
    text = value_of(bench.store, version)
    for _ in range(2 * SETTLED):
        promoted(bench.store, candidate())
    assert version not in str(bench.metadata()["versions"])
    assert copies(bench) == [line_for(version, 1).key]
    assert value_of(bench.store, version) == text


def test_a_version_is_copied_at_once_where_fewer_are_kept_from_now_on(
    settled: tuple[VaultBench, VersionId],
) -> None:
    bench, version = settled
    text = value_of(bench.store, version)
    bench.set_metadata({"max_versions": 1})
    promoted(bench.store, candidate())
    assert list(bench.metadata()["versions"]) == [str(SETTLED + 1)]
    assert value_of(bench.store, version) == text


def test_without_a_line_it_would_be_dropped(settled: tuple[VaultBench, VersionId]) -> None:
    """The broken twin."""
    bench, version = settled
    bench.store.note(NAME, closed(line_for(version, 1), Retirement.RESTORED))
    bench.set_metadata({"max_versions": 1})
    promoted(bench.store, candidate())
    assert bench.store.read(NAME, version) is None


@pytest.mark.parametrize("line", ["theirs", "v d 1 2 unknown", "v d one 2 overlap"])
def test_a_line_of_others_is_never_overlooked(bench: VaultBench, line: str) -> None:
    entry, _ = waiting(bench)
    key = f"tba_journal_{entry.key}"
    theirs = {**kept(bench), key: line}
    if bench.version == 2:
        bench.set_metadata({"custom_metadata": theirs})
    else:
        bench.api.call("POST", f"{bench.mount}/tba-candidates/notes/{NAME}", theirs)
    refusal(StoreError, lambda: bench.store.describe(NAME), key)
    refusal(StoreError, lambda: bench.store.remove(NAME), key)


def test_the_copies_lie_outside_the_readers_prefix() -> None:
    told = settings("http://127.0.0.1:1", "kv")
    assert COPIES.startswith(told.candidate_prefix + told.prefix)
    assert not COPIES.startswith(told.prefix)
