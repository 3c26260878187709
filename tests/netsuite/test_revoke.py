"""Revoking a token by itself: sent once, and what is known afterwards."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import assert_never

import pytest

from tba_secrets.errors import AuthenticationRefusedError, ClockSkewError
from tba_secrets.netsuite.checks import run_checks
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.revocation import Revocation, RevocationOutcome, revoke
from tba_secrets.netsuite.transport import LostError
from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.simulator.models import TokenRecord
from tests.netsuite.conftest import MakeClient
from tests.netsuite.support import (
    EXPECTED,
    RECORD,
    KeepingSender,
    ScriptedSender,
    answer,
    credential,
    wrong,
)
from tests.netsuite.test_secrecy import assert_hidden
from tests.simulator.accounts import ACCOUNT, APPLICATION, BOT, ROLE, TOKEN, Keys

PATH = "/rest/revoketoken"
REVOKED, UNKNOWN, NOT_CONFIRMED, NEEDS_PERSON = RevocationOutcome


@pytest.fixture
def second(simulator: Simulator, keys: Keys) -> Keys:
    """Another token of the same integration, user and role."""
    made = Keys(keys.consumer_key, keys.consumer_secret)
    simulator.state.add_token(
        ACCOUNT,
        TokenRecord(
            name="second",
            integration=APPLICATION,
            user=BOT,
            role=ROLE,
            token_id=made.token_id,
            token_secret=made.token_secret,
        ),
    )
    return made


def is_revoked(simulator: Simulator) -> bool:
    return simulator.state.token(ACCOUNT, TOKEN).revoked


def works(client: Client) -> bool:
    try:
        run_checks(client, ["tokeninfo"], EXPECTED)
    except AuthenticationRefusedError:
        return False
    return True


def test_revoked_it_works_no_more_and_its_sibling_does(
    simulator: Simulator, client: MakeClient, second: Keys, sender: KeepingSender
) -> None:
    done = revoke(client())
    assert (done.outcome, done.confirmed, done.login_refused) == (REVOKED, True, False)
    assert (len(sender.signed), is_revoked(simulator)) == (1, True)
    assert (done.said, done.diagnosis, done.remedy) == ("HTTP 200", None, "")
    assert done.at == pytest.approx(time.time(), abs=60)
    assert (works(client(second)), works(client())) == (True, False)


def test_a_role_that_may_not_is_a_persons_task(
    simulator: Simulator, client: MakeClient, sender: KeepingSender
) -> None:
    simulator.state.account(ACCOUNT).role(ROLE).permissions.remove("User Access Tokens")
    done = revoke(client())
    assert (done.outcome, done.confirmed, done.login_refused) == (NEEDS_PERSON, False, False)
    assert (len(sender.signed), is_revoked(simulator), works(client())) == (1, False, True)
    for words in (
        RECORD,
        "HTTP 403 INSUFFICIENT_PERMISSION",
        "Setup > Users/Roles > Access Tokens",
        "User Access Tokens",
    ):
        assert words in str(done)


Spoil = Callable[[Simulator], object]
REFUSED: list[Spoil] = [
    lambda s: s.state.revoke_token(ACCOUNT, TOKEN),
    lambda s: s.state.deactivate_token(ACCOUNT, TOKEN),
    lambda s: s.state.block_integration(ACCOUNT, APPLICATION),
    lambda s: setattr(s.state.account(ACCOUNT).user(BOT), "active", False),
]


@pytest.mark.parametrize("spoil", REFUSED)
def test_a_refused_login_confirms_nothing_whatever_its_cause(
    simulator: Simulator, client: MakeClient, sender: KeepingSender, spoil: Spoil
) -> None:
    spoil(simulator)
    done = revoke(client())
    assert (done.outcome, done.confirmed, done.login_refused) == (NOT_CONFIRMED, False, True)
    assert (len(sender.signed), len(simulator.state.trail.failures())) == (1, 1)
    assert done.diagnosis is not None
    assert done.diagnosis.causes
    assert "press Revoke where it is still active" in str(done)


def test_a_wrong_secret_confirms_nothing(
    simulator: Simulator, client: MakeClient, keys: Keys
) -> None:
    assert revoke(client(wrong(keys))).outcome is NOT_CONFIRMED
    assert not is_revoked(simulator)


UNDECIDED = [
    (FaultKind.ANSWER_LOST, True),
    (FaultKind.RESET, False),
    (FaultKind.SERVER_ERROR, False),
    (FaultKind.MAINTENANCE, False),
    (FaultKind.CONCURRENCY_LIMIT, False),
    (FaultKind.REQUEST_LIMIT, False),
    (FaultKind.GARBAGE, False),
]


@pytest.mark.parametrize(("fault", "done"), UNDECIDED, ids=[str(case[0]) for case in UNDECIDED])
def test_an_answer_that_decides_nothing_is_not_asked_for_again(
    simulator: Simulator, client: MakeClient, sender: KeepingSender, fault: FaultKind, done: bool
) -> None:
    """Nor is it asked whether the token still works: where it does not, that is a refused login of the user."""
    simulator.state.faults.add(fault, PATH, times=None)
    told = revoke(client())
    assert (told.outcome, told.confirmed, told.login_refused) == (UNKNOWN, False, False)
    assert (len(sender.signed), is_revoked(simulator)) == (1, done)
    assert simulator.state.trail.failures() == []
    assert "retire again in a later run" in str(told)


@pytest.mark.parametrize(
    ("fault", "later"), [(FaultKind.RESET, REVOKED), (FaultKind.ANSWER_LOST, NOT_CONFIRMED)]
)
def test_the_later_run_gets_what_there_is(
    simulator: Simulator, client: MakeClient, fault: FaultKind, later: RevocationOutcome
) -> None:
    simulator.state.faults.add(fault, PATH)
    assert revoke(client()).outcome is UNKNOWN
    assert revoke(client()).outcome is later
    assert is_revoked(simulator)


def test_with_a_skewed_clock_nothing_is_signed(simulator: Simulator, client: MakeClient) -> None:
    def clock() -> float:
        return time.time() + 400

    with pytest.raises(ClockSkewError):
        revoke(client(clock=clock, sender=KeepingSender(clock)))
    assert (is_revoked(simulator), simulator.state.audit()) == (False, [])


def scripted(script: object) -> Revocation:
    sender = ScriptedSender(script)  # type: ignore[arg-type]
    return revoke(Client(credential(), record=RECORD, sender=sender, probe=ClockProbe()))


ANSWERS = [
    (answer(200), REVOKED),
    (answer(204), REVOKED),
    (answer(200, "true"), REVOKED),
    (answer(200, '{"any": "thing"}'), REVOKED),
    (answer(200, "revoked", "text/plain"), REVOKED),
    (answer(200, "<!DOCTYPE html><title>Log in</title>", "text/html"), UNKNOWN),
    (answer(200, "\n<html>proxy</html>", "text/plain"), UNKNOWN),
    (answer(200, "{half"), UNKNOWN),
    (answer(200, '{"error": {"code": "INVALID_REQUEST"}}'), NEEDS_PERSON),
    (answer(200, '{"error": {"code": "INVALID_LOGIN_ATTEMPT"}}'), NOT_CONFIRMED),
    (answer(302, Location="/login"), UNKNOWN),
    (answer(400, '{"error": {"code": "INVALID_REQUEST"}}'), NEEDS_PERSON),
    (answer(401), NOT_CONFIRMED),
    (answer(403), NEEDS_PERSON),
    (answer(404), NEEDS_PERSON),
    (answer(429), UNKNOWN),
    (answer(500), UNKNOWN),
    (LostError("no answer in time"), UNKNOWN),
    (LostError("its TLS certificate was not accepted", retry=False), UNKNOWN),
]


@pytest.mark.parametrize(("said", "outcome"), ANSWERS)
def test_what_follows_from_an_answer(said: object, outcome: RevocationOutcome) -> None:
    assert scripted(said).outcome is outcome


@pytest.mark.parametrize("outcome", RevocationOutcome)
def test_every_outcome_says_what_to_do(outcome: RevocationOutcome) -> None:
    done = Revocation(outcome, RECORD, "HTTP 200")
    assert str(done).startswith(f"{RECORD}: ")
    assert "HTTP 200" in str(done)
    match outcome:
        case RevocationOutcome.REVOKED:
            assert (done.confirmed, done.remedy) == (True, "")
        case (
            RevocationOutcome.UNKNOWN
            | RevocationOutcome.NOT_CONFIRMED
            | RevocationOutcome.NEEDS_PERSON
        ):
            assert (done.confirmed, done.remedy in str(done)) == (False, True)
            assert done.remedy
        case _:
            assert_never(outcome)


@pytest.mark.parametrize("fault", [None, FaultKind.RESET, FaultKind.SERVER_ERROR])
def test_the_values_in_the_query_are_told_nowhere(
    simulator: Simulator,
    client: MakeClient,
    keys: Keys,
    caplog: pytest.LogCaptureFixture,
    fault: FaultKind | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    if fault is not None:
        simulator.state.faults.add(fault, PATH)
    told = revoke(client())
    assert told.confirmed is (fault is None)
    assert_hidden(str(told) + repr(told) + caplog.text, keys)
