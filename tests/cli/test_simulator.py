"""`tba simulator` as a command: Oracle's own signatures, made by `tba sign`, are accepted at Oracle's own time."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.cli.conftest import SCRIPT, Tba
from tests.simulator import test_vectors as oracle

pytestmark = pytest.mark.long

# Oracle help, "The Signature for Web Services and RESTlets": set A.
SIGNED_AT = 1508242306
ACCOUNT = {
    "integrations": [{"name": "app", "consumer_key": oracle.KEY, "consumer_secret": oracle.SECRET}],
    "roles": [{"id": "3", "name": "Administrator"}],
    "users": [{"id": "1", "email": "a@example.com", "roles": ["3"]}],
    "tokens": [
        {
            "name": "token",
            "integration": "app",
            "user": "1",
            "role": "3",
            "token_id": oracle.TOKEN,
            "token_secret": oracle.TOKEN_SECRET,
        }
    ],
    "restlets": [{"script": "6", "deploy": "1"}],
}
RESTLET = (
    "/app/site/hosting/restlet.nl?script=6&deploy=1&customParam=someValue&testParam=someOtherValue"
)
HOST = "123456.restlets.api.netsuite.com"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    config = tmp_path / "simulator.json"
    config.write_text(json.dumps({"accounts": {"123456": ACCOUNT}}))
    arguments = ["simulator", "--config", str(config), "--port", "0", "--now", str(SIGNED_AT)]
    with subprocess.Popen([str(SCRIPT), *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.fixture
def signed(script: Tba, monkeypatch: pytest.MonkeyPatch) -> str:
    """Vector A3: the header of `tba sign`, byte for byte Oracle's."""
    names = ("TBA_CONSUMER_KEY", "TBA_CONSUMER_SECRET", "TBA_TOKEN_ID", "TBA_TOKEN_SECRET")
    values = (oracle.KEY, oracle.SECRET, oracle.TOKEN, oracle.TOKEN_SECRET)
    for name, value in zip(names, values, strict=True):
        monkeypatch.setenv(name, value)
    fixed = ("--nonce", oracle.NONCE, "--timestamp", str(SIGNED_AT))
    return script("sign", "POST", f"https://{HOST}{RESTLET}", *fixed).out.strip()


def ask(url: str, header: str, **headers: str) -> requests.Response:
    """The RESTlet, as a proxy that ends TLS asks for it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(
        url + RESTLET, headers={"Authorization": header, "Host": HOST, **named}, timeout=30
    )


def test_a_signature_of_oracle_is_accepted_behind_a_proxy(url: str, signed: str) -> None:
    answer = ask(url, signed, X_Forwarded_Proto="https")
    assert answer.status_code == 200
    assert answer.json()["parameters"] == {
        "customParam": "someValue",
        "testParam": "someOtherValue",
    }
    assert answer.headers["Date"].startswith("Tue, 17 Oct 2017 12:1")


@pytest.mark.parametrize("twin", ["without the proxy's scheme", "another host", "another bit"])
def test_and_refused_where_anything_differs(twin: str, url: str, signed: str) -> None:
    if twin == "without the proxy's scheme":
        answer = ask(url, signed)
    elif twin == "another host":
        host = "1234567.restlets.api.netsuite.com"
        answer = ask(url, signed, X_Forwarded_Proto="https", Host=host)
    else:
        answer = ask(url, signed.replace('"1.0"', '"1.1"'), X_Forwarded_Proto="https")
    assert answer.status_code == 401


def test_a_config_that_is_wrong_is_named_without_a_value(script: Tba, tmp_path: Path) -> None:
    config = tmp_path / "simulator.json"
    config.write_text(json.dumps({"accounts": {"123456": {**ACCOUNT, "tokens": [{"name": 1}]}}}))
    ended = script("simulator", "--config", str(config))
    assert ended.status == 1
    assert "accounts.123456.tokens.0.name" in ended.err
    assert "Traceback" not in ended.err
