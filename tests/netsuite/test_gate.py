"""How often a user may be asked: the rules as cases, what other runs learn, and the gate with real threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tba_secrets.errors import (
    AuthenticationRefusedError,
    CheckFailedError,
    NetSuiteUnreachableError,
    NotAskedError,
)
from tba_secrets.netsuite.concurrency import Concurrency
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.lockout import Ledger, Refusal, Who, not_asked_until
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.rotation import when
from tba_secrets.sensitive import Fingerprint
from tests.simulator.accounts import StandingClock

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
MINUTE = 60.0
ACCOUNT, USER = "1234567_SB1", "bot@example.com"
FIRST, SECOND = Fingerprint("aaaaaaaaaaaaaaaa"), Fingerprint("bbbbbbbbbbbbbbbb")
GUARD_SECONDS = 10.0


def ago(*minutes: float) -> list[Refusal]:
    return [Refusal(FIRST, NOW - m * MINUTE) for m in minutes]


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW)


@pytest.fixture
def gate(clock: StandingClock) -> Gate:
    return Gate(clock, Concurrency())


def refusal(before: float, mark: str = "00ff") -> Refusal:
    return Refusal(Fingerprint(mark), NOW - before)


TIMES = [
    # (how long ago each was, how long from now the user is not asked)
    ([], None),
    ([10, 20], None),
    ([10, 20, 30], 1800 - 30),
    ([10, 20, 30, 40], 1800 - 30),
    ([10, 20, 1800], None),
    ([10, 20, 1799], 1),
]


@pytest.mark.parametrize(("ago", "left"), TIMES)
def test_until_when_a_user_is_not_asked(ago: list[float], left: float | None) -> None:
    until = not_asked_until(map(refusal, ago), NOW)
    assert until == (None if left is None else NOW + left)


@pytest.mark.parametrize(("ago", "left"), TIMES)
def test_it_is_the_rule_that_keeps_the_calls_back(ago: list[float], left: float | None) -> None:
    """The ledger refuses to ask exactly where an end is given, and no longer than that."""
    ledger, who = Ledger(), Who.of("1", "a")
    ledger.learn(who, map(refusal, ago))
    if left is None:
        ledger.check(who, "r", NOW)
        return
    with pytest.raises(NotAskedError, match=when(NOW + left)):
        ledger.check(who, "r", NOW)
    ledger.check(who, "r", NOW + left)


def test_one_refusal_that_two_places_know_of_counts_once() -> None:
    assert not_asked_until([refusal(1), refusal(1), refusal(2)], NOW) is None
    assert not_asked_until([refusal(1), refusal(1, "other"), refusal(2)], NOW) is not None


HISTORIES: list[tuple[list[float], str | None]] = [
    ([], None),
    ([1, 2], None),
    ([1, 2, 29], "2026-01-01 00:01 UTC"),
    ([1, 2, 3], "2026-01-01 00:27 UTC"),
    ([1, 2, 3, 4], "2026-01-01 00:27 UTC"),
    ([1, 2, 30], None),
    ([1, 2, 31, 40, 50], None),
    ([-5, 1, 2], "2026-01-01 00:28 UTC"),
    ([-60, 1, 2], None),
]


@pytest.mark.parametrize(("minutes_ago", "until"), HISTORIES)
def test_three_refusals_within_thirty_minutes_close_the_gate(
    gate: Gate, minutes_ago: list[float], until: str | None
) -> None:
    if until is None:
        with gate.admit(ACCOUNT, USER, "a", FIRST, ago(*minutes_ago)):
            return
    with (
        pytest.raises(NotAskedError, match="not asked again until") as caught,
        gate.admit(ACCOUNT, USER, "token a", FIRST, ago(*minutes_ago)),
    ):
        pass
    for words in ("token a: not asked", USER, ACCOUNT, str(until)):
        assert words in str(caught.value)


def test_it_opens_again_when_the_message_says(gate: Gate, clock: StandingClock) -> None:
    clock.now = NOW + 27 * MINUTE - 1
    with pytest.raises(NotAskedError), gate.admit(ACCOUNT, USER, "a", FIRST, ago(1, 2, 3)):
        pass
    clock.now = NOW + 27 * MINUTE
    with gate.admit(ACCOUNT, USER, "a", FIRST):
        pass


def refuse(gate: Gate, record: str, user: str = USER, account: str = ACCOUNT) -> None:
    with gate.admit(account, user, record, FIRST) as turn:
        turn.refused()


def test_after_one_refusal_the_user_is_not_asked_again_in_this_run(
    gate: Gate, clock: StandingClock
) -> None:
    refuse(gate, "token a")
    clock.now += 24 * 60 * MINUTE
    with (
        pytest.raises(
            NotAskedError, match="token b: not asked: token a of the same user"
        ) as caught,
        gate.admit(ACCOUNT, USER, "token b", SECOND),
    ):
        pass
    assert "fix token a" in caught.value.remedy


@pytest.mark.parametrize(
    ("account", "user"), [(ACCOUNT.lower().replace("_", "-"), USER), (ACCOUNT, USER.upper())]
)
def test_another_spelling_is_the_same_user(gate: Gate, account: str, user: str) -> None:
    refuse(gate, "token a")
    with pytest.raises(NotAskedError), gate.admit(account, user, "token b", SECOND):
        pass


@pytest.mark.parametrize(("account", "user"), [("1234567", USER), (ACCOUNT, "other@example.com")])
def test_other_users_and_accounts_are_asked(gate: Gate, account: str, user: str) -> None:
    refuse(gate, "token a")
    with gate.admit(account, user, "token b", SECOND):
        pass


@pytest.mark.parametrize("told_as_well", [0, 1, 2])
def test_a_refusal_that_leaves_the_block_counts_once(
    gate: Gate, clock: StandingClock, told_as_well: int
) -> None:
    def go() -> None:
        with gate.admit(ACCOUNT, USER, "token a", FIRST) as turn:
            for _ in range(told_as_well):
                turn.refused()
                clock.now += 1
            raise AuthenticationRefusedError("refused")

    with pytest.raises(AuthenticationRefusedError):
        go()
    assert gate.refusals(ACCOUNT, USER) == (Refusal(FIRST, NOW),)
    with pytest.raises(NotAskedError), gate.admit(ACCOUNT, USER, "token b", FIRST):
        pass


@pytest.mark.parametrize("error", [CheckFailedError, ValueError])
def test_another_error_is_no_refusal(gate: Gate, error: type[Exception]) -> None:
    with pytest.raises(error), gate.admit(ACCOUNT, USER, "token a", FIRST):
        raise error("other")
    assert gate.refusals(ACCOUNT, USER) == ()
    with gate.admit(ACCOUNT, USER, "token b", FIRST):
        pass


def test_refusals_are_those_known_and_those_new_within_thirty_minutes(
    gate: Gate, clock: StandingClock
) -> None:
    with gate.admit(ACCOUNT, USER, "token a", SECOND, ago(5, 40)) as turn:
        turn.refused()
    new = Refusal(SECOND, NOW)
    assert gate.refusals(ACCOUNT, USER) == (*ago(5), new)
    clock.now += 26 * MINUTE
    assert gate.refusals(ACCOUNT, USER) == (new,)
    assert gate.refusals(ACCOUNT, "other@example.com") == ()


def test_a_refusal_that_comes_back_from_a_state_in_whole_seconds_counts_once(
    gate: Gate, clock: StandingClock
) -> None:
    clock.now = NOW + 0.7
    refuse(gate, "token a")
    with (
        pytest.raises(NotAskedError),
        gate.admit(ACCOUNT, USER, "token b", FIRST, [Refusal(FIRST, int(NOW))]),
    ):
        pass
    assert len(gate.refusals(ACCOUNT, USER)) == 1


def test_two_records_histories_count_together(gate: Gate) -> None:
    with gate.admit(ACCOUNT, USER, "token a", FIRST, ago(1)):
        pass
    with gate.admit(ACCOUNT, USER, "token a", FIRST, ago(1)):
        pass
    with pytest.raises(NotAskedError), gate.admit(ACCOUNT, USER, "token b", FIRST, ago(2, 3)):
        pass


# --- what other runs learn --------------------------------------------------------------------------

DIES_WHILE_ASKING = """
import os, sys
from tba_secrets.netsuite.gate import Gate
with Gate(lambda: float(sys.argv[1])).admit("1234567_SB1", "bot@example.com", "token a", "00ff"):
    os.kill(os.getpid(), 9)
