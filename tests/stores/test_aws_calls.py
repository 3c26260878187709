"""How many calls each move of the AWS store costs, by the names of the operations.

An acknowledged write is believed, and a snapshot that is handed back as `seen` spares a look; a lost answer costs one
look more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest

from tba_secrets.errors import ConflictError
from tba_secrets.simulator.aws import SecretsManagerServer
from tba_secrets.stores.interface import OwnerMark, Snapshot, Stage, VersionId
from tba_secrets.stores.journal import MOST_ENTRIES, Retirement
from tests.stores.aws_bench import AwsBench
from tests.stores.journal_conformance import closed, line_for, revoked
from tests.stores.support import MARK, NAME, candidate, refusal, seen, value_of

pytestmark = pytest.mark.long

DESCRIBE, CREATE, GET = "DescribeSecret", "CreateSecret", "GetSecretValue"
PUT, MOVE = "PutSecretValue", "UpdateSecretVersionStage"
TAG, UNTAG = "TagResource", "UntagResource"
MOST_FRAMES = 4


class Calls:
    """What the server received since it was last asked."""

    def __init__(self, server: SecretsManagerServer) -> None:
        self._server = server

    def __call__(self) -> list[str]:
        """The operations in order; counting begins anew."""
        made = [received.operation for received in self._server.calls]
        self._server.calls.clear()
        return made


@pytest.fixture
def calls(server: SecretsManagerServer) -> Calls:
    return Calls(server)


def created(aws: AwsBench) -> tuple[Snapshot, VersionId]:
    """Bring the first credential all the way; what a run sees after it, and its version."""
    claimed_now = aws.store.claim(NAME, MARK, seen=aws.store.describe(NAME))
    version = changed(aws, claimed_now)
    return seen(aws.store), version


def changed(aws: AwsBench, before: Snapshot) -> VersionId:
    """Stage, read and promote another credential."""
    replacing, staged = before.stages[Stage.CURRENT], candidate()
    version = aws.store.stage(NAME, staged, replacing, seen=before)
    assert value_of(aws.store, version) == staged.value.reveal()
    aws.store.promote(NAME, version, replacing, seen=before)
    return version


# --- the ways of a credential ----------------------------------------------------------------------


def test_create_prove_promote(aws: AwsBench, calls: Calls) -> None:
    claimed_now = aws.store.claim(
        NAME, MARK, "the warehouse's token", seen=aws.store.describe(NAME)
    )
    changed(aws, claimed_now)
    assert calls() == [DESCRIBE, CREATE, PUT, MOVE, GET, MOVE]


def test_changed_source(aws: AwsBench, calls: Calls) -> None:
    created(aws)
    calls()
    changed(aws, aws.store.claim(NAME, MARK, seen=seen(aws.store)))
    assert calls() == [DESCRIBE, PUT, MOVE, GET, MOVE]


def test_rotation_with_its_line(aws: AwsBench, calls: Calls) -> None:
    _, version = created(aws)
    calls()
    before = seen(aws.store)
    aws.store.note(NAME, line_for(version, 1), seen=before)
    changed(aws, before)
    assert calls() == [DESCRIBE, MOVE, TAG, PUT, MOVE, GET, MOVE]


def test_rollback(aws: AwsBench, calls: Calls) -> None:
    before, first = created(aws)
    second = changed(aws, before)
    calls()
    now = seen(aws.store)
    assert aws.store.restage(NAME, first, seen=now)
    aws.store.promote(NAME, first, second, seen=now)
    assert calls() == [DESCRIBE, MOVE, MOVE]


def test_refused_candidate(aws: AwsBench, calls: Calls) -> None:
    before, version = created(aws)
    calls()
    staged = aws.store.stage(NAME, candidate(), version, seen=before)
    aws.store.discard(NAME, staged, seen=before)
    assert calls() == [PUT, MOVE, MOVE]


def test_nothing_to_do(aws: AwsBench, calls: Calls) -> None:
    _, version = created(aws)
    calls()
    before = seen(aws.store)
    aws.store.claim(NAME, MARK, seen=before)
    aws.store.promote(NAME, version, None, seen=before)
    assert aws.store.restage(NAME, version, seen=before)
    assert calls() == [DESCRIBE]


def test_destroy(aws: AwsBench, calls: Calls) -> None:
    created(aws)
    calls()
    aws.store.remove(NAME, seen=aws.store.describe(NAME))
    assert calls() == [DESCRIBE, "DeleteSecret"]


def test_destroy_with_a_candidate_or_replicas(server: SecretsManagerServer, calls: Calls) -> None:
    aws = AwsBench(server.url, replicas=({"region": "eu-west-1"},))
    created(aws)
    calls()
    aws.store.remove(NAME, seen=aws.store.describe(NAME))
    assert calls() == [DESCRIBE, "RemoveRegionsFromReplication", "DeleteSecret"]


# --- lines -----------------------------------------------------------------------------------------


def test_retire(aws: AwsBench, calls: Calls) -> None:
    before, version = created(aws)
    entry = line_for(version, 1)
    aws.store.note(NAME, entry, seen=before)
    changed(aws, before)
    calls()
    aws.store.note(NAME, closed(entry, Retirement.REVOKED), seen=seen(aws.store))
    assert calls() == [DESCRIBE, TAG, MOVE]


@pytest.mark.parametrize("state", [Retirement.INTENT, Retirement.INFORM, Retirement.LEFT])
def test_a_line_that_pins_nothing(aws: AwsBench, calls: Calls, state: Retirement) -> None:
    before, version = created(aws)
    calls()
    aws.store.note(NAME, closed(line_for(version, 1), state), seen=before)
    assert calls() == [TAG]


def test_a_line_that_is_there(aws: AwsBench, calls: Calls) -> None:
    before, version = created(aws)
    entry = line_for(version, 1)
    aws.store.note(NAME, entry, seen=before)
    now = seen(aws.store)
    calls()
    aws.store.note(NAME, entry, seen=now)
    assert calls() == []


def test_a_line_more_than_can_be_kept(aws: AwsBench, calls: Calls) -> None:
    _, version = created(aws)
    for number in range(MOST_ENTRIES):
        aws.store.note(NAME, revoked(number))
    now = seen(aws.store)
    calls()
    aws.store.note(NAME, replace(line_for(version, 1), superseded_at=2_000_000_000), seen=now)
    assert calls() == [MOVE, UNTAG, TAG]


# --- without `seen`, and where something is in the way ---------------------------------------------


def test_each_move_looks_once_where_nobody_has(aws: AwsBench, calls: Calls) -> None:
    """The twin: nothing was seen, so each move looks for itself."""
    replacing = aws.store.claim(NAME, MARK).stages[Stage.CURRENT]
    version = aws.store.stage(NAME, candidate(), replacing)
    aws.store.promote(NAME, version, replacing)
    aws.store.note(NAME, line_for(version, 1))
    assert calls() == [DESCRIBE, CREATE, DESCRIBE, PUT, MOVE, DESCRIBE, MOVE, DESCRIBE, MOVE, TAG]


@pytest.mark.parametrize("nth", [1, 2])
def test_a_lost_answer_costs_one_look(
    server: SecretsManagerServer, aws: AwsBench, calls: Calls, nth: int
) -> None:
    before, _ = created(aws)
    calls()
    server.faults.lose_reply(MOVE, nth=nth)
    changed(aws, before)
    expected = [PUT, MOVE, GET, MOVE]
    expected.insert(2 if nth == 1 else 4, DESCRIBE)
    assert calls() == expected


def test_a_lost_answer_to_a_put_costs_nothing(
    server: SecretsManagerServer, aws: AwsBench, calls: Calls
) -> None:
    """The move of the label tells whether the version is there."""
    before, _ = created(aws)
    calls()
    server.faults.lose_reply(PUT)
    changed(aws, before)
    assert calls() == [PUT, MOVE, GET, MOVE]


def test_a_refused_move_costs_one_look(aws: AwsBench, calls: Calls) -> None:
    """It tells who was first."""
    before, version = created(aws)
    staged = aws.store.stage(NAME, candidate(), version, seen=before)
    theirs = aws.put_as_another(NAME, "{}", Stage.CURRENT)
    calls()
    refusal(
        ConflictError,
        lambda: aws.store.promote(NAME, staged, version, seen=before),
        NAME,
        theirs,
    )
    assert calls() == [MOVE, DESCRIBE]


def test_a_taken_over_secret(aws: AwsBench, calls: Calls) -> None:
    aws.write_as_another(NAME, "{}", Stage.CURRENT)
    before = seen(aws.store)
    calls()
    aws.store.claim(NAME, MARK, seen=before)
    assert calls() == [PUT, MOVE, TAG]
    aws.store.claim(NAME, OwnerMark(MARK.stack, "renamed/bot", MARK.claim), seen=seen(aws.store))
    assert calls() == [DESCRIBE, TAG]


# --- frames ----------------------------------------------------------------------------------------


def test_few_frames_lie_between_a_move_and_the_sdk(aws: AwsBench) -> None:
    replacing = aws.store.claim(NAME, MARK).stages[Stage.CURRENT]
    for move in (
        lambda: aws.store.stage(NAME, candidate(), replacing),
        lambda: aws.store.promote(NAME, seen(aws.store).stages[Stage.CANDIDATE], replacing),
    ):
        deepest = deepest_stack(move)
        assert 1 < len(deepest) <= MOST_FRAMES, deepest


def deepest_stack(call: Callable[[], object]) -> list[str]:
    """Return our functions that are on the stack where boto3 is entered by a write, the longest such list."""
    found: list[list[str]] = []

    def look(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name == "_api_call":
            names: list[str] = []
            above = frame.f_back
            while above is not None:
                if "/tba_secrets/" in above.f_code.co_filename:
                    names.append(above.f_code.co_qualname)
                above = above.f_back
            if not any("look" in name or "_describe" in name for name in names):
                found.append(names)

    sys.setprofile(look)
    try:
        call()
    finally:
        sys.setprofile(None)
    return max(found, key=len)
