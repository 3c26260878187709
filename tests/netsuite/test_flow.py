"""The three-step flow against the simulator: who gets a token, and every way in which nobody does."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from urllib.parse import urlsplit

import pytest
import requests

from tba_secrets.errors import (
    ClockSkewError,
    IdentityMismatchError,
    NetSuiteError,
    NetSuiteUnreachableError,
    StoreUnavailableError,
)
from tba_secrets.netsuite.answers import Answer
from tba_secrets.netsuite.checks import run_checks
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.flow import Person, authorize
from tba_secrets.netsuite.flow_errors import (
    ConsentDeniedError,
    ConsentMismatchError,
    ConsentTimeoutError,
    FlowCancelledError,
    FlowError,
    TokenOrphanedError,
)
from tba_secrets.netsuite.transport import LostError
from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.sources.interface import Pair
from tests.netsuite.browser import DENY, Browser, Change, get, person, with_query
from tests.netsuite.conftest import MakeClient
from tests.netsuite.flow_bench import (
    EXPECTED,
    ONE,
    THREE,
    Flow,
    application,
    flow_of,
    keys_of,
    posts,
    tokens,
)
from tests.netsuite.support import RECORD, KeepingSender
from tests.simulator.accounts import ACCOUNT, APPLICATION, BOT, ROLE, Keys


@pytest.fixture
def flow(simulator: Simulator, keys: Keys, sender: KeepingSender) -> Flow:
    return flow_of(application(keys, simulator.url), sender)


def test_allowed_gives_a_token_that_works_beside_the_old_one(
    flow: Flow, simulator: Simulator, keys: Keys, client: MakeClient, sender: KeepingSender
) -> None:
    browser = Browser()
    pair = flow(person(browser))
    assert (posts(sender, ONE), posts(sender, THREE), tokens(simulator)) == (1, 1, 2)
    issued = simulator.state.account(ACCOUNT).tokens[-1]
    assert (pair.identifier.reveal(), pair.secret.reveal()) == (
        issued.token_id,
        issued.token_secret,
    )
    assert (issued.user, issued.role, pair.warnings) == ("38", "1042", ())
    for held in (keys_of(keys, pair), keys):
        assert run_checks(client(held), ["tokeninfo", "rest"], EXPECTED).role_id == "1042"
    assert simulator.state.trail.failures() == []


def test_the_role_is_asked_for_and_the_person_is_told_whom_to_be(
    flow: Flow, sender: KeepingSender
) -> None:
    browser, announced = Browser(), list[str]()
    flow(person(browser, announced))
    assert 'role="1042"' in str(sender.signed[0].headers["Authorization"])
    assert len(announced) == 1
    for words in (RECORD, BOT, "entity 38", ROLE, "id 1042", ACCOUNT, "press Allow"):
        assert words in announced[0]
    assert urlsplit(browser.opened[0]).path == "/app/login/secure/authorizetoken.nl"


def test_without_ids_only_the_account_is_compared(
    flow: Flow, simulator: Simulator, sender: KeepingSender
) -> None:
    """What is not declared is proven by the checks of the issued token."""
    flow(person(Browser(login="39:1043")), replace(EXPECTED, role_id=None, entity=None))
    assert simulator.state.account(ACCOUNT).tokens[-1].user == "39"
    assert "role=" not in str(sender.signed[0].headers["Authorization"])


def test_the_page_says_that_it_is_done(flow: Flow) -> None:
    browser = Browser()
    flow(person(browser))
    assert browser.page is not None
    assert (browser.page.status_code, "You can close this page" in browser.page.text) == (200, True)


def ends(
    flow: Flow,
    sender: KeepingSender,
    simulator: Simulator,
    who: Person,
    expected: Expected = EXPECTED,
    **settings: object,
) -> NetSuiteError:
    """The error of a flow that must exchange nothing."""
    with pytest.raises(NetSuiteError) as caught:
        flow(who, expected, **settings)
    assert (posts(sender, THREE), tokens(simulator)) == (0, 1)
    return caught.value


def test_denied_exchanges_nothing(flow: Flow, sender: KeepingSender, simulator: Simulator) -> None:
    browser = Browser(decision=DENY)
    error = ends(flow, sender, simulator, person(browser))
    assert isinstance(error, ConsentDeniedError)
    assert browser.page is not None
    assert (browser.page.status_code, "not allowed" in browser.page.text) == (200, True)
    for words in (RECORD, "Deny", BOT, "User Access Tokens", "nothing was changed"):
        assert words in str(error)


def test_another_user_exchanges_nothing(
    flow: Flow, sender: KeepingSender, simulator: Simulator
) -> None:
    expected = replace(EXPECTED, role_id="1043")
    browser = Browser(login="39:1043")
    error = ends(flow, sender, simulator, person(browser), expected)
    assert isinstance(error, ConsentMismatchError)
    assert isinstance(error, IdentityMismatchError)
    assert (error.aspect, error.got, error.expected) == ("user", "39", "38")
    assert browser.page is not None
    assert "Another account, role or user" in browser.page.text


OTHERS: list[tuple[Change, str, str]] = [
    (lambda q: q | {"company": "7654321"}, "account", "7654321"),
    (lambda q: q | {"company": ""}, "account", "not told"),
    (lambda q: q | {"role": "1043"}, "role id", "1043"),
    (lambda q: {k: v for k, v in q.items() if k != "role"}, "role id", "not told"),
    (lambda q: q | {"entity": "39"}, "user", "39"),
    (lambda q: {k: v for k, v in q.items() if k != "entity"}, "user", "not told"),
]


@pytest.mark.parametrize(("change", "aspect", "got"), OTHERS)
def test_another_identity_in_the_callback_exchanges_nothing(
    flow: Flow, sender: KeepingSender, simulator: Simulator, change: Change, aspect: str, got: str
) -> None:
    error = ends(flow, sender, simulator, person(Browser(change=change)))
    assert isinstance(error, ConsentMismatchError)
    assert (error.aspect, error.got) == (aspect, got)
    assert "log out of NetSuite first" in str(error)


def test_the_account_is_compared_in_either_spelling(flow: Flow, simulator: Simulator) -> None:
    flow(person(Browser(change=lambda q: q | {"company": "1234567-sb1"})))
    assert tokens(simulator) == 2


class Jumping:
    """A monotonic clock that can be moved on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