"""


def on_record() -> tuple[Refusal, ...]:
    return RefusedLogins.at_home().of(ACCOUNT, USER)


def test_an_attempt_is_on_record_while_it_is_made_and_struck_out_where_it_is_accepted(
    gate: Gate,
) -> None:
    with gate.admit(ACCOUNT, USER, "token a", FIRST):
        assert on_record() == (Refusal(FIRST, NOW),)
        assert gate.refusals(ACCOUNT, USER) == ()
    assert on_record() == ()


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (AuthenticationRefusedError("refused"), True),
        (NetSuiteUnreachableError("no answer", unanswered=True), True),
        (KeyboardInterrupt(), True),
        (NetSuiteUnreachableError("no connection"), False),
        (CheckFailedError("another answer"), False),
        (NotAskedError("the run was cancelled"), False),
    ],
)
def test_what_may_have_been_a_refused_login_stays_on_record(
    gate: Gate, error: BaseException, kept: bool
) -> None:
    with pytest.raises(type(error)), gate.admit(ACCOUNT, USER, "token a", FIRST):
        raise error
    assert on_record() == ((Refusal(FIRST, NOW),) if kept else ())
    assert gate.refusals(ACCOUNT, USER) == on_record()


def test_a_run_that_was_killed_while_it_asked_counts_as_refused(gate: Gate) -> None:
    for _ in range(2):
        command = [sys.executable, "-c", DIES_WHILE_ASKING, str(NOW)]
        died = subprocess.run(command, capture_output=True, timeout=GUARD_SECONDS, check=False)
        assert (died.returncode, died.stderr) == (-9, b"")
    with gate.admit(ACCOUNT, USER, "token a", FIRST):  # the lock died with its holder
        assert len(gate.refusals(ACCOUNT, USER)) == 2
    refuse(gate, "token a")
    assert len(on_record()) == 3


def test_the_runs_of_a_machine_count_together(clock: StandingClock) -> None:
    for number in range(3):
        refuse(Gate(clock), f"token {number}")
    with (
        pytest.raises(NotAskedError, match="3 times within 30 minutes"),
        Gate(clock).admit(ACCOUNT, USER, "token 3", SECOND),
    ):
        pass
    assert len(on_record()) == 3


def test_a_second_token_that_is_due_drops_no_refusal(gate: Gate, clock: StandingClock) -> None:
    refuse(gate, "token a")
    with pytest.raises(NotAskedError), gate.admit(ACCOUNT, USER, "token b", SECOND):
        pass
    with Gate(clock).admit(ACCOUNT, USER, "token b", SECOND):
        pass
    assert gate.refusals(ACCOUNT, USER) == on_record() == (Refusal(FIRST, NOW),)


def test_a_run_waits_for_another_one_that_asks_and_does_not_count_what_it_has_under_way(
    gate: Gate, clock: StandingClock
) -> None:
    polls = iter([False, False, True])
    with visitors(Gate(clock), USER) as (other,):
        assert other.inside.wait(GUARD_SECONDS)
        with (
            pytest.raises(NotAskedError, match="cancelled"),
            gate.admit(ACCOUNT, USER, "b", SECOND, ago(1, 2), lambda: next(polls)),
        ):
            pytest.fail("two runs asked with one user at a time")
    with gate.admit(ACCOUNT, USER, "b", SECOND):
        pass


def nowhere(clock: StandingClock) -> Gate:
    return Gate(clock, logins=RefusedLogins(Path(os.devnull) / "state" / "refusals.json"))


def test_a_run_that_cannot_record_an_attempt_does_not_ask(clock: StandingClock) -> None:
    with (
        pytest.raises(NotAskedError, match="cannot be written") as caught,
        nowhere(clock).admit(ACCOUNT, USER, "token a", FIRST),
    ):
        pytest.fail("asked, and nobody would have learnt of a refusal")
    assert "XDG_STATE_HOME" in caught.value.remedy


def test_a_run_that_records_refusals_in_state_asks_and_warns(clock: StandingClock) -> None:
    gate, warnings = nowhere(clock), list[str]()
    with gate.admit(ACCOUNT, USER, "token a", FIRST, unrecorded=warnings.append) as turn:
        turn.refused()
    assert gate.refusals(ACCOUNT, USER) == (Refusal(FIRST, NOW),)
    (warning,) = warnings
    assert "cannot be written (Not a directory)" in warning


# --- threads ---------------------------------------------------------------------------------------


class Visitor(threading.Thread):
    """Goes through the gate in a thread of its own, and stays until it is let go."""

    def __init__(
        self, gate: Gate, user: str, record: str, cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(daemon=True)
        self._gate, self._user, self._record, self._cancelled = gate, user, record, cancelled
        self.inside, self.go = threading.Event(), threading.Event()
        self.refuse = False
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            with self._gate.admit(
                ACCOUNT, self._user, self._record, FIRST, (), self._cancelled
            ) as turn:
                self.inside.set()
                self.go.wait(GUARD_SECONDS)
                if self.refuse:
                    turn.refused()
        except NotAskedError as error:
            self.error = error

    def leave(self) -> None:
        self.go.set()
        self.join(GUARD_SECONDS)
        assert not self.is_alive()


@contextmanager
def visitors(gate: Gate, *users: str) -> Iterator[list[Visitor]]:
    """Visitors in the order given, each queued before the next comes; all let go in the end."""
    there = []
    for number, user in enumerate(users):
        there.append(Visitor(gate, user, f"token {number}"))
        there[-1].inside.wait(0.05)
    try:
        yield there
    finally:
        for visitor in there:
            visitor.leave()


def test_one_users_calls_are_one_after_another(gate: Gate) -> None:
    with visitors(gate, "a", "a", "a") as (first, second, third):
        assert first.inside.is_set()
        assert not second.inside.is_set()
        first.leave()
        assert second.inside.wait(GUARD_SECONDS)
        assert not third.inside.is_set()
        second.leave()
        assert third.inside.wait(GUARD_SECONDS)


def test_two_users_of_an_account_at_a_time(gate: Gate) -> None:
    with visitors(gate, "a", "b", "c") as (first, second, third):
        assert first.inside.is_set()
        assert second.inside.is_set()
        assert not third.inside.is_set()
        second.leave()
        assert third.inside.wait(GUARD_SECONDS)


def test_a_user_that_queues_takes_no_place_of_the_account(gate: Gate) -> None:
    with visitors(gate, "a", "a", "a", "b") as (*_, last):
        assert last.inside.wait(GUARD_SECONDS)


def test_as_many_users_as_configured(clock: StandingClock) -> None:
    with visitors(Gate(clock, Concurrency(most=1)), "a", "b") as (first, second):
        assert not second.inside.is_set()
        first.leave()
        assert second.inside.wait(GUARD_SECONDS)


def test_those_who_wait_are_turned_away_by_a_refusal(gate: Gate) -> None:
    with visitors(gate, "a", "a", "b") as (first, second, third):
        first.refuse = True
        first.leave()
        second.leave()
        assert isinstance(second.error, NotAskedError)
        assert not second.inside.is_set()
        assert third.inside.wait(GUARD_SECONDS)
        assert third.error is None


def test_waiting_can_be_cancelled_and_leaves_the_queue(gate: Gate) -> None:
    cancelled = threading.Event()
    with visitors(gate, "a") as (first,):
        second = Visitor(gate, "a", "token b", cancelled.is_set)
        third = Visitor(gate, "a", "token c")
        cancelled.set()
        second.join(GUARD_SECONDS)
        assert "token b: not asked: the run was cancelled" in str(second.error)
        first.leave()
        assert third.inside.wait(GUARD_SECONDS)
        third.leave()


def test_a_cancelled_run_asks_nobody(gate: Gate) -> None:
    with (
        pytest.raises(NotAskedError, match="cancelled"),
        gate.admit(ACCOUNT, USER, "a", FIRST, cancelled=lambda: True),
    ):
        pass


def test_many_threads_never_exceed_the_limits(gate: Gate) -> None:
    lock, now, users = threading.Lock(), [0], set[str]()
    broken: list[str] = []

    def go(user: str) -> None:
        for number in range(20):
            with gate.admit(ACCOUNT, user, f"token {number}", FIRST):
                with lock:
                    now[0] += 1
                    if now[0] > 2 or user in users:
                        broken.append(user)
                    users.add(user)
                with lock:
                    now[0] -= 1
                    users.discard(user)

    threads = [threading.Thread(target=go, args=(f"user{n % 4}",), daemon=True) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(GUARD_SECONDS)
        assert not thread.is_alive()
    assert broken == []
