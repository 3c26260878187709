"""Bad input of every kind: never a crash, never a hang; a refusal says where, and repeats no value.

`make proof` tries 100,000 inputs, or as many as TBA_FUZZ says, shared out over the places where input comes in.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest
from google.protobuf import json_format, struct_pb2
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings, strategies as st

from tba_secrets.errors import TbaError
from tba_secrets.netsuite.answers import Answer, Protocol, outcome, said
from tba_secrets.netsuite.callback import CallbackListener
from tba_secrets.netsuite.checks import run_checks
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.clock import ClockProbe
from tba_secrets.netsuite.consent import PendingConsent
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import make
from tba_secrets.payload import parse, same_content
from tba_secrets.provider.codec import decode
from tba_secrets.provider.host import Host
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources import open_source
from tba_secrets.spec.model import (
    CertificateFormat,
    Format,
    KeyEnv,
    KeySource,
    TokenEnv,
    TokenFile,
    TokenSource,
)
from tests.faults.provider_run import URN
from tests.netsuite.support import EXPECTED, RECORD, ScriptedSender, credential
from tests.netsuite.test_checks import ALL
from tests.provider.bench import unheard
from tests.spec import test_mutations as mutations

pytestmark = pytest.mark.deep

TOTAL: Final = int(os.environ.get("TBA_FUZZ", "2000"))
CANARY: Final = "Canary7xQ9vT2mL4pR8wZ0kJ3"
"""The value that stands in what is damaged."""


def share(percent: int) -> Callable[[Any], Any]:
    """Try this share of all inputs."""
    return settings(
        max_examples=max(1, TOTAL * percent // 100),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def damaged(good: str) -> st.SearchStrategy[bytes]:
    """What is left of a good input after some damage; sometimes nothing of it."""
    pieces = st.one_of(
        st.sampled_from([CANARY, '"', "{", "}", "[", "\\", "\\n", ":", ",", "null", "1e999", "-"]),
        st.sampled_from(["\x00", "\ufeff", "\u2028", "\ud800", "\r", "[" * 2000, "9" * 5000]),
        st.text(max_size=6),
        st.binary(max_size=6),
    )
    edits = st.lists(
        st.tuples(st.integers(0, len(good)), st.integers(0, 40), pieces), min_size=1, max_size=4
    )

    def applied(made: list[tuple[int, int, str | bytes]]) -> bytes:
        data = good.encode()
        for offset, length, piece in made:
            new = piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogatepass")
            data = data[:offset] + new + data[offset + length :]
        return data

    return st.one_of(edits.map(applied), st.binary(max_size=200))


def refused(call: Callable[[], object], *places: str) -> TbaError | None:
    """Make the call; a refusal names a place, tells a way out and repeats no value."""
    try:
        call()
    except TbaError as caught:
        error = caught
    else:
        return None
    told = f"{error} {error!r}"
    assert CANARY not in told
    assert not places or any(place in told for place in places), told
    assert error.remedy or "likely cause" in told, told
    return error


# --- the YAML -------------------------------------------------------------------------------------


@given(mutations.EDITS)
@share(6)
def test_yaml(edits: list[tuple[int, int, str | bytes]]) -> None:
    data = mutations._damaged(edits)
    error = mutations._refusal(data)
    if error is not None:
        assert CANARY not in f"{error} {error!r}"
        mutations._require_positions_inside(error, data)


# --- what a source gives --------------------------------------------------------------------------

PAIR: Final = json.dumps({"token_id": CANARY + "1", "token_secret": CANARY + "2", "note": "x"})


@given(damaged(PAIR))
@share(18)
def test_a_file(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="orders-", suffix=".json") as file:
        file.write(data)
        file.flush()
        source = open_source(TokenSource(file=TokenFile(path=file.name)))
        refused(source.read, Path(file.name).name)


@given(st.text(max_size=80), st.text(max_size=80))
@share(10)
def test_variables(identifier: str, secret: str) -> None:
    source = TokenSource(env=TokenEnv(id="ORDERS_ID", secret="ORDERS_SECRET"))
    held = {"ORDERS_ID": CANARY + identifier, "ORDERS_SECRET": secret}
    refused(open_source(source, held).read, "ORDERS_ID", "ORDERS_SECRET")


# --- keys and certificates ------------------------------------------------------------------------

GOOD: Final = make(Algorithm.ES256, "test", timedelta(days=30), datetime.now(UTC))
KEY: Final = GOOD.private_key.reveal()


@given(damaged(KEY), damaged(GOOD.certificate), st.sampled_from(["key", "certificate", "both"]))
@share(14)
def test_pem(key: bytes, certificate: bytes, which: str) -> None:
    def text(data: bytes) -> str:
        return data.decode("utf-8", "surrogateescape")

    held = {
        "THE_KEY": KEY if which == "certificate" else text(key),
        "THE_CERTIFICATE": GOOD.certificate if which == "key" else text(certificate),
    }
    source = KeySource(env=KeyEnv(private_key="THE_KEY", certificate="THE_CERTIFICATE"))
    error = refused(open_source(source, held).read, "THE_KEY", "THE_CERTIFICATE")
    assert error is None or not any(line in str(error) for line in KEY.splitlines()[1:-1])


# --- what is stored, and what the engine sends ----------------------------------------------------

STORED: Final = json.dumps(
    {
        "account": "1234567",
        "consumer_key": CANARY,
        "consumer_secret": CANARY,
        "token_id": CANARY,
        "token_secret": CANARY,
    }
)


@given(damaged(STORED), st.sampled_from([Format(), CertificateFormat()]))
@share(15)
def test_a_stored_text(data: bytes, names: Format | CertificateFormat) -> None:
    value = Sensitive(data.decode("utf-8", "surrogateescape"))
    refused(lambda: parse(value, names, "aws secret orders"), "aws secret orders")
    assert same_content(value, Sensitive(value.reveal()))


INPUTS: Final = json.dumps(
    {
        "record": "warehouse/orders",
        "owner": "acme/netsuite/test",
        "account": "1234567",
        "stores": {"aws": {"region": "us-east-1", "prefix": "netsuite/"}},
        "secret": "orders",
        "consumer": {"env": {"key": "K", "secret": "S"}},
        "token": {"env": {"id": "I", "secret": "S"}},
        "versions": {"aws": CANARY},
        "fingerprint": "a",
        "checks": ["rest"],
    }
)


@given(damaged(INPUTS))
@share(7)
def test_what_the_engine_sends(data: bytes) -> None:
    sent = struct_pb2.Struct()
    try:
        json_format.Parse(data.decode("utf-8", "replace"), sent)
    except (json_format.ParseError, DecodeError, ValueError, RecursionError):
        return
    properties = decode(sent)
    host = Host(log=unheard)
    for handler in (StagedCredentialHandler(host), SmokeTestHandler(host)):
        refused(lambda handler=handler: handler.check(URN, {}, properties))  # type: ignore[misc]


# --- the callback ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listener() -> Iterator[CallbackListener]:
    expected = Expected("1234567", "Clerk", None, "bot@example.com", None)
    with CallbackListener() as opened:
        opened.expect(PendingConsent(Sensitive("state"), Sensitive(CANARY), expected))
        yield opened


@given(
    st.one_of(
        damaged(f"GET /?state={CANARY}&oauth_token={CANARY}&oauth_verifier={CANARY} HTTP/1.0\r\n\r\n"),
        st.text(max_size=40).map(lambda text: f"GET /{quote(text)}?{text} HTTP/1.0\r\n\r\n".encode("utf-8", "replace")),
    )
)  # fmt: skip
@share(4)
def test_the_callback(listener: CallbackListener, data: bytes) -> None:
    port = urlsplit(listener.url).port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=30) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
    assert CANARY.encode() not in answer
    assert b"Traceback" not in answer


# --- NetSuite's answers ---------------------------------------------------------------------------

TOKENINFO: Final = json.dumps(
    {"companyId": "1234567", "roleName": "Clerk", "roleId": 3, "entityId": 38, "note": CANARY}
)
FAULT: Final = (
    f"<soapenv:Envelope><soapenv:Body><soapenv:Fault><faultcode>{CANARY}</faultcode><detail><code>INVALID_LOGIN</code>"
    "</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)
ERROR: Final = json.dumps({"o:errorDetails": [{"o:errorCode": "INVALID_LOGIN", "detail": CANARY}]})
BODIES: Final = st.sampled_from([TOKENINFO, FAULT, ERROR]).flatmap(damaged)
KINDS: Final = ("application/json", "text/xml", "text/html", "", CANARY)


def answers() -> st.SearchStrategy[Answer]:
    return st.builds(
        lambda status, kind, body: Answer(
            status, {"content-type": kind}, body.decode("utf-8", "replace"), 0.1, None
        ),
        st.sampled_from([200, 200, 200, 204, 302, 400, 401, 403, 404, 429, 500, 503, 599]),
        st.sampled_from(KINDS),
        BODIES,
    )


@given(answers())
@share(16)
def test_what_an_answer_means(answer: Answer) -> None:
    for protocol in Protocol:
        outcome(answer, protocol)
        assert CANARY not in said(answer, protocol)


@given(answers())
@share(10)
def test_checks(answer: Answer) -> None:
    """Whatever is answered: a verdict, and a login that is refused is asked once."""
    for check in ALL:
        sender = ScriptedSender(answer)
        client = Client(
            credential(),
            "http://127.0.0.1:9",
            record=RECORD,
            sender=sender,
            deadline_seconds=2,
            sleep=lambda _: None,
            probe=ClockProbe(),
        )
        error = refused(lambda client=client, check=check: run_checks(client, [check], EXPECTED), RECORD)  # type: ignore[misc]  # fmt: skip
        if error is not None and "refused the login" in str(error):
            assert len(sender.sent) == 1


def test_the_shares_are_the_whole() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert sum(int(part.partition(")")[0]) for part in source.split("\n@share(")[1:]) == 100


def test_an_echoed_value_is_seen() -> None:
    """The broken twin."""

    def echo() -> None:
        raise TbaError(f"orders: {CANARY}", "look")

    with pytest.raises(AssertionError):
        refused(echo)
