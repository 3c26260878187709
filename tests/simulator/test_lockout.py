"""Five failed logins lock a user for 30 minutes, with all his tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tba_secrets.simulator import Simulator
from tests.simulator.accounts import ACCOUNT, APPLICATION, BOT, ROLE, Keys, StandingClock
from tests.simulator.signer import send

PATH = "/rest/tokeninfo"


@pytest.fixture
def second(simulator: Simulator, keys: Keys) -> Keys:
    """A second token of the same user."""
    other = replace(keys, token_id="second-id", token_secret="second-secret")
    simulator.state.add_token(
        ACCOUNT,
        {
            "name": "second",
            "integration": APPLICATION,
            "user": BOT,
            "role": ROLE,
            "token_id": other.token_id,
            "token_secret": other.token_secret,
        },
    )
    return other


@pytest.fixture
def clerk(simulator: Simulator, keys: Keys) -> Keys:
    """A token of another user."""
    other = replace(keys, token_id="clerk-id", token_secret="clerk-secret")
    simulator.state.add_token(
        ACCOUNT,
        {
            "name": "clerk",
            "integration": APPLICATION,
            "user": "39",
            "role": "1043",
            "token_id": other.token_id,
            "token_secret": other.token_secret,
        },
    )
    return other


def fail(simulator: Simulator, keys: Keys, now: float, times: int) -> None:
    for _ in range(times):
        wrong = replace(keys, token_secret="wrong")
        assert send(wrong, "GET", simulator.url + PATH, now).status_code == 401


def status(simulator: Simulator, keys: Keys, now: float) -> int:
    return send(keys, "GET", simulator.url + PATH, now).status_code


def test_four_failures_do_not_lock(simulator: Simulator, keys: Keys, clock: StandingClock) -> None:
    fail(simulator, keys, clock.now, 4)
    assert not simulator.state.is_locked(ACCOUNT, BOT)
    assert status(simulator, keys, clock.now) == 200


def test_five_failures_lock_every_token_of_the_user(
    simulator: Simulator, keys: Keys, second: Keys, clerk: Keys, clock: StandingClock
) -> None:
    fail(simulator, keys, clock.now, 3)
    fail(simulator, second, clock.now, 2)
    assert simulator.state.is_locked(ACCOUNT, BOT)
    assert status(simulator, keys, clock.now) == 401
    assert simulator.state.audit()[-1].detail == "temporary_locked"
    assert status(simulator, second, clock.now) == 401
    assert status(simulator, clerk, clock.now) == 200


def test_the_lock_ends_after_thirty_minutes(
    simulator: Simulator, keys: Keys, clock: StandingClock
) -> None:
    fail(simulator, keys, clock.now, 5)
    clock.now += 30 * 60 - 1
    assert status(simulator, keys, clock.now) == 401
    clock.now += 1
    assert status(simulator, keys, clock.now) == 200


def test_trying_on_does_not_prolong_the_lock(
    simulator: Simulator, keys: Keys, clock: StandingClock
) -> None:
    fail(simulator, keys, clock.now, 5)
    clock.now += 30 * 60 - 1
    for _ in range(6):
        assert send(keys, "GET", simulator.url + PATH, clock.now - 1000).status_code == 401
    clock.now += 1
    assert status(simulator, keys, clock.now) == 200


def test_a_lock_can_be_cleared(simulator: Simulator, keys: Keys, clock: StandingClock) -> None:
    fail(simulator, keys, clock.now, 5)
    simulator.state.clear_lockout(ACCOUNT, BOT)
    assert status(simulator, keys, clock.now) == 200


def test_failures_that_are_old_or_before_a_success_do_not_count(
    simulator: Simulator, keys: Keys, clock: StandingClock
) -> None:
    fail(simulator, keys, clock.now, 4)
    clock.now += 30 * 60
    fail(simulator, keys, clock.now, 4)
    assert status(simulator, keys, clock.now) == 200
    fail(simulator, keys, clock.now, 4)
    assert not simulator.state.is_locked(ACCOUNT, BOT)


def test_a_token_that_nobody_has_locks_nobody(
    simulator: Simulator, keys: Keys, clock: StandingClock
) -> None:
    fail(simulator, replace(keys, token_id="nobody"), clock.now, 9)
    assert status(simulator, keys, clock.now) == 200


def test_a_failure_before_the_signature_counts_too(
    simulator: Simulator, keys: Keys, clock: StandingClock
) -> None:
    for _ in range(5):
        send(keys, "GET", simulator.url + PATH, clock.now - 1000)
    assert simulator.state.is_locked(ACCOUNT, BOT)
    assert status(simulator, keys, clock.now) == 401
