"""Signed calls over real HTTP: what is tried again, what never is, and what every try has of its own."""

from __future__ import annotations

import pytest

from tba_secrets.errors import NetSuiteUnreachableError
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Answer
from tba_secrets.netsuite.client import Client, SignedCall
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.transport import LostError
from tba_secrets.simulator import FaultKind, Simulator
from tests.netsuite.conftest import MakeClient
from tests.netsuite.support import RECORD, KeepingSender, ScriptedSender, answer, credential, wrong
from tests.simulator.accounts import ACCOUNT, Keys

TOKENINFO = SignedCall(Service.RESTLETS, "GET", "/rest/tokeninfo")
SERVER_TIME = SignedCall(Service.SUITETALK, "GET", "/services/rest/system/v1/serverTime")
TOKEN_PATH, REST_PATH, SOAP_PATH = "tokeninfo", "serverTime", "NetSuitePort"


def test_a_refused_login_is_one_request(
    simulator: Simulator, client: MakeClient, keys: Keys, sender: KeepingSender
) -> None:
    for call in (TOKENINFO, SERVER_TIME):
        sender.sent.clear()
        assert client(wrong(keys)).call(call).status == 401
        assert len(sender.signed) == 1
    assert len(simulator.state.trail.failures()) == 2


def test_a_refused_soap_login_is_one_request(
    client: MakeClient, keys: Keys, sender: KeepingSender
) -> None:
    """It comes as HTTP 500, which is tried again elsewhere."""
    assert client(wrong(keys)).soap("getServerTime").status == 500
    assert len(sender.signed) == 1


TRANSIENT = [
    (TOKENINFO, TOKEN_PATH, FaultKind.REQUEST_LIMIT),
    (SERVER_TIME, REST_PATH, FaultKind.CONCURRENCY_LIMIT),
    (SERVER_TIME, REST_PATH, FaultKind.SERVER_ERROR),
    (SERVER_TIME, REST_PATH, FaultKind.MAINTENANCE),
]
LOST = (FaultKind.RESET, FaultKind.ANSWER_LOST, FaultKind.TRUNCATED)


@pytest.mark.parametrize(
    ("call", "path", "fault"), TRANSIENT, ids=[str(case[2]) for case in TRANSIENT]
)
def test_twice_busy_then_good_is_three_requests_signed_anew(
    simulator: Simulator,
    client: MakeClient,
    sender: KeepingSender,
    call: SignedCall,
    path: str,
    fault: FaultKind,
) -> None:
    simulator.state.faults.add(fault, path, times=2)
    assert client().call(call).status == 200
    assert len(sender.signed) == 3
    assert len(set(sender.header_values("oauth_nonce"))) == 3
    assert len(set(sender.header_values("oauth_signature"))) == 3
    assert simulator.state.trail.failures() == []


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_asked_for_once_more(
    simulator: Simulator, client: MakeClient, sender: KeepingSender, fault: FaultKind
) -> None:
    simulator.state.faults.add(fault, REST_PATH, times=1)
    assert client().call(SERVER_TIME).status == 200
    assert len(set(sender.header_values("oauth_nonce"))) == 2
    simulator.state.faults.add(fault, REST_PATH, times=2)
    with pytest.raises(NetSuiteUnreachableError) as caught:
        client().call(SERVER_TIME)
    assert caught.value.unanswered
    assert len(sender.signed) == 4


@pytest.mark.parametrize("fault", [FaultKind.SERVER_ERROR, FaultKind.MAINTENANCE])
def test_soap_is_tried_again_with_a_new_passport(
    simulator: Simulator, client: MakeClient, sender: KeepingSender, fault: FaultKind
) -> None:
    simulator.state.faults.add(fault, SOAP_PATH, times=2)
    assert client().soap("getServerTime").status == 200
    assert len({request.body for request in sender.signed}) == 3
    assert simulator.state.trail.failures() == []


def test_the_timestamp_is_new_as_well(keys: Keys) -> None:
    times = iter(range(1000, 2000, 10))
    sender = ScriptedSender(answer(429), answer(200, "{}"))
    Client(
        credential(keys),
        clock=lambda: float(next(times)),
        sender=sender,
        sleep=lambda _: None,
        probe=ClockProbe(),
    ).call(TOKENINFO)
    stamps = [
        str(r.headers["Authorization"]).split('oauth_timestamp="')[1][:4] for r in sender.sent
    ]
    assert len(set(stamps)) == 2


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def scripted(
    *script: Answer | LostError, deadline: float = 30.0
) -> tuple[Client, ScriptedSender, Time]:
    time, sender = Time(), ScriptedSender(*script)
    made = Client(
        credential(),
        record=RECORD,
        sender=sender,
        deadline_seconds=deadline,
        sleep=time.sleep,
        monotonic=lambda: time.now,
        probe=ClockProbe(),
    )
    return made, sender, time


def test_pauses_grow_and_end_with_the_deadline() -> None:
    client, sender, time = scripted(answer(429))
    with pytest.raises(NetSuiteUnreachableError, match="429") as caught:
        client.call(TOKENINFO)
    assert time.now < 30
    assert len(sender.sent) == len(time.slept) + 1 >= 5
    assert time.slept[1] > time.slept[0]
    assert max(time.slept) <= 10
    for words in (RECORD, "/rest/tokeninfo", "says nothing about the credential", "within 30 s"):
        assert words in str(caught.value)