def test_nobody_answers_in_time(flow: Flow, sender: KeepingSender, simulator: Simulator) -> None:
    watch = Jumping()

    def ignore(_: str) -> None:
        watch.ahead += 300

    with pytest.raises(ConsentTimeoutError, match="within 300 s"):
        flow(Person(ignore, lambda _: None), monotonic=watch)
    assert (posts(sender, THREE), tokens(simulator)) == (0, 1)


def test_the_twin_that_is_answered_in_time(flow: Flow, simulator: Simulator) -> None:
    watch, browser = Jumping(), Browser()

    def hesitate(url: str) -> None:
        watch.ahead += 290
        browser.open(url)

    flow(Person(hesitate, lambda _: None), monotonic=watch)
    assert tokens(simulator) == 2


def test_only_a_wrong_state_is_no_answer(
    flow: Flow, sender: KeepingSender, simulator: Simulator
) -> None:
    watch = Jumping()
    browser = Browser(change=lambda q: q | {"state": "0" * 32})

    def attack(url: str) -> None:
        browser.open(url)
        watch.ahead += 300

    with pytest.raises(ConsentTimeoutError):
        flow(Person(attack, lambda _: None), monotonic=watch)
    assert browser.page is not None
    assert browser.page.status_code == 400
    assert (posts(sender, THREE), tokens(simulator)) == (0, 1)


def test_the_state_is_alphanumeric_and_new_each_time(flow: Flow) -> None:
    browsers = [Browser(), Browser()]
    for browser in browsers:
        flow(person(browser))
    states = {browser.back("state") for browser in browsers}
    assert len(states) == 2
    assert all(state.isalnum() and state.isascii() and len(state) >= 22 for state in states)
    assert len({urlsplit(browser.went_back_to).path for browser in browsers}) == 2


def raw(url: str, request: bytes) -> bytes:
    """What the listener says to bytes that are no browser's."""
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_stray_requests_do_not_end_the_flow(flow: Flow, simulator: Simulator) -> None:
    statuses: list[int] = []

    def stray(back: str) -> None:
        root = f"http://localhost:{urlsplit(back).port}"
        plain = back.partition("?")[0]
        urls = [
            root + "/",
            root + "/favicon.ico",
            plain + "x?" + urlsplit(back).query,
            plain,
            plain + "?state=",
            plain + "?oauth_verifier=",
            back + "&state=again",
            back + "&a=1" * 100,
            with_query(back, lambda q: q | {"state": "wrong"}),
            with_query(back, lambda q: q | {"oauth_token": "wrong"}),
            with_query(back, lambda q: {k: v for k, v in q.items() if k != "oauth_token"}),
            with_query(back, lambda q: {k: v for k, v in q.items() if k != "state"}),
        ]
        statuses.extend(get(url).status_code for url in urls)
        statuses.append(requests.post(back, timeout=10).status_code)
        statuses.append(requests.head(back, timeout=10).status_code)
        for nonsense in (
            b"\x00\xff\r\n\r\n",
            b"",
            b"GET\r\n\r\n",
            b"GET /%ff?%ff HTTP/1.1\r\n\r\n",
        ):
            raw(back, nonsense)

    pair = flow(person(Browser(before=stray)))
    assert statuses == [404, 404, 404] + [400] * 9 + [501, 501]
    assert simulator.state.account(ACCOUNT).tokens[-1].token_id == pair.identifier.reveal()


