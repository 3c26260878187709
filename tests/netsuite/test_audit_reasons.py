"""For each reason of the Login Audit Trail: a request that causes it, NetSuite's answer, the diagnosis that names it.

The cases are data (cases/audit_reasons.yaml), and docs/troubleshooting.md shows the same table.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests

from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Answer, Protocol, error_code
from tba_secrets.netsuite.check_context import explained
from tba_secrets.netsuite.circumstances import Circumstances, Verdict, others
from tba_secrets.netsuite.client import Client, SignedCall
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.clues import clues_of_answer, clues_of_record
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.diagnosis import AUDIT_TRAIL, Diagnosis, diagnose
from tba_secrets.netsuite.request_clues import SeenRequest, clues_of_requests
from tba_secrets.netsuite.rules import Clue
from tba_secrets.netsuite.transport import http_date
from tba_secrets.simulator import Simulator
from tba_secrets.simulator.state import State
from tba_secrets.simulator.vocabulary import AuditReason, Feature
from tests.netsuite.audit_cases import AuditCase, audit_cases, table
from tests.netsuite.support import credential
from tests.simulator.accounts import (
    ACCOUNT,
    APPLICATION,
    BOT,
    PERMISSIONS,
    ROLE,
    TOKEN,
    Keys,
    StandingClock,
    config,
)
from tests.simulator.conftest import NOW
from tests.simulator.signer import deliver, parameters, signed_header
from tests.simulator.test_soap import passport

DOC = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
CASES = audit_cases()
each = pytest.mark.parametrize("case", CASES, ids=str)

PATHS = {
    "rest": "/services/rest/system/v1/serverTime",
    "restlet": "/app/site/hosting/restlet.nl?script=6&deploy=1",
    "token": "/rest/tokeninfo",
    "soap": "/services/NetSuitePort_2025_2",
}
PROTOCOLS = {
    "rest": Protocol.REST,
    "restlet": Protocol.RESTLET,
    "token": Protocol.RESTLET,
    "soap": Protocol.SOAP,
}


@dataclass
class Situation:
    """One case in progress: the account, who signs, and the requests that were sent."""

    case: AuditCase
    simulator: Simulator
    keys: Keys
    seen: list[SeenRequest] = field(default_factory=list)

    @property
    def credential(self) -> TbaCredential:
        """What signs."""
        return credential(self.keys)

    @property
    def state(self) -> State:
        """The simulator's."""
        return self.simulator.state


def _lock(state: State) -> None:
    for _ in range(5):
        state.lockouts.failed((ACCOUNT, state.account(ACCOUNT).user(BOT).id), NOW)


def _without(*permissions: str) -> Callable[[State], None]:
    def change(state: State) -> None:
        role = state.account(ACCOUNT).role(ROLE)
        role.permissions = [p for p in role.permissions if p not in permissions]

    return change


CHANGES: dict[str, Callable[[State], object]] = {
    "revoke": lambda s: s.revoke_token(ACCOUNT, TOKEN),
    "remove tokens": lambda s: s.account(ACCOUNT).tokens.clear(),
    "block": lambda s: s.block_integration(ACCOUNT, APPLICATION),
    "clear box": lambda s: setattr(s.account(ACCOUNT).integration(APPLICATION), "tba", False),
    "feature off": lambda s: s.account(ACCOUNT).features.remove(Feature.TBA),
    "no login permission": _without("Log in using Access Tokens", "User Access Tokens"),
    "no rest permission": _without("REST Web Services"),
    "no soap permission": _without("SOAP Web Services"),
    "user inactive": lambda s: setattr(s.account(ACCOUNT).user(BOT), "active", False),
    "lock": _lock,
    "send twice": lambda _: None,
}


def other_values(keys: Keys, values: dict[str, str], state: State) -> Keys:
    """The keys with some of them wrong, cut off, ragged, or those of the other integration."""
    other = state.account(ACCOUNT).integration("other-app")
    other.consumer_key, other.consumer_secret = secrets.token_hex(32), secrets.token_hex(32)
    words: dict[str, Callable[[str], str]] = {
        "other": lambda _: secrets.token_hex(32),
        "cut": lambda value: value[:40],
        "ragged": lambda value: value + "\n",
        "other-key": lambda _: other.consumer_key,
        "other-secret": lambda _: other.consumer_secret,
    }
    changed = {name: words[word](getattr(keys, name)) for name, word in values.items()}
    return replace(keys, **changed)


def answered(case: AuditCase, simulator: Simulator, keys: Keys) -> tuple[Situation, Answer]:
    """Cause it, and what came back."""
    state, do = simulator.state, case.do
    if "change" in do:
        CHANGES[do["change"]](state)
    situation = Situation(case, simulator, other_values(keys, do.get("values", {}), state))
    if "header" in do or do.get("change") == "send twice":
        return situation, _by_another_program(situation, do.get("header", {}))
    if "passport" in do:
        return situation, _passport_of_another_program(situation, do["passport"])
    return situation, _by_us(situation)


def _by_us(situation: Situation) -> Answer:
    client = Client(
        situation.credential, situation.simulator.url, clock=lambda: NOW, probe=ClockProbe()
    )
    if situation.case.service == "soap":
        return client.soap("getServerTime")
    service = Service.SUITETALK if situation.case.service == "rest" else Service.RESTLETS
    return client.call(SignedCall(service, "GET", PATHS[situation.case.service]))


