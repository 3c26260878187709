"""The calls that each move costs on a real Vault, counted on the wire, when the caller hands back what it has seen."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from tba_secrets.errors import ConflictError
from tba_secrets.stores.interface import OwnerMark, Snapshot, Stage, VersionId
from tba_secrets.stores.journal import JournalEntry, Retirement
from tba_secrets.stores.vault import VaultStore
from tests.stores.journal_conformance import closed, line_for
from tests.stores.support import (
    MARK,
    NAME,
    at_once,
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

pytestmark = pytest.mark.long

__all__ = ["shared_server"]

OTHER = OwnerMark("acme/netsuite/production", "orders/bot", "claim-of-another")
FRAMES = 7
"""Of ours, from `Store.stage` to requests' HTTPAdapter.send."""
ESTABLISHED = 6
"""So many versions prove that Vault keeps enough of them: what is superseded needs no copy."""


class Wire:
    """A store behind the proxy, and a bench that sees the same mount directly."""

    def __init__(self, vault: VaultProcess, proxy: FaultyProxy) -> None:
        self.direct = VaultBench(vault.url)
        self.proxy = proxy
        self.store = self.another()
        self.store.names("nothing/")  # login and mount are asked once a run
        proxy.seen.clear()

    def another(self) -> VaultStore:
        """As another process: it has seen nothing yet."""
        return vault_store(self.proxy.url, self.direct.mount)

    def calls(self) -> list[str]:
        """The calls since the last time, `METHOD kind of what`."""
        seen = [str(one) for one in self.proxy.seen]
        self.proxy.seen.clear()
        return [self._short(one) for one in seen if "sys/" not in one and "auth/" not in one]

    def established(self) -> VersionId:
        """A secret with some history, nothing waiting; its current version."""
        claimed(self.direct.store)
        for _ in range(ESTABLISHED):
            version = promoted(self.direct.store, candidate())
        return version

    def looked(self) -> Snapshot:
        """What a run begins with."""
        snapshot = self.store.describe(NAME)
        assert snapshot is not None
        return snapshot

    def changed(self, before: Snapshot) -> VersionId:
        """Stage, prove and promote, as a run does."""
        replacing = before.stages.get(Stage.CURRENT)
        version = self.store.stage(NAME, candidate(), replacing, seen=before)
        assert self.store.read(NAME, version) is not None
        self.store.promote(NAME, version, replacing, {"account": "1234567"}, seen=before)
        return version

    def _short(self, call: str) -> str:
        method, _, path = call.partition(" ")
        path = path.partition("?")[0].removeprefix(f"{self.direct.mount}/")
        kind, _, place = path.partition("/")
        names = {NAME: "secret", CANDIDATE_PATH: "candidate", f"{CANDIDATE_PATH}/owner": "owner"}
        return f"{method} {kind} of {names.get(place, 'copy')}"


