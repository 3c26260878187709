"""SOAP: the TokenPassport, its faults, and getServerTime."""

from __future__ import annotations

import secrets
from dataclasses import replace
from threading import Thread
from xml.sax.saxutils import escape

import pytest
import requests

from tba_secrets.simulator import Simulator
from tba_secrets.simulator.vocabulary import Feature
from tests.simulator.accounts import ACCOUNT, APPLICATION, ROLE, TOKEN, Keys
from tests.simulator.conftest import NOW
from tests.simulator.signer import passport_signature

PATH = "/services/NetSuitePort_2025_2"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
CORE = "urn:core_2025_2.platform.webservices.netsuite.com"
MESSAGES = "urn:messages_2025_2.platform.webservices.netsuite.com"


def passport(
    keys: Keys, account: str = ACCOUNT, namespace: str = MESSAGES, **changes: str | None
) -> str:
    """A TokenPassport element; a change of None leaves a field out."""
    nonce, timestamp = (
        changes.get("nonce") or secrets.token_hex(10),
        changes.get("timestamp") or str(int(NOW)),
    )
    signature = passport_signature(keys, account, nonce, timestamp)
    fields: dict[str, str | None] = {
        "account": account,
        "consumerKey": keys.consumer_key,
        "token": keys.token_id,
        "nonce": nonce,
        "timestamp": timestamp,
        "signature": signature,
    }
    algorithm = changes.pop("algorithm", None) or "HMAC_SHA256"
    lines = "".join(
        f"<c:{name}{f' algorithm={chr(34)}{algorithm}{chr(34)}' if name == 'signature' else ''}>"
        f"{escape(value)}</c:{name}>"
        for name, value in (fields | changes).items()
        if value is not None
    )
    return f'<m:tokenPassport xmlns:m="{MESSAGES}" xmlns:c="{namespace}">{lines}</m:tokenPassport>'


def call(
    simulator: Simulator, header: str, operation: str = "getServerTime", cookie: str = ""
) -> requests.Response:
    envelope = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{header}</s:Header>'
        f'<s:Body><{operation} xmlns="{MESSAGES}"/></s:Body></s:Envelope>'
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": operation} | (
        {"Cookie": cookie} if cookie else {}
    )
    return requests.post(simulator.url + PATH, data=envelope.encode(), headers=headers, timeout=10)


def refused(answer: requests.Response) -> None:
    assert answer.status_code == 500
    assert "<faultcode>soapenv:Server.userException</faultcode>" in answer.text
    assert "<faultstring>Invalid login attempt.</faultstring>" in answer.text


@pytest.mark.parametrize("algorithm", ["HMAC_SHA256", "HMAC-SHA256"])
@pytest.mark.parametrize("namespace", [CORE, MESSAGES])
def test_both_spellings_and_any_namespace_are_taken(
    algorithm: str, namespace: str, simulator: Simulator, keys: Keys
) -> None:
    answer = call(simulator, passport(keys, namespace=namespace, algorithm=algorithm))
    assert answer.status_code == 200
    assert 'isSuccess="true"' in answer.text
    assert ">2026-01-01T00:00:00.000Z</platformCore:serverTime>" in answer.text
    assert simulator.state.audit()[-1].token_name == TOKEN


def test_a_newline_in_the_signature_is_trimmed(simulator: Simulator, keys: Keys) -> None:
    signature = passport_signature(keys, ACCOUNT, "a-nonce", str(int(NOW)))
    header = passport(
        keys, nonce="a-nonce", timestamp=str(int(NOW)), signature=f"\n  {signature}\n"
    )
    assert call(simulator, header).status_code == 200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signature": "AAAA"}, "InvalidSignature"),
        ({"signature": None}, "MissingTokenPassportRequiredFields"),
        ({"timestamp": str(int(NOW) - 301)}, "InvalidTimestamp"),
        ({"nonce": "abcde"}, "nonce_rejected"),
        ({"nonce": "a" * 65}, "nonce_rejected"),
        ({"token": "nobody"}, "token_rejected"),
        ({"consumerKey": "nobody"}, "consumer_key_unknown"),
        ({"consumerKey": ""}, "MissingTokenPassportRequiredFields"),
        ({"algorithm": "HMAC-SHA1"}, "UnknownAlgorithm"),
    ],
)
def test_the_fault_never_tells_the_cause(
    changes: dict[str, str | None], reason: str, simulator: Simulator, keys: Keys
) -> None:
    assert call(simulator, passport(keys)).status_code == 200
    refused(call(simulator, passport(keys, ACCOUNT, MESSAGES, **changes)))
    assert simulator.state.audit()[-1].detail == reason


