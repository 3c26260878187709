"""The rules of trying again, and of asking a user at all, without a server: which answers, how often, how long."""

from __future__ import annotations

import pytest
import requests

from tba_secrets.errors import NotAskedError
from tba_secrets.netsuite.answers import Answer, Protocol
from tba_secrets.netsuite.lockout import MOST_REFUSALS, WINDOW_SECONDS, Ledger, Refusal, Who
from tba_secrets.netsuite.retry import Retry
from tba_secrets.netsuite.transport import LostError
from tba_secrets.sensitive import Fingerprint
from tests.netsuite.support import answer

BUSY = answer(429)
REFUSED = answer(401)
DONE = answer(200, "{}")
FIRST, SECOND = Fingerprint("aaaaaaaaaaaaaaaa"), Fingerprint("bbbbbbbbbbbbbbbb")


class Trial:
    """One call on a scripted wire, with a clock that only pauses and slow answers move."""

    def __init__(self, *script: Answer | LostError, deadline: float = 60, slow: float = 0) -> None:
        self.script, self.slow, self.now = list(script), slow, 100.0
        self.allowed: list[float] = []
        """The seconds that each try was given."""
        self.pauses: list[float] = []
        self.heard: list[bool] = []
        self.retry = Retry(
            self.send, deadline, self.sleep, lambda: self.now, heard=self.heard.append
        )

    def send(self, request: requests.PreparedRequest, seconds: float) -> Answer:
        self.allowed.append(seconds)
        self.now += self.slow
        said = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(said, LostError):
            raise LostError(said.how, retry=said.retry, sent=said.sent)
        return said

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def __call__(self, protocol: Protocol | None = Protocol.REST) -> Answer:
        return self.retry.until_answered(requests.PreparedRequest, protocol)

    def lost(self, protocol: Protocol | None = Protocol.REST) -> LostError:
        with pytest.raises(LostError) as caught:
            self(protocol)
        return caught.value


def test_a_refused_login_is_asked_once() -> None:
    trial = Trial(REFUSED, DONE)

    assert trial() is REFUSED
    assert (len(trial.allowed), trial.pauses, trial.heard) == (1, [], [False])


def test_busy_is_tried_again_and_told() -> None:
    trial = Trial(BUSY, BUSY, DONE)

    assert trial() is DONE
    assert trial.heard == [True, True, False]


def test_without_a_protocol_any_answer_will_do() -> None:
    trial = Trial(BUSY, DONE)

    assert trial(None) is BUSY
    assert trial.heard == []


def test_pauses_double_up_to_the_longest() -> None:
    trial = Trial(BUSY, deadline=60)

    lost = trial.lost()

    middles = [0.5, 1, 2, 4, 8, 8, 8, 8, 8]
    for pause, middle in zip(trial.pauses, middles, strict=False):
        assert 0.75 * middle <= pause <= 1.25 * middle
    assert len(trial.pauses) > 7
    assert sum(trial.pauses) < 60
    assert "no other answer within 60 s" in lost.how
    assert not lost.sent


@pytest.mark.parametrize(("asked", "pause"), [("7", 7.0), ("soon", 0.5), ("-7", 0.5), ("", 0.5)])
def test_retry_after_is_heeded_where_it_is_a_number(asked: str, pause: float) -> None:
    trial = Trial(answer(429, retry_after=asked), DONE)

    assert trial() is DONE
    assert trial.pauses == [pytest.approx(pause, rel=0.25)]


def test_a_pause_that_the_deadline_does_not_allow_ends_it() -> None:
    trial = Trial(answer(429, retry_after="20"), deadline=20)

    assert "no other answer within 20 s" in trial.lost().how
    assert trial.pauses == []


def test_each_try_has_what_is_left_of_the_deadline() -> None:
    trial = Trial(BUSY, BUSY, DONE, deadline=30, slow=3)

    trial()

    assert trial.allowed[0] == 30
    assert trial.allowed[1] == pytest.approx(30 - 3 - trial.pauses[0])
    assert trial.allowed[2] == pytest.approx(30 - 6 - sum(trial.pauses))