@pytest.fixture
def wire(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
    with FaultyProxy(vault.url) as proxy:
        yield Wire(vault, proxy)


LOOK = ["GET metadata of secret"]
STAGE = ["PATCH metadata of secret", "POST data of candidate"]
PROVE = ["GET data of candidate"]
PROMOTE = [
    "POST data of secret",
    "PATCH metadata of secret",
    "DELETE metadata of candidate",
]
READ_BOTH = ["GET data of secret", "GET data of secret"]
CALLS = {
    "create, prove, promote": [
        *LOOK,
        "POST data of owner",
        "POST metadata of secret",
        *STAGE,
        *PROVE,
        *PROMOTE,
    ],
    "changed source": [*LOOK, *STAGE, *PROVE, *PROMOTE],
    "rotation": [*LOOK, "PATCH metadata of secret", *STAGE, *PROVE, *PROMOTE],
    "no-op, preview": LOOK,
    "destroy": [*LOOK, "POST delete of secret"],
    "retire, one line": [*LOOK, *READ_BOTH, "PATCH metadata of secret"],
}
"""What docs/stores.md counts, call by call."""
DOCUMENTED = Path(__file__).parents[2] / "docs" / "stores.md"


# --- the least --------------------------------------------------------------------------------------


def test_create_prove_and_promote(wire: Wire) -> None:
    assert wire.store.describe(NAME) is None
    before = wire.store.claim(NAME, MARK, "what it is for", seen=None)
    version = wire.changed(before)
    assert wire.calls() == CALLS["create, prove, promote"]
    assert seen(wire.direct.store).stages == {Stage.CURRENT: version}
    assert seen(wire.direct.store).owner == MARK


def test_changed_source(wire: Wire) -> None:
    before = wire.established()
    look = wire.looked()
    version = wire.changed(wire.store.claim(NAME, MARK, seen=look))
    assert wire.calls() == CALLS["changed source"]
    assert seen(wire.direct.store).stages == {Stage.CURRENT: version, Stage.PREVIOUS: before}


def test_rotation_writes_its_line_too(wire: Wire) -> None:
    entry = line_for(wire.established(), 1)
    look = wire.looked()
    wire.store.note(NAME, entry, seen=look)
    wire.changed(look)
    assert wire.calls() == CALLS["rotation"]
    assert seen(wire.direct.store).journal == (entry,)
    assert value_of(wire.direct.store, VersionId(entry.version)) is not None


def test_rotation_copies_what_vault_may_drop(wire: Wire) -> None:
    """Nothing proves yet that the mount keeps more than one version."""
    claimed(wire.direct.store)
    entry = line_for(promoted(wire.direct.store, candidate()), 1)
    look = wire.looked()
    wire.store.note(NAME, entry, seen=look)
    wire.changed(wire.looked())
    assert wire.calls() == [
        *LOOK,
        "GET data of secret",
        "PATCH metadata of secret",
        "POST data of copy",
        *LOOK,
        *STAGE,
        *PROVE,
        *PROMOTE,
    ]


def test_no_op(wire: Wire) -> None:
    wire.established()
    look = wire.looked()
    assert wire.store.claim(NAME, MARK, seen=look) == look
    assert wire.calls() == CALLS["no-op, preview"]


def test_a_candidate_that_waits_costs_a_call_more(wire: Wire) -> None:
    wire.direct.store.stage(NAME, candidate(), wire.established())
    assert Stage.CANDIDATE in wire.looked().stages
    assert wire.calls() == [*LOOK, "GET metadata of candidate"]


def test_a_candidate_of_another_process_is_proven_and_promoted(wire: Wire) -> None:
    before = wire.established()
    version = wire.direct.store.stage(NAME, candidate(), before)
    look = wire.looked()
    assert wire.store.read(NAME, version) is not None
    wire.store.promote(NAME, version, before, seen=look)
    assert wire.calls() == [*LOOK, "GET metadata of candidate", *PROVE, *PROMOTE]
    assert current(wire.direct.store) == version


def test_promotion_without_a_proof_reads_the_candidate_back(wire: Wire) -> None:
    before = wire.established()
    version = wire.direct.store.stage(NAME, candidate(), before)
    wire.store.promote(NAME, version, before, seen=wire.looked())
    assert wire.calls() == [*LOOK, "GET metadata of candidate", "GET data of candidate", *PROMOTE]


def test_discard(wire: Wire) -> None:
    version = wire.direct.store.stage(NAME, candidate(), wire.established())
    look = wire.looked()
    wire.calls()
    wire.store.discard(NAME, version, seen=look)
    assert wire.calls() == ["DELETE metadata of candidate", "PATCH metadata of secret"]
    assert Stage.CANDIDATE not in wire.looked().stages


def test_destroy(wire: Wire) -> None:
    wire.established()
    wire.store.remove(NAME)
    assert wire.calls() == CALLS["destroy"]


def test_destroy_with_a_candidate(wire: Wire) -> None:
    wire.direct.store.stage(NAME, candidate(), wire.established())
    wire.store.remove(NAME)
    assert wire.calls() == [
        *LOOK,
        "GET metadata of candidate",
        "DELETE metadata of candidate",
        "POST delete of secret",
    ]


def retired(wire: Wire, entry: JournalEntry) -> list[str]:
    """Look, read the old token, read the current one, close the line: what it cost."""
    wire.calls()
    look = wire.looked()
    assert wire.store.read(NAME, VersionId(entry.version)) is not None
    assert wire.store.read(NAME, Stage.CURRENT) is not None
    wire.store.note(NAME, closed(entry, Retirement.REVOKED), seen=look)
    return wire.calls()


def test_retire_one_line(wire: Wire) -> None:
    entry = line_for(wire.established(), 1)
    wire.direct.store.note(NAME, entry)
    promoted(wire.direct.store, candidate())
    assert retired(wire, entry) == CALLS["retire, one line"]


def test_retire_one_line_that_has_a_copy(wire: Wire) -> None:
    claimed(wire.direct.store)
    entry = line_for(promoted(wire.direct.store, candidate()), 1)
    wire.direct.store.note(NAME, entry)
    promoted(wire.direct.store, candidate())
    ended = ["DELETE metadata of copy", "PATCH metadata of secret"]
    assert retired(wire, entry) == [*LOOK, *READ_BOTH, *ended]


def test_the_documented_calls_are_the_counted_ones() -> None:
    text = DOCUMENTED.read_text().partition("## HashiCorp Vault")[2]
    rows = re.findall(r"^\| ([a-z, -]+) \| (\d+) \|", text, re.MULTILINE)
    assert {path: int(count) for path, count in rows} == {
        path: len(calls) for path, calls in CALLS.items()
    }


def test_one_look_serves_every_move_of_a_run(wire: Wire) -> None:
    """What we have written since is known without another look."""
    entry = line_for(wire.established(), 1)
    look = wire.looked()
    wire.store.note(NAME, entry, seen=look)
    version = wire.changed(look)
    wire.store.note(NAME, closed(entry, Retirement.PERSON), seen=look)
    again = wire.store.stage(NAME, candidate(), version, seen=look)
    wire.store.discard(NAME, again, seen=look)
    renamed = replace(MARK, stack="acme/netsuite/renamed")
    assert wire.store.claim(NAME, renamed, seen=look).owner == renamed
    line = "PATCH metadata of secret"
    assert wire.calls() == [
        *LOOK,
        line,
        *STAGE,
        *PROVE,
        *PROMOTE,
        line,
        *STAGE,
        *["DELETE metadata of candidate", "PATCH metadata of secret"],
        *["POST data of owner", "PATCH metadata of secret"],
    ]
    now = seen(wire.direct.store)
    assert now.stages == {Stage.CURRENT: version, Stage.PREVIOUS: entry.version}
    assert now.journal == (closed(entry, Retirement.PERSON),)
    assert now.owner == renamed


# --- what was seen is old ---------------------------------------------------------------------------


def test_an_old_look_stages_nothing_over_another_run_s_candidate(wire: Wire) -> None:
    before = wire.established()
    look = wire.looked()
    theirs = wire.direct.store.stage(NAME, candidate(), before)
    refusal(ConflictError, lambda: wire.store.stage(NAME, candidate(), before, seen=look), theirs)
    assert seen(wire.direct.store).stages[Stage.CANDIDATE] == theirs
    wire.direct.store.promote(NAME, theirs, before)
    assert current(wire.direct.store) == theirs


def test_an_old_look_meets_the_candidate_of_others(wire: Wire) -> None:
    """Describe does not look where nothing of ours waits; the write does."""
    before = wire.established()
    theirs = wire.direct.write_as_another(NAME, '{"a":"theirs"}', Stage.CANDIDATE)
    look = wire.looked()
    assert not look.foreign_candidate
    refusal(ConflictError, lambda: wire.store.stage(NAME, candidate(), before, seen=look), theirs)
    assert wire.direct.metadata(CANDIDATE_PATH)["current_version"] == 1
    assert Stage.CANDIDATE not in seen(wire.direct.store).stages


def test_a_name_is_not_taken_for_the_candidate(wire: Wire) -> None:
    """Killed between the name and the write; then somebody else writes there."""
    before = wire.established()
    staged = candidate()
    wire.direct.store.stage(NAME, staged, before)
    path = f"{wire.direct.mount}/metadata/{CANDIDATE_PATH}"
    wire.direct.api.call("DELETE", path)
    theirs = wire.direct.write_as_another(NAME, '{"a":"theirs"}', Stage.CANDIDATE)
    look = wire.looked()
    refusal(ConflictError, lambda: wire.store.stage(NAME, staged, before, seen=look), theirs)
    refusal(ConflictError, lambda: wire.store.stage(NAME, candidate(), before), theirs)
    wire.direct.api.call("DELETE", path)
    version = wire.store.stage(NAME, staged, before, seen=look)
    assert seen(wire.direct.store).stages[Stage.CANDIDATE] == version


def test_an_old_look_stages_over_what_a_killed_promotion_left(wire: Wire) -> None:
    """Killed before its candidate was taken away: it is current, so nobody waits for it."""
    before = wire.established()
    version = wire.store.stage(NAME, candidate(), before)
    wire.proxy.fail("DELETE .*metadata", 501, times=1000)
    with pytest.raises(Exception, match="initialised"):
        wire.store.promote(NAME, version, before)
    assert wire.direct.metadata(CANDIDATE_PATH)["current_version"] == 1
    next_one = wire.direct.store.stage(NAME, candidate(), version, seen=seen(wire.direct.store))
    assert seen(wire.direct.store).stages[Stage.CANDIDATE] == next_one


def test_an_old_look_promotes_nothing_over_a_newer_version(wire: Wire) -> None:
    before = wire.established()
    look = wire.looked()
    version = wire.store.stage(NAME, candidate(), before, seen=look)
    theirs = wire.direct.write_as_another(NAME, '{"a":"theirs"}', Stage.CURRENT)
    refusal(
        ConflictError, lambda: wire.store.promote(NAME, version, before, seen=look), NAME, theirs
    )
    assert current(wire.direct.store) == theirs


def test_what_was_staged_since_the_look_is_discarded(wire: Wire) -> None:
    before = wire.established()
    look = wire.looked()
    version = wire.store.stage(NAME, candidate(), before, seen=look)
    wire.store.discard(NAME, version, seen=look)
    assert Stage.CANDIDATE not in seen(wire.direct.store).stages
    assert wire.direct.metadata(CANDIDATE_PATH) == {}


@pytest.mark.parametrize("carried_out", [True, False], ids=["done", "not done"])
def test_a_lost_answer_costs_a_look(wire: Wire, carried_out: bool) -> None:
    wire.established()
    look = wire.looked()
    wire.calls()
    wire.proxy.fail(f"POST .*/data/{NAME}", carried_out=carried_out)
    wire.changed(look)
    again = [] if carried_out else ["POST data of secret"]
    found = ["GET data of secret", *again]
    assert wire.calls() == [*STAGE, *PROVE, PROMOTE[0], *found, *PROMOTE[1:]]


# --- whose secret it is -----------------------------------------------------------------------------


def test_of_two_stacks_that_claim_one_new_secret_one_is_refused(wire: Wire) -> None:
    for store in (wire.store, wire.direct.store):
        assert store.describe(NAME) is None
    ended = at_once(
        [
            lambda: wire.store.claim(NAME, MARK, seen=None),
            lambda: wire.direct.store.claim(NAME, OTHER, seen=None),
        ]
    )
    (error,) = ended.errors
    (claimed_one,) = ended.results
    assert type(error) is ConflictError, error
    assert claimed_one.owner == seen(wire.direct.store).owner
    assert claimed_one.owner.record in str(error)


def test_of_two_stacks_that_take_over_one_secret_one_is_refused(wire: Wire) -> None:
    wire.established()
    look = wire.looked()
    third = replace(OTHER, stack="acme/netsuite/third")
    wire.store.claim(NAME, OTHER, seen=look)
    refusal(
        ConflictError, lambda: wire.direct.store.claim(NAME, third, seen=look), NAME, OTHER.stack
    )
    assert seen(wire.direct.store).owner == OTHER


def test_a_claim_that_was_killed_is_taken_up_by_its_own_stack_alone(wire: Wire) -> None:
    wire.proxy.fail(f"(POST|PATCH) .*/metadata/{NAME}", 501)
    with pytest.raises(Exception, match="initialised"):
        wire.store.claim(NAME, MARK, seen=None)
    assert wire.direct.store.describe(NAME) is None
    refusal(
        ConflictError,
        lambda: wire.direct.store.claim(NAME, OTHER, seen=None),
        MARK.stack,
        f"{CANDIDATE_PATH}/owner",
    )
    again = replace(MARK, claim="of the next Create")
    assert wire.direct.store.claim(NAME, again, seen=None).owner == again
    assert seen(wire.direct.store).owner == again


def test_a_secret_that_was_never_written_is_free_once_it_is_removed(wire: Wire) -> None:
    claimed(wire.store)
    wire.store.remove(NAME)
    assert wire.direct.store.describe(NAME) is None
    assert wire.direct.store.claim(NAME, OTHER, seen=None).owner == OTHER


# --- read as a newcomer would -----------------------------------------------------------------------


def test_the_way_from_stage_to_the_wire_is_short(wire: Wire) -> None:
    """One frame for each thing that happens: the contract, the mount, the move, the write, the call, the exchange."""
    before = wire.established()
    look = wire.looked()
    caller, stacks = threading.get_ident(), []

    def count() -> None:
        frames = sys._current_frames()
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        threads = [caller, *(i for i in frames if names.get(i) == "vault-call")]
        stacks.append([name for thread in threads for name in ours(frames[thread])])

    wire.proxy.fail("POST .*/data/tba-candidates", before=count)
    wire.store.stage(NAME, candidate(), before, seen=look)
    (stack,) = stacks
    assert len(stack) <= FRAMES, stack


def ours(frame: FrameType | None) -> Iterator[str]:
    """The functions of tba_secrets on a stack, from the innermost."""
    while frame is not None:
        code = frame.f_code
        if "/tba_secrets/" in code.co_filename:
            yield f"{code.co_filename.rpartition('/')[2]}:{code.co_name}"
        frame = frame.f_back
