"""No value of the flow gets out: consumer pair, request token, verifier and access token are the canaries."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from tba_secrets.netsuite.flow_errors import FlowError
from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.simulator.flow_tokens import RequestToken
from tba_secrets.sources.interface import Pair
from tests.leaks.encodings import WINDOW
from tests.netsuite.browser import DENY, Browser, get, person
from tests.netsuite.flow_bench import EXPECTED, ONE, THREE, Flow, application, flow_of
from tests.netsuite.support import KeepingSender
from tests.simulator.accounts import ACCOUNT, APPLICATION, Keys


class Canaries:
    """Every value that this flow makes or holds, whatever became of it."""

    def __init__(self, keys: Keys, simulator: Simulator) -> None:
        self._keys = keys
        self._simulator = simulator
        self._request_tokens: list[RequestToken] = []
        add = simulator.state.request_tokens.add

        def watched(token: RequestToken) -> None:
            self._request_tokens.append(token)
            add(token)

        simulator.state.request_tokens.add = watched  # type: ignore[method-assign]

    @property
    def request_tokens(self) -> list[RequestToken]:
        return self._request_tokens

    def values(self) -> Iterable[str]:
        yield from (self._keys.consumer_key, self._keys.consumer_secret)
        for waiting in self._request_tokens:
            yield from (waiting.token, waiting.secret, waiting.verifier or waiting.token)
        for token in self._simulator.state.account(ACCOUNT).tokens:
            yield from (token.token_id, token.token_secret)

    def assert_hidden(self, text: str) -> None:
        for value in self.values():
            runs = (value[at : at + WINDOW] for at in range(len(value) - WINDOW + 1))
            assert not any(run in text for run in runs)


@pytest.fixture
def canaries(keys: Keys, simulator: Simulator) -> Canaries:
    return Canaries(keys, simulator)


@pytest.fixture
def flow(simulator: Simulator, keys: Keys, sender: KeepingSender) -> Flow:
    return flow_of(application(keys, simulator.url), sender)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "oauthlib", "requests", "http"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def test_the_canaries_are_found_where_they_are(flow: Flow, canaries: Canaries) -> None:
    browser = Browser()
    pair = flow(person(browser))
    assert len(canaries.request_tokens) == 1
    for text in (browser.opened[0], browser.went_back_to, pair.secret.reveal()[5:40]):
        with pytest.raises(AssertionError):
            canaries.assert_hidden(text)


def test_a_token_that_was_issued_is_told_nowhere(
    flow: Flow,
    canaries: Canaries,
    logged: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    browser, announced = Browser(before=lambda url: get(url + "&x=1&x=2")), list[str]()
    pair = flow(person(browser, announced))
    logging.getLogger("oauthlib").debug("this logger is heard")
    assert "this logger is heard" in logged.text
    assert browser.page is not None
    page = browser.page.text + str(browser.page.headers)
    seen = "".join([*announced, page, *capfd.readouterr(), logged.text, repr(pair), str(pair)])
    assert announced[0] in seen
    canaries.assert_hidden(seen)


def spoil_flow(simulator: Simulator) -> None:
    simulator.state.account(ACCOUNT).integration(APPLICATION).authorization_flow = False


ENDINGS: list[tuple[str, Browser, Callable[[Simulator], object]]] = [
    ("denied", Browser(decision=DENY), lambda s: None),
    ("another role", Browser(change=lambda q: q | {"role": q["oauth_token"]}), lambda s: None),
    (
        "another user",
        Browser(change=lambda q: q | {"entity": q["oauth_verifier"][:32]}),
        lambda s: None,
    ),
    ("another company", Browser(change=lambda q: q | {"company": "1"}), lambda s: None),
    ("no flow", Browser(), spoil_flow),
    (
        "another verifier",
        Browser(change=lambda q: q | {"oauth_verifier": q["oauth_verifier"] + "0"}),
        lambda s: None,
    ),
    ("lost", Browser(), lambda s: s.state.faults.add(FaultKind.ANSWER_LOST, THREE)),
    ("half", Browser(), lambda s: s.state.faults.add(FaultKind.TRUNCATED, THREE)),
    ("no form", Browser(), lambda s: s.state.faults.add(FaultKind.GARBAGE, ONE)),
    ("5xx", Browser(), lambda s: s.state.faults.add(FaultKind.SERVER_ERROR, THREE)),
]


@pytest.mark.parametrize(
    ("browser", "spoil"), [case[1:] for case in ENDINGS], ids=[case[0] for case in ENDINGS]
)
def test_a_flow_without_a_token_tells_no_value(
    flow: Flow,
    simulator: Simulator,
    canaries: Canaries,
    logged: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    browser: Browser,
    spoil: Callable[[Simulator], object],
) -> None:
    spoil(simulator)
    with pytest.raises(FlowError) as caught:
        flow(person(replace(browser, opened=[])))
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert "token warehouse-sync/bot" in told
    canaries.assert_hidden(told + logged.text + "".join(capfd.readouterr()))


def test_reprs_show_nothing(keys: Keys, canaries: Canaries) -> None:
    asks = application(keys, None)
    canaries.assert_hidden(
        repr(asks) + repr(EXPECTED) + repr(Pair(asks.consumer.identifier, asks.consumer.secret))
    )