def test_a_sleep_that_does_not_sleep_ends_as_well() -> None:
    sender = ScriptedSender(answer(503))
    with pytest.raises(NetSuiteUnreachableError):
        Client(
            credential(),
            sender=sender,
            sleep=lambda _: None,
            monotonic=lambda: 0.0,
            probe=ClockProbe(),
        ).call(TOKENINFO)
    assert len(sender.sent) < 20


@pytest.mark.parametrize(("sent", "tries"), [(True, 2), (False, 4)])
def test_a_lost_answer_may_be_a_refused_login_so_two_are_the_most(sent: bool, tries: int) -> None:
    client, sender, _ = scripted(LostError("no answer in time", sent=sent))
    with pytest.raises(NetSuiteUnreachableError, match="no answer in time") as caught:
        client.call(TOKENINFO)
    assert len(sender.sent) == tries
    assert caught.value.unanswered is sent


def test_a_loss_that_no_try_mends_is_told_at_once() -> None:
    client, sender, _ = scripted(LostError("its TLS certificate was not accepted", retry=False))
    with pytest.raises(NetSuiteUnreachableError, match="TLS"):
        client.call(TOKENINFO)
    assert len(sender.sent) == 1


def test_busy_then_refused_ends_with_the_refusal() -> None:
    client, sender, _ = scripted(answer(429), answer(401), answer(200))
    assert client.call(TOKENINFO).status == 401
    assert len(sender.sent) == 2


@pytest.mark.parametrize(("wish", "waits"), [("7", True), ("soon", False), ("-1", False)])
def test_retry_after_is_heeded_where_it_is_a_number(wish: str, waits: bool) -> None:
    client, _, time = scripted(answer(429, retry_after=wish), answer(200))
    client.call(TOKENINFO)
    assert (time.slept[0] >= 7) is waits


def test_a_wish_beyond_the_deadline_is_not_waited_for() -> None:
    client, sender, time = scripted(answer(429, retry_after="3600"))
    with pytest.raises(NetSuiteUnreachableError):
        client.call(TOKENINFO)
    assert (len(sender.sent), time.slept) == (1, [])


def test_a_sleep_that_raises_ends_the_call() -> None:
    """How a cancelled run gets out."""

    class CancelledError(Exception):
        pass

    def cancel(_: float) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        Client(
            credential(), sender=ScriptedSender(answer(429)), sleep=cancel, probe=ClockProbe()
        ).call(TOKENINFO)


@pytest.mark.parametrize("path", ["", "rest/tokeninfo", ".evil.example/x", "@evil.example/x"])
def test_a_path_cannot_change_the_host(path: str) -> None:
    client, sender, _ = scripted(answer(200))
    with pytest.raises(ValueError, match="slash"):
        client.call(SignedCall(Service.RESTLETS, "GET", path))
    assert sender.sent == []


def test_without_an_endpoint_the_accounts_own_hosts_are_asked() -> None:
    client, sender, _ = scripted(answer(200))
    client.call(TOKENINFO)
    client.call(SERVER_TIME)
    client.soap("getServerTime")
    assert [request.url for request in sender.sent] == [
        "https://1234567-sb1.restlets.api.netsuite.com/rest/tokeninfo",
        "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/system/v1/serverTime",
        "https://1234567-sb1.suitetalk.api.netsuite.com/services/NetSuitePort_2025_2",
    ]


UNUSUAL = [
    SignedCall(
        Service.RESTLETS,
        "GET",
        "/app/site/hosting/restlet.nl",
        query=(("script", "6"), ("deploy", "1"), ("q", "a b&é€'[1]")),
    ),
    SignedCall(
        Service.RESTLETS, "GET", "/app/site/hosting/restlet.nl?script=6&deploy=1&e=&r=2&r=1&e"
    ),
    SignedCall(
        Service.RESTLETS,
        "POST",
        "/app/site/hosting/restlet.nl?script=6&deploy=1",
        json='{"name": "é"}',
    ),
    SignedCall(
        Service.SUITETALK,
        "GET",
        "/services/rest/record/v1/customer",
        query=(("limit", "1"), ("offset", "0")),
    ),
]


@pytest.mark.parametrize(
    "call", UNUSUAL, ids=["utf-8", "repeated and empty", "json body", "paging"]
)
def test_unusual_calls_verify(simulator: Simulator, client: MakeClient, call: SignedCall) -> None:
    assert client().call(call).status == 200
    assert simulator.state.trail.failures() == []


@pytest.mark.parametrize(
    "path",
    [
        "/services/rest/record/v1/salesOrder/1/!transform/itemFulfillment",
        "/services/rest/record/v1/é a",
    ],
)
def test_unusual_paths_verify(simulator: Simulator, client: MakeClient, path: str) -> None:
    """What is not there is answered 404, and 401 only where the signature is wrong."""
    assert client().call(SignedCall(Service.SUITETALK, "GET", path)).status != 401
    assert simulator.state.trail.failures() == []
    assert len(simulator.state.trail.entries(ACCOUNT)) == 1


def test_a_form_body_is_signed(simulator: Simulator, client: MakeClient) -> None:
    call = SignedCall(
        Service.SUITETALK,
        "POST",
        "/services/rest/record/v1/nothing",
        form=(("a b", "é+"), ("a b", "")),
    )
    assert client().call(call).status != 401
    assert simulator.state.trail.failures() == []


def test_what_a_call_shows_of_itself_holds_no_query() -> None:
    call = SignedCall(
        Service.RESTLETS, "GET", "/rest/revoketoken?token=hidden", query=(("token", "hidden"),)
    )
    assert str(call) == repr(call) == "GET /rest/revoketoken"
