"""`tba rotate` on the real engine under readers, and what a refused or an untested new token leaves."""

from __future__ import annotations

import time
from functools import partial

import pytest

from tba_secrets.simulator import FaultKind
from tba_secrets.simulator.aws import Secret
from tba_secrets.stores.interface import SecretName
from tests.deep import rest_is_deep
from tests.engine.conftest import World, telling
from tests.engine.tba import tba
from tests.faults.bench import watching
from tests.faults.readers import plain_reader, reading, succession
from tests.faults.rotation_bench import (
    NAME,
    REVOKE,
    TOKEN,
    RotationBench,
    Story,
    assert_no_changes,
    assert_state_holds_no_value,
    journal,
)
from tests.netsuite.browser import Browser
from tests.netsuite_account import Values
from tests.stores.aws_bench import aws_store
from tests.stores.conftest import no_local_settings

__all__ = ["no_local_settings"]

pytestmark = [pytest.mark.engine, pytest.mark.faults]

LOGIN = "38:1001"
"""The consent page's choice: the user `orders.bot` in the role `warehouse role`."""
MIDDLES = ("PutSecretValue", "UpdateSecretVersionStage", None)
"""The call after which each rotation is killed: the candidate is written, a label has moved; the last one is not."""


def issue(world: World, name: str, values: Values, user: str = TOKEN) -> Values:
    """As Setup > Users/Roles > Access Tokens > New does."""
    token = {
        "name": name,
        "integration": "warehouse",
        "user": world.account.user_of(user),
        "role": "1001",
        "token_id": values.identifier,
        "token_secret": values.secret,
    }
    world.netsuite.state.add_token(world.account.id, token)
    return values


def revokes(world: World) -> int:
    """How often NetSuite was asked to revoke a token."""
    return sum(one.request == REVOKE for one in world.netsuite.state.audit())


def labelled_only(world: World) -> None:
    """What AWS does when it likes: versions without a label are gone (User Guide, "Version")."""
    secret = world.secret(TOKEN)
    held = set(secret.labels.values())
    world.aws.edit(NAME, versions={one: v for one, v in secret.versions.items() if one in held})


@pytest.mark.parametrize("rotations", rest_is_deep((1, len(MIDDLES)), lambda many: many == 1))
def test_rotations_under_readers(deployed: World, rotations: int, no_local_settings: None) -> None:
    middles = MIDDLES[:rotations]
    store, name = aws_store(deployed.aws.url), SecretName(NAME)
    readers = [plain_reader(store, name, deployed.netsuite.url) for _ in range(2)]
    tokens = succession(len(middles))
    given = [issue(deployed, f"orders {number}", new) for number, new in enumerate(tokens)]
    with reading(*readers) as tally:
        for token, operation in zip(given, middles, strict=True):
            deployed.give(orders=token)
            if operation is not None:
                after = partial(deployed.aws.faults.after, operation)
                RotationBench(deployed).killed(Story.ROTATE, lambda kill, do=after: do(do=kill))  # type: ignore[misc]
            run = tba(deployed, "rotate", "test", TOKEN)
            assert run.status == 0, run.output
            assert deployed.current(TOKEN)["token_id"] == token.identifier
            enough = tally.calls + 4
            while tally.calls < enough:
                time.sleep(0.01)
            assert_no_changes(deployed)
    assert tally.failed == [], tally.outcomes
    assert [state for _, state in journal(deployed)] == ["overlap"] * len(middles)
    assert revokes(deployed) == 0
    assert_state_holds_no_value(deployed, *given, deployed.account.tokens[TOKEN])


# --- a refused candidate ---------------------------------------------------------------------------


def unchanged(before: Secret, world: World) -> None:
    """Current and previous are as they were, and nothing waits."""
    now, labels = world.secret(TOKEN), telling(before)
    assert telling(now) == labels
    assert "AWSPENDING" not in labels
    assert [now.versions[one] for one in labels.values()] == [
        before.versions[one] for one in labels.values()
    ]


@pytest.mark.parametrize(
    ("user", "diagnosis"),
    rest_is_deep(
        [
            (None, "NetSuite refused the login: tokeninfo was answered HTTP 401"),
            ("stock", "the token works, and its user is"),
        ],
        lambda case: case[0] is None,
    ),
)
def test_a_refused_token_leaves_everything_as_it_was(
    rotated: World, user: str | None, diagnosis: str
) -> None:
    before, lines = rotated.secret(TOKEN), journal(rotated)
    new = Values() if user is None else issue(rotated, "of another user", Values(), user)
    rotated.give(orders=new)

    with watching(rotated):
        run = tba(rotated, "rotate", "test", TOKEN)

    assert run.status == 1, run.output
    assert "not promoted; current is unchanged, and the candidate was discarded" in run.output
    assert diagnosis in run.output
    assert "Traceback" not in run.output
    unchanged(before, rotated)
    assert journal(rotated) == lines
    assert revokes(rotated) == 0
    assert_state_holds_no_value(rotated, new, rotated.account.spares[TOKEN])


