"""What `tba` asks of the provider beyond a plain `up`: rotations, and what must not be lost or left behind."""

from __future__ import annotations

from typing import Any

import pytest

from tba_secrets.errors import ConflictError, StoreUnavailableError, TbaError
from tba_secrets.provider.intents import Obtaining, Retire, Rollback, Rotation
from tba_secrets.rotation import when
from tba_secrets.sensitive import Sensitive
from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.sources.interface import Pair
from tba_secrets.stores.interface import Stage, VersionId
from tba_secrets.stores.journal import Retirement
from tba_secrets.stores.versions import Origin
from tests.netsuite_account import Values
from tests.provider.bench import NAME, Bench, Kept

RECORD = "warehouse/orders"


def pair(values: Values) -> Pair:
    """As a source or NetSuite gives it."""
    return Pair(Sensitive(values.identifier), Sensitive(values.secret))


def promoted(bench: Bench) -> tuple[Kept, Kept]:
    """Staged and tested; then a new process, as each command starts one."""
    staged = bench.stage()
    tested = bench.test(staged)
    bench.new_process()
    bench.writes()
    return staged, tested


def rotation(bench: Bench, *, issued: bool = False) -> Rotation:
    spare = bench.account.spares["orders"]
    return Rotation(
        lambda _obtaining: pair(spare),
        origin=Origin.ISSUED if issued else Origin.ROTATED,
        overlap_seconds=60,
    )


def test_a_rotation_stages_the_new_token_and_journals_the_old_one(bench: Bench) -> None:
    staged, tested = promoted(bench)
    old = bench.version(Stage.CURRENT)
    bench.host.intents = {RECORD: rotation(bench)}

    again = bench.stage(staged)
    bench.test(again, tested)

    assert bench.version(Stage.CURRENT) == again.state["versions"]["aws"]
    (line,) = bench.snapshot().journal
    assert line.version == old
    assert again.inputs["digests"] == staged.inputs["digests"]
    assert bench.informed[-1] == (
        "verified as role warehouse role in account 1234567_SB1, promoted; the token that it replaces is valid until "
        f"{when(line.revoke_after)}, and the next rotation or `tba retire test` after that revokes it"
    )


def test_a_plain_update_leaves_a_line_that_informs(bench: Bench) -> None:
    staged, tested = promoted(bench)
    bench.give(orders=bench.account.spares["orders"])
    bench.new_process()

    bench.test(bench.stage(staged), tested)

    (line,) = bench.snapshot().journal
    assert (line.state, line.open, line.superseded) == (Retirement.INFORM, False, False)
    assert "promoted; the token that it replaces stays valid in NetSuite" in bench.informed[-1]


@pytest.mark.parametrize("declared", [{}, {"user": {"email": "bot@example.com", "entity": "999"}}])
def test_an_issued_token_of_another_user_is_not_tested_again(
    bench: Bench, declared: dict[str, Any]
) -> None:
    """Whoever logged in on the consent page was somebody else: no later test can pass."""
    staged, tested = promoted(bench)
    bench.host.intents = {RECORD: rotation(bench, issued=True)}
    again = bench.stage(staged)

    kept = bench.test(again, tested, **declared)

    refused = kept.failure is not None
    assert refused is bool(declared)
    assert bench.version(Stage.CANDIDATE) is None
    states = [line.state for line in bench.snapshot().journal]
    assert states == [Retirement.PERSON if refused else Retirement.OVERLAP]


def test_an_issued_token_that_cannot_be_stored_is_revoked(
    bench: Bench, simulator: Simulator
) -> None:
    staged, _ = promoted(bench)
    bench.host.intents = {RECORD: rotation(bench, issued=True)}
    bench.aws.failing["stage"] = StoreUnavailableError("no route")

    with pytest.raises(TbaError, match="issued: warehouse/orders: revoked"):
        bench.stage(staged)

    assert simulator.state.token(bench.account.id, "orders second").revoked


@pytest.mark.parametrize("refusal", [FaultKind.SERVER_ERROR, FaultKind.RESET, None])
def test_an_issued_token_that_can_neither_be_stored_nor_revoked_is_named_and_left_to_a_person(
    bench: Bench, simulator: Simulator, refusal: FaultKind | None
) -> None:
    staged, tested = promoted(bench)
    spare = bench.account.spares["orders"]

    def issue(obtaining: Obtaining) -> Pair:
        obtaining.about_to_issue()
        return pair(spare)

    bench.host.intents = {RECORD: Rotation(issue, origin=Origin.ISSUED)}
    bench.aws.failing["stage"] = StoreUnavailableError("no route")
    if refusal is None:
        role = simulator.state.account(bench.account.id).role("1001")
        role.permissions = [name for name in role.permissions if name != "User Access Tokens"]
    else:
        simulator.state.faults.add(refusal, "/rest/revoketoken", times=None)

    with pytest.raises(TbaError) as caught:
        bench.stage(staged)

    told = str(caught.value)
    assert "The token that NetSuite issued: it could not be revoked" in told
    assert "Setup > Users/Roles > Access Tokens" in told
    assert "retire again" not in told  # no store holds the token, so nothing can sign its revoke
    assert not simulator.state.token(bench.account.id, "orders second").revoked
    assert [line.state for line in bench.snapshot().journal] == [Retirement.INTENT]
    bench.new_process()
    bench.aws.failing.clear()
    refreshed = bench.refresh(bench.staged, staged)
    assert refreshed is not None
    bench.test(bench.stage(refreshed), tested)
    assert [line.state for line in bench.snapshot().journal] == [Retirement.PERSON]


