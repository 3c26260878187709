"""No value of a credential gets out: not into errors, their tracebacks, reprs or logs at any level."""

from __future__ import annotations

import base64
import logging
import traceback
from urllib.parse import quote

import pytest

from tba_secrets.errors import TbaError
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.checks import run_checks
from tba_secrets.netsuite.client import Client, SignedCall
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.signing import SigningKeys
from tba_secrets.simulator import FaultKind, Simulator
from tests.netsuite.conftest import MakeClient
from tests.netsuite.support import EXPECTED, Said, credential, told_server, wrong
from tests.simulator.accounts import Keys


def values(keys: Keys) -> list[str]:
    return [keys.consumer_key, keys.consumer_secret, keys.token_id, keys.token_secret]


def encodings(value: str) -> list[str]:
    return [
        value,
        quote(value, safe=""),
        base64.b64encode(value.encode()).decode(),
        value[:16],
        value[-16:],
    ]


def assert_hidden(text: str, keys: Keys) -> None:
    for value in values(keys):
        assert not any(form in text for form in encodings(value))


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "oauthlib", "requests", "requests_oauthlib"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def failure(client: Client) -> str:
    """The whole traceback of a run that fails, causes and contexts included."""
    with pytest.raises(TbaError) as caught:
        run_checks(client, ["tokeninfo", "rest", "soap"], EXPECTED)
    return (
        "".join(traceback.format_exception(caught.value))
        + repr(caught.value)
        + repr(vars(caught.value))
    )


def test_a_passing_run_logs_nothing_of_the_credential(
    client: MakeClient, keys: Keys, logged: pytest.LogCaptureFixture
) -> None:
    run_checks(client(), ["tokeninfo", "rest", "soap", "suiteql"], EXPECTED)
    logging.getLogger("oauthlib").debug("this logger is heard")
    assert "this logger is heard" in logged.text
    assert_hidden(logged.text, keys)


def test_a_refused_login_tells_nothing_of_the_credential(
    client: MakeClient, keys: Keys, logged: pytest.LogCaptureFixture
) -> None:
    bad = wrong(keys)
    assert_hidden(failure(client(bad)) + logged.text, bad)


FAULTS = [
    FaultKind.RESET,
    FaultKind.TRUNCATED,
    FaultKind.GARBAGE,
    FaultKind.SERVER_ERROR,
    FaultKind.MAINTENANCE,
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_exchange_tells_nothing_of_the_credential(
    client: MakeClient,
    simulator: Simulator,
    keys: Keys,
    logged: pytest.LogCaptureFixture,
    fault: FaultKind,
) -> None:
    simulator.state.faults.add(fault, "tokeninfo", times=None)
    assert_hidden(failure(client()) + logged.text, keys)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 500])
def test_a_server_that_echoes_the_request_gets_nothing_into_a_message(
    keys: Keys, logged: pytest.LogCaptureFixture, status: int
) -> None:
    echo = " ".join(values(keys)).encode()
    body = b'{"error": {"code": "%s", "message": "%s"}, "roleName": "%s"}' % (echo, echo, echo)
    headers = [
        ("Content-Type", "application/json"),
        ("WWW-Authenticate", echo.decode()),
        ("Location", f"/{echo.decode()}"),
    ]
    with told_server(Said(status, body, headers)) as server:
        client = Client(credential(keys), server.url, sleep=lambda _: None, probe=ClockProbe())
        assert_hidden(failure(client) + logged.text, keys)


def test_the_query_of_a_lost_call_is_not_told(
    client: MakeClient, simulator: Simulator, keys: Keys
) -> None:
    simulator.state.faults.add(FaultKind.RESET, "revoketoken", times=None)
    query = (("consumerKey", keys.consumer_key), ("token", keys.token_id))
    with pytest.raises(TbaError) as caught:
        client().call(SignedCall(Service.RESTLETS, "GET", "/rest/revoketoken", query=query))
    assert "/rest/revoketoken" in str(caught.value)
    assert_hidden("".join(traceback.format_exception(caught.value)), keys)


def test_reprs_show_nothing(keys: Keys) -> None:
    mine = credential(keys)
    assert_hidden(repr(mine) + repr(SigningKeys.of(mine)) + repr(Client(mine)), keys)