def test_pauses_that_take_no_time_count_as_well() -> None:
    trial = Trial(BUSY, deadline=10)
    trial.retry = Retry(trial.send, 10, trial.pauses.append, lambda: 5.0)

    trial.lost()

    assert sum(trial.pauses) < 10
    assert trial.allowed[1] == pytest.approx(10 - trial.pauses[0])
    assert trial.allowed[2] == pytest.approx(10 - sum(trial.pauses[:2]))


LOST: list[tuple[str, LostError, Protocol | None, int, bool]] = [
    ("never sent", LostError("x", sent=False), Protocol.REST, 4, False),
    ("sent and unanswered", LostError("x"), Protocol.REST, 2, True),
    ("sent without a signature", LostError("x"), None, 4, False),
    ("no use to try again", LostError("x", retry=False, sent=False), Protocol.REST, 1, False),
]


@pytest.mark.parametrize(("error", "protocol", "tries", "sent"), [one[1:] for one in LOST])
def test_a_lost_answer_is_tried_so_often(
    error: LostError, protocol: Protocol | None, tries: int, sent: bool
) -> None:
    trial = Trial(error)

    assert trial.lost(protocol).sent is sent
    assert len(trial.allowed) == tries


def test_one_unanswered_call_is_not_forgotten_by_later_answers() -> None:
    unanswered, never = LostError("lost"), LostError("never", sent=False, retry=False)

    assert Trial(unanswered, BUSY, deadline=1.5).lost().sent
    assert Trial(unanswered, never).lost().sent
    assert Trial(unanswered, DONE)() is DONE


def test_once_is_once_with_the_whole_deadline() -> None:
    trial = Trial(BUSY, deadline=12)

    assert trial.retry.once(requests.PreparedRequest()) is BUSY
    assert trial.allowed == [12]


# --- may a user be asked ------------------------------------------------------------------------------

WHO = Who.of("1234567_SB1", "bot@example.com")


def test_the_window_is_half_an_hour_and_the_limit_three() -> None:
    assert (WINDOW_SECONDS, MOST_REFUSALS) == (1800, 3)


@pytest.mark.parametrize(
    ("at", "counts"), [(0, True), (1799, True), (-1799, True), (1800, False), (-1800, False)]
)
def test_within_the_window(at: float, counts: bool) -> None:
    assert Refusal(FIRST, 5000 + at).within_window(5000) is counts


def test_a_second_refusal_within_a_second_is_another_one() -> None:
    one = Refusal(FIRST, 7)
    known = {one}
    for at in (8, 9):
        another = one.beside(known)
        assert another == Refusal(FIRST, at)
        known.add(another)
    assert Refusal(SECOND, 7).beside(known) == Refusal(SECOND, 7)


def test_spelling_makes_no_other_user() -> None:
    assert Who.of(" 1234567-sb1", "BOT@example.com ") == WHO


def test_recent_ones_come_oldest_first() -> None:
    ledger = Ledger()
    ledger.learn(WHO, [Refusal(FIRST, 9), Refusal(FIRST, 3)])
    ledger.learn(WHO, [Refusal(FIRST, 6), Refusal(FIRST, -1800)])

    assert [one.at for one in ledger.recent(WHO, 9)] == [3, 6, 9]
    assert len(ledger.known(WHO)) == 4
    assert ledger.recent(Who.of("9", "another"), 9) == ()


def test_the_first_culprit_is_named_and_nobody_else_pays() -> None:
    ledger = Ledger()
    ledger.refused(WHO, "warehouse/orders", Refusal(FIRST, 5))
    ledger.refused(WHO, "warehouse/stock", Refusal(FIRST, 6))

    with pytest.raises(NotAskedError, match="not asked: warehouse/orders of the same user"):
        ledger.check(WHO, "warehouse/stock", 10)
    ledger.check(Who.of("1234567_SB1", "another@example.com"), "x/y", 10)
    assert [one.at for one in ledger.recent(WHO, 10)] == [5, 6]


def test_three_refusals_bar_until_the_third_last_is_old() -> None:
    ledger = Ledger()
    ledger.learn(WHO, [Refusal(FIRST, 0), Refusal(FIRST, 60)])
    ledger.check(WHO, "x/y", 100)
    ledger.learn(WHO, [Refusal(FIRST, 90)])

    with pytest.raises(NotAskedError, match=r"3 times .* until 1970-01-01 00:30 UTC"):
        ledger.check(WHO, "x/y", 100)
