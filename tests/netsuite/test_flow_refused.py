"""Steps one and three refused: what the Login Audit Trail says is among the causes that are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tba_secrets.errors import CheckFailedError, NetSuiteUnreachableError
from tba_secrets.netsuite.causes import BURST, CLOCK, UNUSUAL_FORM, WHITESPACE, Cause
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.diagnosis import explain
from tba_secrets.netsuite.flow import Person, authorize
from tba_secrets.netsuite.flow_errors import FlowError, FlowRefusedError
from tba_secrets.netsuite.rules import Clue
from tba_secrets.netsuite.transport import LostError
from tba_secrets.simulator import FaultKind, Simulator
from tba_secrets.simulator.vocabulary import Feature
from tests.netsuite.browser import Browser, person
from tests.netsuite.flow_bench import (
    EXPECTED,
    ONE,
    THREE,
    Flow,
    application,
    flow_of,
    posts,
    tokens,
)
from tests.netsuite.support import RECORD, KeepingSender, ScriptedSender, answer
from tests.simulator.accounts import ACCOUNT, APPLICATION, Keys

Spoil = Callable[[Simulator], object]


@pytest.fixture
def flow(simulator: Simulator, keys: Keys, sender: KeepingSender) -> Flow:
    return flow_of(application(keys, simulator.url), sender)


def integration(simulator: Simulator, **changes: object) -> None:
    for name, value in changes.items():
        setattr(simulator.state.account(ACCOUNT).integration(APPLICATION), name, value)


STEP_ONE: list[tuple[Spoil, str]] = [
    (lambda s: integration(s, authorization_flow=False), "AuthorizationFlowRequired"),
    (lambda s: s.state.account(ACCOUNT).features.remove(Feature.TBA), "FeatureDisabled"),
    (lambda s: integration(s, callback_url="https://my.example.com/TBA"), "InvalidCallback"),
    (lambda s: integration(s, callback_url=None), "InvalidCallback"),
    (lambda s: s.state.block_integration(ACCOUNT, APPLICATION), "IntegrationBlocked"),
    (lambda s: integration(s, consumer_key="another"), "UnknownIntegration"),
    (lambda s: integration(s, consumer_secret="another"), "InvalidSignature"),
]


@pytest.mark.parametrize(("spoil", "reason"), STEP_ONE)
def test_step_one_refused_is_diagnosed_and_opens_no_page(
    flow: Flow, simulator: Simulator, sender: KeepingSender, spoil: Spoil, reason: str
) -> None:
    spoil(simulator)
    browser = Browser()
    with pytest.raises(FlowRefusedError) as caught:
        flow(person(browser))
    assert simulator.state.audit()[-1].detail.split()[0] == reason
    assert (posts(sender, ONE), browser.opened, tokens(simulator)) == (1, [], 1)
    _assert_among(caught.value, reason)


def _assert_among(error: FlowRefusedError, reason: str) -> None:
    assert isinstance(error, CheckFailedError)
    assert isinstance(error, FlowError)
    assert error.diagnosis is not None
    assert set(error.diagnosis.causes) & set(explain(reason))
    assert Clue.FLOW_STEP in error.diagnosis.clues
    for words in (RECORD, "no token was issued", "Login Audit Trail"):
        assert words in str(error)


def test_the_box_that_is_not_ticked_comes_first(flow: Flow, simulator: Simulator) -> None:
    integration(simulator, authorization_flow=False)
    with pytest.raises(FlowRefusedError) as caught:
        flow(person(Browser()))
    assert "TBA: Authorization Flow" in str(caught.value).partition("2.")[0]


def test_the_callback_that_is_not_allowed_comes_first(flow: Flow, simulator: Simulator) -> None:
    integration(simulator, callback_url=None)
    with pytest.raises(FlowRefusedError) as caught:
        flow(person(Browser()))
    assert "http://localhost:*" in str(caught.value).partition("2.")[0]


STEP_THREE: list[tuple[Spoil, str]] = [
    (lambda s: setattr(s.state.account(ACCOUNT).user("38"), "active", False), "EntityOrRole"),
    (lambda s: setattr(s.state.account(ACCOUNT).role("1042"), "permissions", []), "EntityOrRole"),
    (lambda s: s.state.block_integration(ACCOUNT, APPLICATION), "IntegrationBlocked"),
    (lambda s: s.state.request_tokens.__init__(), "TokenRejected"),  # type: ignore[misc]
]


@pytest.mark.parametrize(("spoil", "reason"), STEP_THREE)
def test_step_three_refused_is_diagnosed_and_sent_once(
    flow: Flow, simulator: Simulator, sender: KeepingSender, spoil: Spoil, reason: str
) -> None:
    with pytest.raises(FlowRefusedError) as caught:
        flow(person(Browser(before=lambda _: spoil(simulator))))
    detail = simulator.state.audit()[-1].detail
    assert detail.startswith(reason)
    assert (posts(sender, THREE), tokens(simulator)) == (1, 1)
    _assert_among(caught.value, detail)


def test_another_verifier_is_refused(
    flow: Flow, simulator: Simulator, sender: KeepingSender
) -> None:
    with pytest.raises(FlowRefusedError) as caught:
        flow(person(Browser(change=lambda q: q | {"oauth_verifier": "0" * 64})))
    assert simulator.state.audit()[-1].detail == "InvalidVerifier"
    assert (posts(sender, THREE), tokens(simulator)) == (1, 1)
    _assert_among(caught.value, "InvalidVerifier")


@pytest.mark.parametrize("fault", [FaultKind.REQUEST_LIMIT, FaultKind.CONCURRENCY_LIMIT])
def test_a_busy_step_three_issued_nothing(
    flow: Flow, simulator: Simulator, sender: KeepingSender, fault: FaultKind
) -> None:
    simulator.state.faults.add(fault, THREE)
    with pytest.raises(FlowRefusedError) as caught:
        flow(person(Browser()))
    assert (posts(sender, THREE), tokens(simulator)) == (1, 1)
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.causes == (BURST,)


@pytest.mark.parametrize("path", [ONE, THREE])
def test_a_clock_that_jumps_later_is_the_first_cause(
    flow: Flow, simulator: Simulator, path: str
) -> None:
    simulator.state.faults.add(FaultKind.CLOCK_SKEW, path, seconds=900)
    with pytest.raises(FlowRefusedError) as caught:
        flow(person(Browser()))
    assert simulator.state.audit()[-1].detail == "InvalidTimestamp"
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.causes[0] is CLOCK


FORMS: list[tuple[Callable[[str], str], Cause]] = [
    (lambda key: f" {key}", WHITESPACE),
    (lambda key: key[:60], UNUSUAL_FORM),
]


@pytest.mark.parametrize(("change", "cause"), FORMS)
def test_the_form_of_the_consumer_pair_is_looked_at(
    simulator: Simulator,
    keys: Keys,
    sender: KeepingSender,
    change: Callable[[str], str],
    cause: Cause,
) -> None:
    spoiled = replace(keys, consumer_secret=change(keys.consumer_secret))
    with pytest.raises(FlowRefusedError) as caught:
        flow_of(application(spoiled, simulator.url), sender)(person(Browser()))
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.causes[0] is cause


BODIES = [
    ("", "without oauth_token"),
    ("oauth_token=a&oauth_token_secret=", "without oauth_token"),
    ("<html>log in</html>", "without oauth_token"),
    ("oauth_token=a&oauth_token_secret=b", "did not confirm the callback"),
    ("oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=false", "did not confirm"),
]


@pytest.mark.parametrize(("body", "words"), BODIES)
def test_a_step_one_answer_that_is_none_opens_no_page(keys: Keys, body: str, words: str) -> None:
    browser = Browser()
    with pytest.raises(FlowError, match=words) as caught:
        _scripted(keys, person(browser), ScriptedSender(answer(200, body, "text/plain")))
    assert browser.opened == []
    assert RECORD in str(caught.value)


def test_the_twin_that_confirms_it_opens_the_page(keys: Keys) -> None:
    opened: list[str] = []
    body = " oauth_token=a%20&oauth_token_secret=b&oauth_callback_confirmed=True\r\n"
    who = Person(opened.append, lambda _: None, timeout_seconds=0)
    with pytest.raises(FlowError, match="nobody answered"):
        _scripted(keys, who, ScriptedSender(answer(200, body, "text/plain")))
    assert opened[0].startswith(
        "https://1234567-sb1.app.netsuite.com/app/login/secure/authorizetoken.nl?oauth_token=a&state="
    )


@pytest.mark.parametrize("status", [302, 400, 403, 404])
def test_other_answers_are_told_by_their_status(keys: Keys, status: int) -> None:
    with pytest.raises(FlowRefusedError, match=f"HTTP {status}"):
        _scripted(keys, person(Browser()), ScriptedSender(answer(status)))


def test_a_certificate_that_is_not_accepted_is_not_asked_twice(keys: Keys) -> None:
    sender = ScriptedSender(LostError("its TLS certificate was not accepted", retry=False))
    with pytest.raises(NetSuiteUnreachableError, match="TLS certificate"):
        _scripted(keys, person(Browser()), sender)
    assert len(sender.sent) == 1


def _scripted(keys: Keys, who: Person, sender: ScriptedSender) -> None:
    authorize(
        application(keys, None),
        EXPECTED,
        who,
        record=RECORD,
        sender=sender,
        sleep=lambda _: None,
        probe=ClockProbe(),
    )