def test_a_token_from_a_source_that_cannot_be_stored_is_not_revoked(
    bench: Bench, simulator: Simulator
) -> None:
    staged, _ = promoted(bench)
    bench.host.intents = {RECORD: rotation(bench)}
    bench.aws.failing["stage"] = StoreUnavailableError("no route")

    with pytest.raises(StoreUnavailableError):
        bench.stage(staged)

    assert not simulator.state.token(bench.account.id, "orders second").revoked


def test_a_killed_rotation_is_taken_up_with_the_token_that_waits(bench: Bench) -> None:
    staged, tested = promoted(bench)
    bench.host.intents = {RECORD: rotation(bench, issued=True)}
    first = bench.stage(staged)
    bench.new_process()

    def never(_obtaining: object) -> Pair:
        raise AssertionError("a second token was asked for")

    bench.host.intents = {RECORD: Rotation(never, origin=Origin.ISSUED)}
    again = bench.stage(staged)
    bench.test(again, tested)

    assert again.state["versions"] == first.state["versions"]
    assert bench.version(Stage.CURRENT) == first.state["versions"]["aws"]


def test_the_same_token_is_no_rotation(bench: Bench) -> None:
    staged, tested = promoted(bench)
    bench.hand_over(tested)
    same = bench.account.tokens["orders"]
    bench.host.intents = {RECORD: Rotation(lambda _obtaining: pair(same))}

    with pytest.raises(ConflictError, match="in the store already"):
        bench.stage(staged)

    assert bench.writes() == []


def test_a_rollback_needs_a_previous_credential(bench: Bench) -> None:
    staged, _ = promoted(bench)
    bench.host.intents = {RECORD: Rollback()}

    with pytest.raises(TbaError, match="no previous credential"):
        bench.stage(staged)

    assert bench.writes() == []


def test_a_plain_update_that_finishes_a_rotation_journals_what_it_supersedes(bench: Bench) -> None:
    staged, tested = promoted(bench)
    old = bench.version(Stage.CURRENT)
    bench.host.intents = {RECORD: rotation(bench, issued=True)}
    again = bench.stage(staged)
    bench.new_process()

    refreshed = bench.refresh(bench.staged, again)
    assert refreshed is not None
    bench.test(refreshed, tested)

    assert bench.version(Stage.CURRENT) == again.state["versions"]["aws"]
    assert [entry.version for entry in bench.snapshot().journal] == [old]


def test_a_change_at_the_source_after_a_rotation_informs(
    bench: Bench, simulator: Simulator
) -> None:
    staged, tested = promoted(bench)
    bench.host.intents = {RECORD: rotation(bench)}
    rotated = bench.stage(staged)
    proven = bench.test(rotated, tested)
    lines = bench.snapshot().journal
    third = Values()
    token = {"token_id": third.identifier, "token_secret": third.secret, "role": "1001"}
    who = {"name": "third", "integration": "warehouse", "user": bench.account.user_of("orders")}
    simulator.state.add_token(bench.account.id, {**token, **who})
    bench.give(orders=third)
    bench.new_process()

    changed = bench.stage(rotated)
    bench.test(changed, proven)

    assert bench.version(Stage.CURRENT) == changed.state["versions"]["aws"]
    assert set(lines) < set(bench.snapshot().journal)
    (line,) = set(bench.snapshot().journal) - set(lines)
    assert line.state is Retirement.INFORM


@pytest.mark.parametrize("intent", [Retire(in_use=lambda _token: None), Rollback()])
def test_an_intent_leaves_a_change_at_the_source_to_the_next_up(
    bench: Bench, intent: Retire | Rollback
) -> None:
    staged, tested = promoted(bench)
    bench.give(orders=bench.account.spares["orders"])
    bench.new_process()
    rotated = bench.stage(staged)
    tested = bench.test(rotated, tested)
    third = Values()
    bench.give(orders=third)
    bench.new_process()
    bench.host.intents = {RECORD: intent}

    after = bench.stage(rotated)

    assert after.inputs["digests"] == rotated.inputs["digests"]
    staged_now = bench.aws.read(NAME, VersionId(after.state["versions"]["aws"]))
    assert staged_now is not None
    assert third.identifier not in staged_now.value.reveal()
    bench.new_process()
    plain = bench.stage(after)
    assert plain.inputs["digests"] != rotated.inputs["digests"]
    assert bench.version(Stage.CANDIDATE) == plain.state["versions"]["aws"]


def test_a_source_that_gives_what_was_rolled_back_is_named(bench: Bench) -> None:
    staged, tested = promoted(bench)
    bench.give(orders=bench.account.spares["orders"])
    bench.new_process()
    changed = bench.stage(staged)
    tested = bench.test(changed, tested)
    bench.new_process()
    bench.refresh(bench.smoke, tested)
    bench.host.intents = {RECORD: Rollback()}
    back = bench.stage(changed)
    bench.test(back, tested)
    assert not any("superseded" in words for words in bench.warnings)
    bench.new_process()
    bench.refresh(bench.staged, back)

    plain = bench.stage(back)

    assert plain.state["versions"] == back.state["versions"]
    source = "its source (environment variables ORDERS_TOKEN_ID and ORDERS_TOKEN_SECRET)"
    stale = f"{RECORD}: {source} still gives a superseded token"
    assert [words for words in bench.warnings if words.startswith(stale)]