def test_two_flows_at_once_do_not_take_each_others_answer(simulator: Simulator, keys: Keys) -> None:
    asks = application(keys, simulator.url)
    meet = Barrier(2, timeout=10)
    browsers = [Browser(), Browser(login="39:1043")]
    crossed: list[int] = []

    def cross(_: str) -> None:
        """Each takes the other's answer to his own address first."""
        meet.wait()
        mine, other = browsers if not meet.wait() else reversed(browsers)
        query = urlsplit(other.went_back_to).query
        crossed.append(get(f"{mine.went_back_to.partition('?')[0]}?{query}").status_code)
        meet.wait()

    def run(browser: Browser, expected: Expected) -> Pair:
        browser.before = cross
        return authorize(asks, expected, person(browser), record=RECORD, probe=ClockProbe())

    second = replace(EXPECTED, role_id="1043", entity="39")
    with ThreadPoolExecutor(2) as pool:
        pairs = list(pool.map(run, browsers, [EXPECTED, second]))
    assert crossed == [400, 400]
    held = {token.token_id: token.user for token in simulator.state.account(ACCOUNT).tokens}
    assert [held[pair.identifier.reveal()] for pair in pairs] == ["38", "39"]


@pytest.mark.parametrize("seconds", [400, -400])
def test_with_a_skewed_clock_nothing_is_asked_for(
    flow: Flow, simulator: Simulator, seconds: float
) -> None:
    def clock() -> float:
        return time.time() + seconds

    sender, browser = KeepingSender(clock), Browser()
    with pytest.raises(ClockSkewError, match="clock"):
        flow(person(browser), clock=clock, sender=sender)
    assert ([request.method for request in sender.sent], browser.opened) == (["HEAD"], [])
    assert simulator.state.audit() == []


@pytest.mark.parametrize("fault", [FaultKind.RESET, FaultKind.ANSWER_LOST, FaultKind.SERVER_ERROR])
def test_a_lost_step_one_is_tried_again_signed_anew(
    flow: Flow, simulator: Simulator, sender: KeepingSender, fault: FaultKind
) -> None:
    simulator.state.faults.add(fault, ONE, times=1)
    flow(person(Browser()))
    assert (posts(sender, ONE), posts(sender, THREE), tokens(simulator)) == (2, 1, 2)
    assert len(set(sender.header_values("oauth_nonce"))) == 3
    assert simulator.state.trail.failures() == []


def test_a_step_one_that_stays_lost_opens_no_page(
    flow: Flow, simulator: Simulator, sender: KeepingSender
) -> None:
    simulator.state.faults.add(FaultKind.RESET, ONE, times=None)
    browser, announced = Browser(), list[str]()
    error = ends(flow, sender, simulator, person(browser, announced))
    assert isinstance(error, NetSuiteUnreachableError)
    assert (browser.opened, announced) == ([], [])
    assert "No consent was asked for" in str(error)


LOST = [
    (FaultKind.ANSWER_LOST, 2),
    (FaultKind.TRUNCATED, 2),
    (FaultKind.RESET, 1),
    (FaultKind.SERVER_ERROR, 1),
    (FaultKind.MAINTENANCE, 1),
    (FaultKind.GARBAGE, 1),
]


@pytest.mark.parametrize(("fault", "there"), LOST, ids=[str(case[0]) for case in LOST])
def test_a_lost_step_three_is_sent_once_and_told_as_an_orphan(
    flow: Flow, simulator: Simulator, sender: KeepingSender, fault: FaultKind, there: int
) -> None:
    """From here a token that exists and one that does not look the same."""
    simulator.state.faults.add(fault, THREE, times=None)
    with pytest.raises(TokenOrphanedError) as caught:
        flow(person(Browser()))
    assert (posts(sender, THREE), tokens(simulator)) == (1, there)
    for words in (
        RECORD,
        "may exist",
        "Setup > Users/Roles > Access Tokens",
        APPLICATION,
        BOT,
        ROLE,
    ):
        assert words in str(caught.value)