def test_the_account_is_signed_in_its_own_case(simulator: Simulator, keys: Keys) -> None:
    refused(call(simulator, passport(keys, account=ACCOUNT.lower())))
    assert simulator.state.audit()[-1].detail == "simulator: realm_unknown"


def test_wrong_secret(simulator: Simulator, keys: Keys) -> None:
    refused(call(simulator, passport(replace(keys, token_secret="wrong"))))
    assert simulator.state.audit()[-1].detail == "InvalidSignature"


def test_a_nonce_is_used_once(simulator: Simulator, keys: Keys) -> None:
    header = passport(keys)
    assert call(simulator, header).status_code == 200
    refused(call(simulator, header))
    assert simulator.state.audit()[-1].detail == "NonceUsed"


def test_without_the_permission(simulator: Simulator, keys: Keys) -> None:
    simulator.state.account(ACCOUNT).role(ROLE).permissions.remove("SOAP Web Services")
    refused(call(simulator, passport(keys)))
    assert simulator.state.audit()[-1].detail == "permission_denied"


def test_a_blocked_integration(simulator: Simulator, keys: Keys) -> None:
    simulator.state.block_integration(ACCOUNT, APPLICATION)
    refused(call(simulator, passport(keys)))
    assert simulator.state.audit()[-1].detail == "consumer_key_refused"
    simulator.state.enable_integration(ACCOUNT, APPLICATION)
    assert call(simulator, passport(keys)).status_code == 200


@pytest.mark.parametrize(
    "beside", ["<applicationInfo/>", "<passport/>", "a second passport", "cookie"]
)
def test_other_credentials_beside_the_passport_are_ambiguous(
    beside: str, simulator: Simulator, keys: Keys
) -> None:
    header = passport(keys)
    if beside == "a second passport":
        header += passport(keys)
    elif beside.startswith("<"):
        header += beside
    answer = call(simulator, header, cookie="JSESSIONID=abc" if beside == "cookie" else "")
    assert answer.status_code == 500
    assert "<faultstring>Ambiguous authentication</faultstring>" in answer.text
    assert "code>USER_ERROR</" in answer.text


def test_no_passport(simulator: Simulator) -> None:
    refused(call(simulator, ""))


@pytest.mark.parametrize("body", [b"", b"no xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_no_envelope(body: bytes, simulator: Simulator) -> None:
    answer = requests.post(simulator.url + PATH, data=body, timeout=10)
    assert (answer.status_code, "malformed syntax" in answer.text) == (500, True)


def test_a_feature_that_is_off(simulator: Simulator, keys: Keys) -> None:
    simulator.state.account(ACCOUNT).features.remove(Feature.SOAP)
    assert "WS_FEATURE_REQD" in call(simulator, passport(keys)).text


def test_another_operation(simulator: Simulator, keys: Keys) -> None:
    answer = call(simulator, passport(keys), operation="getAll")
    assert (answer.status_code, "getServerTime only" in answer.text) == (500, True)


def test_over_the_concurrency_limit(simulator: Simulator, keys: Keys) -> None:
    simulator.state.account(ACCOUNT).concurrency_limit = 1
    simulator.state.faults.add("latency", match=PATH, seconds=0.5)
    texts: list[str] = []
    threads = [
        Thread(
            target=lambda header: texts.append(call(simulator, header).text), args=(passport(keys),)
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("WS_REQUEST_BLOCKED" in text for text in texts) == [False, True]
