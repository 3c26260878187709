"""What networks, proxies and others do to the calls: a typed error, current unchanged, and the next run converges."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator

import pytest

from tba_secrets.errors import (
    AccessDeniedError,
    ConflictError,
    StoreError,
    StoreUnavailableError,
)
from tba_secrets.stores.failures import Outcome, StoreFailure
from tba_secrets.stores.interface import Candidate, Stage, VersionId
from tba_secrets.stores.vault import VaultStore
from tba_secrets.stores.vault.client import VaultClient
from tba_secrets.stores.vault.kv2 import KvV2
from tba_secrets.stores.vault.retry import VaultRetry
from tba_secrets.stores.vault.secret import KvPath
from tba_secrets.stores.vault.transport import Deadline
from tests.stores.support import CANARY, MARK, NAME, candidate, claimed, promoted, refusal, seen
from tests.stores.vault_bench import (
    CANDIDATE_PATH,
    QUICK,
    TOKEN_VARIABLE,
    VaultBench,
    settings,
    vault_store,
)
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import ROOT_TOKEN, VaultProcess, shared_server

pytestmark = pytest.mark.long

__all__ = ["shared_server"]

ECHO = json.dumps({"errors": [CANARY], "data": {"data": CANARY}}).encode()
HTML = f"<html><body>Sign in {CANARY}</body></html>".encode()
WRITE_CURRENT = rf"POST .*/data/{NAME}"
WRITE_CANDIDATE = rf"POST .*/data/{CANDIDATE_PATH}"
LABEL_CURRENT = rf"PATCH .*/metadata/{NAME} .*tba_current"
NAME_CANDIDATE = rf"PATCH .*/metadata/{NAME} .*tba_candidate.: .1 "


class Faulty:
    """A store behind the proxy, with one promoted credential; and a bench that sees the same mount directly."""

    def __init__(self, vault: VaultProcess, proxy: FaultyProxy) -> None:
        self.direct = VaultBench(vault.url)
        self.proxy = proxy
        self.store = vault_store(proxy.url, self.direct.mount)
        claimed(self.direct.store)
        self.before = promoted(self.direct.store, candidate())
        self.text = self.direct.default_read(NAME)
        self.next = candidate()

    def rotate(self, store: VaultStore | None = None) -> VersionId:
        """What a run does: claim, stage, promote in place of what is current."""
        store = store or self.store
        store.claim(NAME, MARK)
        replacing = seen(store).stages.get(Stage.CURRENT)
        staged = self.staged(store, self.next, replacing)
        if staged != replacing:
            store.promote(NAME, staged, replacing)
        return staged

    def staged(
        self, store: VaultStore, wanted: Candidate, replacing: VersionId | None
    ) -> VersionId:
        """As the pipeline: nothing is written where the content is current already."""
        current = store.read(NAME, Stage.CURRENT)
        if current is not None and replacing is not None and current.value == wanted.value:
            return replacing
        return store.stage(NAME, wanted, replacing)

    def unchanged(self) -> bool:
        """Readers get what they got before."""
        return self.direct.default_read(NAME) == self.text

    def converged(self) -> None:
        """Another run, with nothing in its way, ends as the first should have: one version more and no leftover."""
        version = self.rotate(self.direct.store)
        now = seen(self.direct.store)
        assert now.stages[Stage.CURRENT] == version
        assert now.stages[Stage.PREVIOUS] == self.before
        assert json.loads(self.direct.default_read(NAME) or "") == json.loads(
            self.next.value.reveal()
        )
        told = self.direct.metadata()
        assert told["current_version"] == 2
        assert version in told["custom_metadata"]["tba_version_2"]
        assert self.direct.api.data(f"{self.direct.mount}/metadata/{CANDIDATE_PATH}") is None


@pytest.fixture
def faulty(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
    with FaultyProxy(vault.url) as proxy:
        yield Faulty(vault, proxy)


def test_without_a_fault_a_run_converges(faulty: Faulty) -> None:
    faulty.rotate()
    faulty.converged()


# --- lost replies: the write is read back -------------------------------------------------------

WRITES = {
    "candidate": WRITE_CANDIDATE,
    "current": WRITE_CURRENT,
    "name of the candidate": NAME_CANDIDATE,
    "label of current": LABEL_CURRENT,
    "end of the candidate": rf"DELETE .*/metadata/{CANDIDATE_PATH}",
}


@pytest.mark.parametrize("calls", WRITES.values(), ids=WRITES.keys())
@pytest.mark.parametrize("status", [None, 502])
@pytest.mark.parametrize("carried_out", [True, False], ids=["done", "not done"])
def test_a_lost_reply_is_read_back(
    faulty: Faulty, calls: str, status: int | None, carried_out: bool
) -> None:
    faulty.proxy.fail(calls, status, body=ECHO, carried_out=carried_out)
    version = faulty.rotate()
    assert seen(faulty.direct.store).stages == {
        Stage.CURRENT: version,
        Stage.PREVIOUS: faulty.before,
    }
    faulty.converged()


@pytest.mark.parametrize("calls", [WRITE_CANDIDATE, WRITE_CURRENT])
def test_a_write_that_was_carried_out_is_not_sent_again(faulty: Faulty, calls: str) -> None:
    """Nothing is decided before it was read back."""
    faulty.proxy.fail(calls, carried_out=True)
    faulty.rotate()
    assert faulty.proxy.count(calls) == 1


def test_equal_contents_of_a_later_version_are_not_our_write(faulty: Faulty) -> None:
    kv = KvV2(VaultClient(settings(faulty.direct.api.url, faulty.direct.mount), retry=QUICK))
    path, value = KvPath("netsuite/sandbox/other"), faulty.next.value
    assert kv.write(path, value, 0).number == 1
    assert kv.write(path, value, 0).number == 1, "our own write, seen again"
    kv.write(path, value, 1)
    with pytest.raises(StoreFailure) as caught:
        kv.write(path, value, 0)
    assert caught.value.outcome is Outcome.MISMATCH


def test_html_with_status_200_in_place_of_the_reply_is_read_back(faulty: Faulty) -> None:
    faulty.proxy.fail(WRITE_CURRENT, 200, body=HTML, carried_out=True)
    faulty.rotate()
    faulty.converged()


def test_another_write_in_place_of_a_lost_one_is_a_conflict(faulty: Faulty) -> None:
    """The broken twin: what is read back is not ours."""
    faulty.proxy.fail(
        WRITE_CURRENT,
        502,
        before=lambda: faulty.direct.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT),
    )
    refusal(ConflictError, faulty.rotate, NAME)
    assert faulty.direct.default_read(NAME) == '{"a":"theirs"}'


def test_a_write_of_others_between_read_and_write_is_a_conflict(faulty: Faulty) -> None:
    faulty.proxy.fail(
        WRITE_CURRENT,
        before=lambda: faulty.direct.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT),
    )
    refusal(ConflictError, faulty.rotate, NAME, "somebody else")
    assert faulty.direct.default_read(NAME) == '{"a":"theirs"}'


# --- a kill between two calls ---------------------------------------------------------------------


WRITES_OF_A_RUN = 5
"""Name and write the candidate; write and label current; take the candidate away."""


@pytest.mark.parametrize("survived", range(WRITES_OF_A_RUN + 1))
def test_a_kill_after_any_write_converges(faulty: Faulty, survived: int) -> None:
    """Readers have the old credential or the tested new one, and the next run ends as it should."""
    faulty.proxy.die_after(survived)
    if survived < WRITES_OF_A_RUN:
        refusal(StoreUnavailableError, faulty.rotate, "initialised")
    else:
        faulty.rotate()
    new = json.loads(faulty.direct.default_read(NAME) or "") == json.loads(
        faulty.next.value.reveal()
    )
    assert new == (survived >= 3)
    assert new or faulty.unchanged()
    faulty.converged()


def test_a_kill_then_another_value_leaves_nothing_behind(faulty: Faulty) -> None:
    """The candidate that the run named and did not write is none."""
    faulty.proxy.fail(WRITE_CANDIDATE, 501, times=1000)
    refusal(StoreUnavailableError, faulty.rotate, "initialised")
    assert Stage.CANDIDATE not in seen(faulty.direct.store).stages
    assert not seen(faulty.direct.store).foreign_candidate
    faulty.next = candidate()
    faulty.converged()


# --- refusals: typed, in our words, and nothing changed -------------------------------------------

REFUSALS = {
    "policy": (
        403,
        b'{"errors":["1 error occurred:\\n\\t* permission denied"]}',
        AccessDeniedError,
    ),
    "expired": (403, b'{"errors":["permission denied","invalid token"]}', AccessDeniedError),
    "no mount": (
        404,
        b'{"errors":["no handler for route \\"x\\". route entry not found."]}',
        StoreError,
    ),
    "bad request": (400, ECHO, StoreError),
    "sealed": (503, b'{"errors":["Vault is sealed"]}', StoreUnavailableError),
    "not initialised": (501, ECHO, StoreUnavailableError),
    "standby": (473, ECHO, StoreUnavailableError),
    "secondary": (472, ECHO, StoreUnavailableError),
    "rate limit": (429, ECHO, StoreUnavailableError),
    "lagging": (412, ECHO, StoreUnavailableError),
    "server error": (500, ECHO, StoreUnavailableError),
    "gateway": (502, HTML, StoreUnavailableError),
    "too large": (500, b'{"errors":["JSON string value exceeds allowed length"]}', StoreError),
    "html": (200, HTML, StoreUnavailableError),
    "broken json": (200, b'{"data": ' + CANARY.encode(), StoreUnavailableError),
    "a list": (200, b"[1]", StoreUnavailableError),
    "errors are no list": (400, b'{"errors": {"a": 1}}', StoreError),
    "method": (405, ECHO, StoreError),
}
TRIES = {
    "sealed": 3,
    "not initialised": 1,
    "standby": 4,
    "secondary": 4,
    "rate limit": 5,
    "lagging": 5,
    "server error": 4,
    "gateway": 4,
    "html": 3,
    "broken json": 3,
    "a list": 3,
}
"""How often a read is asked in all; once where nothing stands here."""


@pytest.mark.parametrize("name", REFUSALS)
def test_a_read_that_fails_is_typed_and_told_in_our_words(faulty: Faulty, name: str) -> None:
    status, body, kind = REFUSALS[name]
    claimed(faulty.store)
    faulty.proxy.fail(rf"GET .*/data/{NAME}", status, body=body, times=1000)
    asked = faulty.proxy.count(rf"GET .*/data/{NAME}")
    refusal(kind, lambda: faulty.store.read(NAME, Stage.CURRENT), f"HTTP {status}", NAME)
    assert faulty.proxy.count(rf"GET .*/data/{NAME}") - asked == TRIES.get(name, 1)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_write_that_is_refused_changes_nothing(faulty: Faulty, name: str) -> None:
    status, body, kind = REFUSALS[name]
    faulty.proxy.fail(WRITE_CURRENT, status, body=body, times=1000)
    refusal(kind, faulty.rotate, NAME)
    assert faulty.unchanged()
    faulty.converged()


MENDED = {"standby", "rate limit", "lagging", "server error", "gateway", "html", "sealed"}


@pytest.mark.parametrize("name", sorted(MENDED))
def test_what_a_moment_mends_is_asked_again(faulty: Faulty, name: str) -> None:
    status, body, _ = REFUSALS[name]
    faulty.proxy.fail(rf"GET .*/data/{NAME}", status, body=body, times=2)
    assert faulty.store.read(NAME, Stage.CURRENT) is not None


def test_a_value_that_is_too_large_is_sent_once(faulty: Faulty) -> None:
    status, body, _ = REFUSALS["too large"]
    faulty.proxy.fail(WRITE_CANDIDATE, status, body=body, times=1000)
    refusal(StoreError, faulty.rotate, "larger than this Vault takes")
    assert faulty.proxy.count(WRITE_CANDIDATE) == 1
    faulty.converged()


def test_a_policy_and_an_expired_token_are_told_apart(faulty: Faulty) -> None:
    claimed(faulty.store)
    for name, words in (("policy", ("capabilities", 'path "')), ("expired", ("has expired",))):
        status, body, kind = REFUSALS[name]
        faulty.proxy.fail(rf"GET .*/data/{NAME}", status, body=body)
        refusal(kind, lambda: faulty.store.read(NAME, Stage.CURRENT), *words)


def test_pauses_between_tries_grow_and_end(faulty: Faulty) -> None:
    pauses: list[float] = []
    store = VaultStore(
        settings(faulty.proxy.url, faulty.direct.mount), retry=VaultRetry(sleep=pauses.append)
    )
    store.describe(NAME)
    faulty.proxy.fail(rf"GET .*/data/{NAME}", 429, times=1000)
    refusal(StoreUnavailableError, lambda: store.read(NAME, Stage.CURRENT), "rate limit")
    assert len(pauses) == 4
    assert all(0.25 * 2**n <= pause <= 0.25 * 2**n * 1.5 for n, pause in enumerate(pauses))


# --- nodes that lag behind ------------------------------------------------------------------------


def headers_of_the_next_call(faulty: Faulty, **answered: str) -> dict[str, str]:
    """What is sent after an answer with these headers."""
    headers = {name.replace("_", "-"): value for name, value in answered.items()}
    faulty.proxy.fail(rf"GET .*/data/{NAME}", 404, body=b'{"data": null}', headers=headers)
    faulty.store.read(NAME, Stage.CURRENT)
    faulty.store.describe(NAME)
    sent = faulty.proxy.seen[-1].headers
    return {name: sent[name] for name in sent if name in ("X-Vault-Index", "X-Vault-Inconsistent")}


def test_a_node_is_told_how_far_the_last_one_was(faulty: Faulty) -> None:
    assert headers_of_the_next_call(faulty, X_Vault_Index="opaque") == {
        "X-Vault-Index": "opaque",
        "X-Vault-Inconsistent": "forward-active-node",
    }


def test_a_server_without_an_index_is_told_none(faulty: Faulty) -> None:
    """The broken twin."""
    assert headers_of_the_next_call(faulty) == {}


# --- redirects, slow answers, no answers ------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(faulty: Faulty, status: int) -> None:
    with FaultyProxy() as other:
        other.fail("", 200, times=1000, body=b'{"data": {}}')
        location = {"Location": f"{other.url}/v1/secret/data/x?{CANARY}"}
        faulty.proxy.fail("", status, headers=location, times=1000)
        refusal(StoreError, faulty.rotate, other.url, "never followed")
        assert other.seen == []
    assert faulty.unchanged()


def test_a_redirect_within_the_host_is_not_followed_either(faulty: Faulty) -> None:
    claimed(faulty.store)
    faulty.proxy.fail(rf"GET .*/data/{NAME}", 307, headers={"Location": "/v1/sys/health"})
    refusal(StoreError, lambda: faulty.store.read(NAME, Stage.CURRENT), "another address")
    assert faulty.proxy.count("sys/health") == 0


def test_a_dripping_answer_ends_at_the_deadline(faulty: Faulty) -> None:
    """Each byte comes well within a socket's timeout; only the whole call's deadline ends it."""
    store = VaultStore(
        settings(faulty.proxy.url, faulty.direct.mount),
        deadline=Deadline(total=0.5, connect=0.5),
        retry=QUICK,
    )
    store.describe(NAME)
    faulty.proxy.fail(rf"GET .*/data/{NAME}", times=1000, drip=True)
    started = time.monotonic()
    refusal(StoreUnavailableError, lambda: store.read(NAME, Stage.CURRENT), "within 0.5 s")
    assert time.monotonic() - started < 20


def test_a_server_that_is_not_there_is_named(faulty: Faulty) -> None:
    with FaultyProxy() as gone:
        url = gone.url
    store = vault_store(url, "secret")
    refusal(StoreUnavailableError, lambda: store.describe(NAME), url, "nothing answers")


def test_tls_that_is_not_trusted_is_named(faulty: Faulty) -> None:
    store = vault_store(faulty.proxy.url.replace("http:", "https:"), "secret")
    refusal(StoreUnavailableError, lambda: store.describe(NAME), "TLS", "ca_cert")


def test_an_answer_without_what_belongs_in_it_is_typed(faulty: Faulty) -> None:
    claimed(faulty.store)
    odd = json.dumps({"data": {"current_version": CANARY, "versions": []}}).encode()
    faulty.proxy.fail(rf"GET .*/metadata/{NAME}", 200, body=odd)
    refusal(StoreUnavailableError, lambda: faulty.store.describe(NAME), "cannot be read")


# --- what leaves the process ------------------------------------------------------------------------


def test_no_value_and_no_token_is_logged_at_any_level(
    faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    faulty.proxy.fail(WRITE_CURRENT, 500, body=ECHO, carried_out=True)
    faulty.rotate()
    assert CANARY not in caplog.text
    assert ROOT_TOKEN not in caplog.text
    assert "urllib3" not in {record.name.partition(".")[0] for record in caplog.records}
    logging.getLogger("urllib3").warning("this one %s", "arrives")
    assert "this one arrives" in caplog.text


def test_the_candidate_never_crosses_the_readers_path(faulty: Faulty) -> None:
    """Only the bytes that were read back are written where readers look."""
    faulty.store.claim(NAME, MARK)
    faulty.store.stage(NAME, faulty.next, faulty.before)
    secret = json.loads(faulty.next.value.reveal())["token_secret"].encode()
    paths = {str(one) for one in faulty.proxy.seen if secret in one.body}
    assert len(paths) == 1
    assert CANDIDATE_PATH in paths.pop()