def test_cancelled_while_waiting(flow: Flow, sender: KeepingSender, simulator: Simulator) -> None:
    opened: list[str] = []
    who = Person(opened.append, lambda _: None)
    error = ends(flow, sender, simulator, who, cancelled=lambda: bool(opened))
    assert isinstance(error, FlowCancelledError)
    assert len(opened) == 1


def test_cancelled_after_the_consent_exchanges_nothing(
    flow: Flow, sender: KeepingSender, simulator: Simulator
) -> None:
    browser = Browser()
    asked: list[str] = []
    error = ends(
        flow,
        sender,
        simulator,
        person(browser),
        cancelled=lambda: browser.page is not None,
        before_issue=lambda: asked.append("written down"),
    )
    assert isinstance(error, FlowCancelledError)
    assert asked == []


def test_cancelled_before_anything_asks_for_nothing(
    flow: Flow, sender: KeepingSender, simulator: Simulator
) -> None:
    error = ends(flow, sender, simulator, person(Browser()), cancelled=lambda: True)
    assert isinstance(error, FlowError)
    assert sender.sent == []


def test_cancelled_between_two_tries_of_step_one_opens_no_page(
    flow: Flow, sender: KeepingSender, simulator: Simulator
) -> None:
    simulator.state.faults.add(FaultKind.SERVER_ERROR, ONE, times=None)
    browser = Browser()
    error = ends(
        flow, sender, simulator, person(browser), cancelled=lambda: posts(sender, ONE) == 1
    )
    assert isinstance(error, FlowCancelledError)
    assert (posts(sender, ONE), browser.opened) == (1, [])


def test_what_is_written_down_before_the_exchange_comes_right_before_it(
    flow: Flow, sender: KeepingSender, simulator: Simulator
) -> None:
    seen: list[tuple[int, int]] = []
    flow(
        person(Browser()),
        before_issue=lambda: seen.append((posts(sender, THREE), tokens(simulator))),
    )
    assert seen == [(0, 1)]
    assert tokens(simulator) == 2


def test_nothing_is_issued_where_it_cannot_be_written_down(
    flow: Flow, sender: KeepingSender, simulator: Simulator
) -> None:
    def fails() -> None:
        raise StoreUnavailableError("the store is away")

    with pytest.raises(StoreUnavailableError):
        flow(person(Browser()), before_issue=fails)
    assert (posts(sender, THREE), tokens(simulator)) == (0, 1)


def test_cancelled_while_it_is_written_down_exchanges_nothing(
    flow: Flow, sender: KeepingSender, simulator: Simulator
) -> None:
    written: list[str] = []
    error = ends(
        flow,
        sender,
        simulator,
        person(Browser()),
        cancelled=lambda: bool(written),
        before_issue=lambda: written.append("written down"),
    )
    assert isinstance(error, FlowCancelledError)


@pytest.mark.parametrize("host", ["restlets", "suitetalk"])
def test_a_host_that_cannot_be_reached_is_known_before_anybody_is_asked(
    simulator: Simulator, keys: Keys, host: str
) -> None:
    class Away(KeepingSender):
        """Each service has a host of its own, as in NetSuite; one of them does not answer."""

        def __call__(self, request: requests.PreparedRequest, seconds: float) -> Answer:
            name = urlsplit(str(request.url)).hostname or ""
            if f".{host}." in name:
                raise LostError("no connection in time", sent=False)
            return Answer(200, {}, "", 0.0, time.time(), time.time())

    browser, sender = Browser(), Away()
    with pytest.raises(NetSuiteUnreachableError, match=host):
        flow_of(application(keys, None), sender)(person(browser))
    assert (browser.opened, sender.signed) == ([], [])


def test_the_listener_is_gone_afterwards(flow: Flow) -> None:
    allowed, denied = Browser(), Browser(decision=DENY)
    flow(person(allowed))
    with pytest.raises(ConsentDeniedError):
        flow(person(denied))
    for browser in (allowed, denied):
        with pytest.raises(requests.ConnectionError):
            get(browser.went_back_to)


def test_a_browser_that_cannot_be_opened_closes_the_listener(
    flow: Flow, simulator: Simulator
) -> None:
    def broken(_: str) -> None:
        raise OSError("no browser here")

    with pytest.raises(OSError, match="no browser here"):
        flow(Person(broken, lambda _: None))
    assert tokens(simulator) == 1
