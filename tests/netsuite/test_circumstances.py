"""What is known beside the answer, and what a refused request shows by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tba_secrets.netsuite import account as accounts, causes
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.circumstances import NOTHING_KNOWN, Circumstances, Others, Verdict, others
from tba_secrets.netsuite.diagnosis import diagnose
from tba_secrets.netsuite.request_clues import SeenRequest, clues_of_requests
from tba_secrets.netsuite.rules import Clue
from tba_secrets.simulator import FaultKind, Simulator
from tests.netsuite.conftest import MakeClient
from tests.netsuite.support import KeepingSender, credential
from tests.netsuite.test_client import SERVER_TIME
from tests.simulator.accounts import OTHER_ACCOUNT, Keys

KEYS = Keys()
MINE = credential(KEYS)
SIBLING = credential(replace(KEYS, token_id="b" * 64, token_secret="c" * 64))
STRANGER = credential()
ELSEWHERE = credential(account=OTHER_ACCOUNT)
REFUSED = Verdict(MINE, accepted=False)


@pytest.mark.parametrize(
    ("verdicts", "same", "whole"),
    [
        ([], Others.UNKNOWN, False),
        ([Verdict(SIBLING, True)], Others.WORKED, False),
        ([Verdict(SIBLING, False)], Others.REFUSED, False),
        ([Verdict(SIBLING, False), Verdict(STRANGER, True)], Others.REFUSED, False),
        ([Verdict(SIBLING, False), Verdict(STRANGER, False)], Others.REFUSED, True),
        ([Verdict(STRANGER, False)], Others.UNKNOWN, True),
        ([Verdict(STRANGER, True)], Others.UNKNOWN, False),
        ([Verdict(ELSEWHERE, False)], Others.UNKNOWN, False),
    ],
)
def test_what_the_others_say(verdicts: list[Verdict], same: Others, whole: bool) -> None:
    assert others(MINE, [REFUSED, *verdicts]) == Circumstances(
        same_consumer=same, whole_account_refused=whole
    )


def test_nothing_known_speaks_for_nothing() -> None:
    assert NOTHING_KNOWN.clues == frozenset()
    every = Circumstances(True, True, Others.REFUSED, True, True).clues
    assert every == {
        Clue.PASSED_BEFORE,
        Clue.RECENTLY_REFUSED,
        Clue.CONSUMER_REFUSED,
        Clue.ACCOUNT_REFUSED,
        Clue.ACCOUNT_CHANGED,
    }


def test_a_diagnosis_learns() -> None:
    first = diagnose("said", [Clue.REFUSED])
    later = first.knowing([Clue.CONSUMER_REFUSED])
    assert first.causes[0] == causes.TOKEN_REJECTED
    assert later.causes[:2] == (causes.CONSUMER_UNKNOWN, causes.INTEGRATION_BLOCKED)
    assert later.said == first.said


def test_one_recent_refusal_does_not_hide_a_wrong_value() -> None:
    found = diagnose("said", [Clue.REFUSED, Clue.RECENTLY_REFUSED])
    assert found.causes[:2] == (causes.TOKEN_REJECTED, causes.LOCKED_OUT)


def test_a_seen_request_shows_nothing_of_itself() -> None:
    seen = SeenRequest('OAuth oauth_signature="hidden"', "https://hidden.example")
    assert "hidden" not in repr(seen)


@pytest.mark.parametrize("text", ["", "OAuth", "Bearer abc", "OAuth nonsense"])
def test_a_header_that_is_none_is_broken(text: str) -> None:
    assert clues_of_requests([SeenRequest(text)]) == {Clue.FORM_BROKEN}


def test_an_envelope_that_is_none_is_broken() -> None:
    assert clues_of_requests([SeenRequest(envelope="<html>")]) == {Clue.FORM_BROKEN}


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("1234567-sb1.suitetalk.api.netsuite.com", ("1234567_SB1", Service.SUITETALK)),
        ("TSTDRV1234567.restlets.api.netsuite.com", ("TSTDRV1234567", Service.RESTLETS)),
        ("1234567-rp1.app.netsuite.com", ("1234567_RP1", Service.APP)),
        ("system.netsuite.com", None),
        ("system.app.netsuite.com", None),
        ("1234567.app.netsuite.com.example.com", None),
        ("a.1234567.app.netsuite.com", None),
        ("127.0.0.1", None),
        ("", None),
    ],
)
def test_whose_host_it_is(host: str, found: tuple[str, Service] | None) -> None:
    assert accounts.of_host(host) == found


def test_a_call_that_must_not_happen_twice_does_not(
    client: MakeClient, simulator: Simulator, sender: KeepingSender
) -> None:
    simulator.state.faults.add(FaultKind.CONCURRENCY_LIMIT, "serverTime", times=1)
    assert client().call_once(SERVER_TIME).status == 429
    assert client().call_once(SERVER_TIME).status == 200
    assert len(sender.signed) == 2
