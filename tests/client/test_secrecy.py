"""No value of a credential is in a log, a message, a repr, or in what a caller gets back."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import requests
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from tba_secrets.client import ForeignHostError, SignedSession
from tba_secrets.errors import NotAskedError, StoreUnavailableError
from tests.client.support import Naive, World
from tests.leaks.canaries import odd_values
from tests.leaks.scanner import Canary, Scanner, text
from tests.netsuite.support import Said, told_server
from tests.netsuite_account import NetSuiteAccount, Values

pytestmark = pytest.mark.long


@pytest.fixture
def account() -> NetSuiteAccount:
    return NetSuiteAccount(
        consumers={"warehouse": odd_values(), "billing": Values()},
        tokens={"orders": odd_values(), "stock": Values(), "invoices": Values()},
    )


@pytest.fixture
def scanner(here: World) -> Scanner:
    held = [here.account.tokens["orders"], here.account.spares["orders"]]
    values = {one.reveal() for token in held for one in here.credential(token).secrets}
    return Scanner(Canary(f"value {number}", one) for number, one in enumerate(values))


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "oauthlib", "botocore", "boto3", "tba_secrets"):
        caplog.set_level(logging.DEBUG, logger=name)
    return lambda: "\n".join(f"{r.getMessage()} {r.args!r}" for r in caplog.records)


def told(error: BaseException) -> str:
    """The error with its whole traceback, local variables of every frame included."""
    file = io.StringIO()
    Console(file=file, width=400).print(
        Traceback.from_exception(
            type(error),
            error,
            error.__traceback__ and error.__traceback__.tb_next,  # not the test's own frame
            show_locals=True,
            locals_max_string=1000,
            locals_max_length=1000,
        )
    )
    return file.getvalue() + "".join(traceback.format_exception(error)) + repr(vars(error))


def everything_of(answer: requests.Response) -> str:
    """What a careless program would log of an answer."""
    sent = [one.request for one in (answer, *answer.history)]
    shown = [f"{one!r} {one.headers!r} {one.url} {vars(one)!r}" for one in sent]
    return f"{answer!r} {answer.headers!r} {answer.text} {shown}"


def test_a_session_shows_nothing(here: World, scanner: Scanner, log: Callable[[], str]) -> None:
    with here.session() as session:
        answers = [session.get(here.url)]
        here.rotate()
        answers.append(session.get(here.url))
        shown = [repr(session), str(session), repr(session.auth), repr(vars(session))]
        shown += [pretty_repr(session, expand_all=True), pretty_repr(vars(session._calls))]
        shown += map(everything_of, answers)

    assert "is now current" in log()
    assert scanner.find([text("shown", "\n".join(shown)), text("log", log())]) == []


def test_the_broken_twin_shows_it_in_what_comes_back(here: World, scanner: Scanner) -> None:
    answer = requests.get(here.url, auth=Naive(here), timeout=10)
    assert scanner.find([text("shown", everything_of(answer))])


def _lost(here: World, session: SignedSession) -> None:
    here.netsuite.state.faults.add("reset")
    session.get(here.url)


def _too_slow(here: World, session: SignedSession) -> None:
    here.netsuite.state.faults.add("latency", seconds=0.5)
    session.get(here.url, timeout=0.05)


def _truncated(here: World, session: SignedSession) -> None:
    here.netsuite.state.faults.add("truncated")
    session.get(here.url)


def _foreign(here: World, session: SignedSession) -> None:
    values = here.credential(here.account.tokens["orders"]).secrets
    session.get(f"http://{values[0].reveal()[:8].encode().hex()}.example.com/")


def _out(here: World, session: SignedSession) -> None:
    here.aws.faults.refuse("GetSecretValue", times=None)
    session.get(here.url)


def _refused(here: World, session: SignedSession) -> None:
    here.netsuite.state.revoke_token(here.account.id, "orders")
    for _ in range(4):
        session.get(here.url)


FAILURES: dict[str, tuple[type[Exception], Callable[[World, SignedSession], None]]] = {
    "the call is lost": (requests.ConnectionError, _lost),
    "the answer is late": (requests.Timeout, _too_slow),
    "the answer is cut off": (requests.exceptions.ChunkedEncodingError, _truncated),
    "another host": (ForeignHostError, _foreign),
    "the store is out": (StoreUnavailableError, _out),
    "refused too often": (NotAskedError, _refused),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_tells_nothing(
    here: World, scanner: Scanner, log: Callable[[], str], failure: str
) -> None:
    kind, fail = FAILURES[failure]
    with here.session() as session, pytest.raises(kind) as caught:
        fail(here, session)

    request: Any = getattr(caught.value, "request", None)
    shown = told(caught.value) + repr(getattr(request, "headers", None))
    assert scanner.find([text("the error", shown), text("log", log())]) == []


def test_a_server_that_echoes_gets_nothing_into_a_message(
    here: World, scanner: Scanner, log: Callable[[], str]
) -> None:
    values = here.credential(here.account.tokens["orders"]).secrets
    echo = values[0].reveal().encode().hex()[:40]
    moved = Said(302, headers=[("Location", f"http://{echo}.example.com/{echo}")])
    with told_server(moved) as own, pytest.raises(ForeignHostError) as caught:
        here.session(endpoint=own.url).get(own.url)
    assert scanner.find([text("message", str(caught.value)), text("log", log())]) == []


def test_the_broken_twin_tells_it(here: World, scanner: Scanner) -> None:
    here.netsuite.state.faults.add("reset")
    with pytest.raises(requests.ConnectionError) as caught:
        requests.get(here.url, auth=Naive(here), timeout=10)
    assert scanner.find([text("the error", told(caught.value))])