@pytest.mark.deep
def test_after_a_refused_token_the_right_one_is_taken(rotated: World) -> None:
    """Though the version that was refused is gone by then."""
    rotated.give(orders=Values())
    assert tba(rotated, "rotate", "test", TOKEN).status == 1
    labelled_only(rotated)
    right = issue(rotated, "orders third", Values())
    rotated.give(orders=right)

    run = tba(rotated, "rotate", "test", TOKEN)

    assert run.status == 0, run.output
    assert rotated.current(TOKEN)["token_id"] == right.identifier
    assert [state for _, state in journal(rotated)] == ["overlap", "overlap"]
    assert_no_changes(rotated)


# --- an issued one that could not be tested --------------------------------------------------------


@pytest.fixture
def untested(deployed: World) -> World:
    """NetSuite has issued a token, and refused it for a clock that was wrong just then."""
    deployed.netsuite.state.faults.add(FaultKind.CLOCK_SKEW, "/rest/tokeninfo", seconds=3600.0)
    browser = Browser(login=LOGIN)
    run = tba(deployed, "rotate", "test", TOKEN, "--authorize", "--no-browser", browser=browser)
    assert run.status == 1, run.output
    assert "the candidate is kept, since no source can give it again" in run.output
    assert deployed.current(TOKEN)["token_id"] == deployed.account.tokens[TOKEN].identifier
    assert "AWSPENDING" in deployed.labels(TOKEN)
    assert not deployed.netsuite.state.faults.list()
    return deployed


def issued(world: World) -> str:
    """The id of the token that waits."""
    secret = world.secret(TOKEN)
    value = secret.versions[secret.labels["AWSPENDING"]].value
    assert value is not None
    ids = {one.token_id for one in world.netsuite.state.account(world.account.id).tokens}
    (found,) = [one for one in ids if one in (value.string or "")]
    return found


@pytest.mark.deep
@pytest.mark.parametrize("command", ["rotate", "rotate --authorize --no-browser", "up"])
def test_the_next_run_tests_and_promotes_an_issued_token(untested: World, command: str) -> None:
    new, tokens = issued(untested), len(untested.netsuite.state.account(untested.account.id).tokens)

    run = (
        untested.project.up() if command == "up" else tba(untested, *command.split(), "test", TOKEN)
    )

    assert run.status == 0, run.output
    assert untested.current(TOKEN)["token_id"] == new
    assert len(untested.netsuite.state.account(untested.account.id).tokens) == tokens
    assert_no_changes(untested)


def refused_again(world: World) -> None:
    """The clock is wrong once more."""
    world.netsuite.state.faults.add(FaultKind.CLOCK_SKEW, "/rest/tokeninfo", seconds=3600.0)


@pytest.mark.deep
def test_an_issued_token_that_up_refuses_is_still_kept(untested: World) -> None:
    new = issued(untested)
    refused_again(untested)

    run = untested.project.up()

    assert run.status != 0
    assert "the candidate is kept, since no source can give it again" in run.output
    assert issued(untested) == new


def test_an_issued_token_that_rotate_refuses_makes_room_and_is_journalled(untested: World) -> None:
    """It is a person's task, and does not stand in the way of another token for ever."""
    pending, current = untested.labels(TOKEN)["AWSPENDING"], untested.labels(TOKEN)["AWSCURRENT"]
    refused_again(untested)

    run = tba(untested, "rotate", "test", TOKEN)

    assert run.status == 1, run.output
    assert "the candidate was discarded, and is in the journal" in run.output
    closed = [line for line in journal(untested) if line[1] == "restored"]  # the line of intent
    assert sorted(journal(untested)) == sorted([(pending, "person"), *closed])
    assert untested.labels(TOKEN)["AWSCURRENT"] == current
    untested.give(orders=untested.account.spares[TOKEN])
    run = tba(untested, "rotate", "test", TOKEN)
    assert run.status == 0, run.output
    assert sorted(journal(untested)) == sorted([(pending, "person"), (current, "overlap"), *closed])
