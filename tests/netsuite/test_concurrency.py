"""How many users are asked side by side: few at first, more while none is refused, half after that, never above."""

from __future__ import annotations

import pytest

from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.client import SignedCall
from tba_secrets.netsuite.concurrency import Concurrency
from tba_secrets.simulator import Simulator
from tests.netsuite.conftest import MakeClient
from tests.netsuite.support import wrong
from tests.simulator.accounts import Keys

ACCOUNT = "1234567_SB1"
CALL = SignedCall(Service.RESTLETS, "GET", "/rest/tokeninfo")


def hear(concurrency: Concurrency, answers: str) -> list[int]:
    """`.` is an answer, `!` says that there were too many; how many users there may be after each."""
    users = []
    for one in answers:
        concurrency.heard(ACCOUNT, busy=one == "!")
        users.append(concurrency.users(ACCOUNT))
    return users


@pytest.mark.parametrize(
    ("answers", "users"),
    [
        ("." * 12, [2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]),
        ("!" + "." * 6, [1, 2, 2, 2, 2, 2, 2]),
        (".....!", [2, 3, 3, 3, 4, 2]),
        (".....!!!", [2, 3, 3, 3, 4, 2, 2, 2]),
        (".....!..........", [2, 3, 3, 3, 4, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3]),
        ("!.!!.", [1, 2, 1, 1, 2]),
    ],
    ids=[
        "one more after each round, to the most",
        "refused at once",
        "half",
        "a burst counts once",
        "what was refused is not tried again",
        "never none",
    ],
)
def test_the_users_follow_the_answers(answers: str, users: list[int]) -> None:
    assert hear(Concurrency(), answers) == users


def test_never_more_than_is_declared() -> None:
    assert max(hear(Concurrency(most=3), "." * 50)) == 3
    assert Concurrency(first=9, most=3).users(ACCOUNT) == 3
    with pytest.raises(ValueError, match="at least 1"):
        Concurrency(most=0)


def test_each_account_has_its_own_and_spelling_makes_no_difference() -> None:
    concurrency = Concurrency()
    hear(concurrency, "." * 9)
    assert (concurrency.users("1234567-sb1"), concurrency.users("7654321")) == (4, 2)


def test_a_client_tells_the_concurrency_what_it_hears(
    simulator: Simulator, client: MakeClient
) -> None:
    concurrency = Concurrency()
    asking = client(concurrency=concurrency)
    asking.reach()
    asking.call(CALL)
    assert concurrency.users(ACCOUNT) == 2, "an unsigned call is none of the account's"
    asking.call(CALL)
    assert concurrency.users(ACCOUNT) == 3
    simulator.state.faults.add("SSS_REQUEST_LIMIT_EXCEEDED", "tokeninfo")
    asking.call(CALL)
    assert concurrency.users(ACCOUNT) == 2


def test_a_refused_login_is_no_reason_to_ask_less(client: MakeClient, keys: Keys) -> None:
    concurrency = Concurrency()
    for _ in range(2):
        assert client(wrong(keys), concurrency=concurrency).call(CALL).status == 401
    assert concurrency.users(ACCOUNT) == 3


def test_what_is_declared_counts_in_the_place_of_the_usual_limit() -> None:
    concurrency = Concurrency()
    concurrency.limit(ACCOUNT, 6)
    assert (concurrency.users(ACCOUNT), max(hear(concurrency, "." * 50))) == (2, 6)

    concurrency.limit(ACCOUNT, 3)  # another environment of the account declares less
    concurrency.limit(ACCOUNT, 9)
    assert concurrency.users(ACCOUNT) == 3
    assert max(hear(concurrency, "." * 50)) == 3

    concurrency.limit(ACCOUNT, 1)
    assert hear(concurrency, ".!..") == [1, 1, 1, 1]
    assert concurrency.users("7654321") == 2