def _by_another_program(situation: Situation, changes: dict[str, str]) -> Answer:
    url = situation.simulator.url + PATHS[situation.case.service]
    stamp = changes.get("oauth_timestamp")
    at = NOW + int(stamp) if stamp else NOW
    mine = {n: v for n, v in changes.items() if n not in ("oauth_timestamp", "oauth_signature")}
    header = signed_header(situation.keys, "GET", url, parameters(situation.keys, at, **mine))
    if "oauth_signature" in changes:
        header = header.partition("oauth_signature=")[0] + f'oauth_signature="{"ab" * 32}"'
    times = 2 if situation.case.do.get("change") == "send twice" else 1
    for _ in range(times):
        situation.seen.append(SeenRequest(authorization=header, url=url))
        prepared = requests.Request("GET", url, headers={"Authorization": header}).prepare()
        got = deliver(prepared)
    return _as_answer(got, at)


def _passport_of_another_program(situation: Situation, changes: dict[str, str]) -> Answer:
    element = passport(situation.keys, **changes)
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<s:Header>{element}</s:Header><s:Body><getServerTime/></s:Body></s:Envelope>"
    )
    situation.seen.append(SeenRequest(envelope=envelope))
    url = situation.simulator.url + PATHS["soap"]
    headers = {"Content-Type": "text/xml", "SOAPAction": "getServerTime"}
    return _as_answer(requests.post(url, data=envelope, headers=headers, timeout=10), NOW)


def _as_answer(got: requests.Response, at: float) -> Answer:
    headers = {name.lower(): value for name, value in got.headers.items()}
    return Answer(got.status_code, headers, got.text, 0.0, http_date(headers["date"]), at)


# What the tool knows beside the answer, each by the product's own means.


def _fates(situation: Situation, same: bool, other: bool) -> frozenset[Clue]:
    mine, sibling = situation.credential, credential(replace(situation.keys, token_id="0" * 64))
    verdicts = [Verdict(mine, False), Verdict(sibling, same), Verdict(credential(), other)]
    return others(mine, verdicts).clues


def _declared_role(situation: Situation) -> frozenset[Clue]:
    permissions = situation.state.account(ACCOUNT).role(ROLE).permissions
    return clues_of_record(situation.credential, ACCOUNT, permissions, own_hosts=True)


def _login_worked(situation: Situation) -> frozenset[Clue]:
    login = replace(situation.case, service="token", do={})
    found = _by_us(Situation(login, situation.simulator, situation.keys))
    assert found.status == 200
    return frozenset({Clue.LOGIN_WORKED})


KNOWLEDGE: dict[str, Callable[[Situation], frozenset[Clue]]] = {
    "consumer worked": lambda s: _fates(s, same=True, other=True),
    "consumer refused": lambda s: _fates(s, same=False, other=True),
    "account refused": lambda s: _fates(s, same=False, other=False),
    "passed before": lambda _: Circumstances(passed_before=True).clues,
    "refused before": lambda _: Circumstances(recently_refused=True).clues,
    "declared role": _declared_role,
    "login worked": _login_worked,
    "request": lambda s: clues_of_requests(s.seen, NOW),
    "both requests": lambda s: clues_of_requests(s.seen, NOW),
}


def diagnosed(situation: Situation, answer: Answer, knowing: tuple[str, ...]) -> Diagnosis:
    """As `run_checks` and `tba verify` put it together; a role that is not looked at declares everything."""
    clues = {clue for word in knowing for clue in KNOWLEDGE[word](situation)}
    record = clues_of_record(situation.credential, ACCOUNT, PERMISSIONS, own_hosts=True)
    protocol = PROTOCOLS[situation.case.service]
    return diagnose("said", {*clues, *record, *clues_of_answer(answer, protocol)})


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def account(keys: Keys) -> Simulator:
    """With a clock that stands still."""
    return Simulator(config(keys), StandingClock(NOW))


def test_every_reason_for_calls_has_a_case() -> None:
    flow = {reason for reason in AuditReason if reason.name.startswith(("FLOW_", "SIMULATOR_"))}
    assert {case.reason for case in CASES} == {str(reason) for reason in set(AuditReason) - flow}


@each
def test_the_reason_is_caused_answered_and_named(
    case: AuditCase, account: Simulator, keys: Keys
) -> None:
    with account:
        situation, answer = answered(case, account, keys)
        entry = account.state.audit()[-1]
        assert (entry.success, entry.detail) == (False, case.reason)
        protocol = PROTOCOLS[case.service]
        assert (answer.status, error_code(answer, protocol)) == (case.status, case.code)
        found = diagnosed(situation, answer, case.knowing)
    assert case.cause in found.causes[:2]
    assert case.reason in case.cause.trail


@each
def test_without_that_knowledge_it_is_listed_and_the_text_says_that_the_answer_does_not_tell(
    case: AuditCase, account: Simulator, keys: Keys
) -> None:
    with account:
        situation, answer = answered(case, account, keys)
        alone = diagnosed(situation, answer, ())
    assert case.cause in alone.causes
    text = str(explained("token a/b", alone))
    assert "the answer alone does not tell which" in text
    assert AUDIT_TRAIL in text
    if case.knowing:
        assert case.cause not in alone.causes[:2], "the case says that more has to be known"


@each
def test_the_twin_that_is_in_order_is_accepted(
    case: AuditCase, account: Simulator, keys: Keys
) -> None:
    with account:
        answer = _by_us(Situation(case, account, keys))
    assert answer.status == 200


def test_the_document_shows_this_table() -> None:
    text = DOC.read_text(encoding="utf-8")
    begin, end = "<!-- the cases of tests/netsuite/cases/audit_reasons.yaml -->", "<!-- end -->"
    shown = text.partition(begin)[2].partition(end)[0].strip()
    assert shown == table(), "run `python -m tests.netsuite.audit_cases` and paste what it prints"
