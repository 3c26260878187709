"""An OAuth 2.0 client that was written by others gets access tokens from the simulator, and calls it.

It is npm's @brokenrubik/netsuite-sdk: PS256 alone, one scope for each access token, `exp` an hour after `iat`. It takes
the time from the computer's clock, so the simulator does too.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tba_secrets.simulator import Simulator
from tests.simulator.accounts import ACCOUNT, APPLICATION, Keys, config
from tests.simulator.oauth2.conftest import set_up, upload
from tests.simulator.oauth2.holder import Holder

pytestmark = pytest.mark.nodejs
HERE = Path(__file__).parent
CALLS = {"created", "listed", "queried", "echoed"}
Client = Callable[..., dict[str, Any]]


@pytest.fixture
def simulator(keys: Keys) -> Iterator[Simulator]:
    with Simulator(config(keys)) as running:
        set_up(running)
        yield running


@pytest.fixture
def holder(simulator: Simulator, keys: Keys) -> Holder:
    key = rsa.generate_private_key(65537, 3072)
    return upload(simulator, Holder(keys.consumer_key, key, "PS256", now=time.time() - 60))


@pytest.fixture
def client(simulator: Simulator, holder: Holder) -> Client:
    """Run the client's four calls; what each got."""

    def run(**changes: str) -> dict[str, Any]:
        pem = holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        settings = {
            "simulator": simulator.url,
            "script": "6",
            "accountId": ACCOUNT,
            "clientId": holder.client_id,
            "certificateId": holder.certificate_id,
            "privateKey": pem.decode(),
            "maxRetries": 0,
        }
        ended = subprocess.run(
            ["node", HERE / "client.mjs"],
            input=json.dumps(settings | changes),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        got: dict[str, Any] = json.loads(ended.stdout)
        assert set(got) == CALLS
        return got

    return run


def test_it_gets_tokens_and_calls(client: Client, simulator: Simulator) -> None:
    got = client()
    assert got["created"]["success"]
    assert simulator.state.account(ACCOUNT).customers[-1].companyname == "Zoë"
    assert (got["listed"]["count"], got["listed"]["totalResults"]) == (2, 4)
    assert got["queried"]["items"][-1]["companyname"] == "Zoë"
    assert got["echoed"] == {"method": "POST", "parameters": {}, "body": {"a": 1}}
    trail = simulator.state.audit(ACCOUNT)
    assert all(entry.success and entry.application_name == APPLICATION for entry in trail)
    issued = [entry for entry in trail if entry.request.endswith("/token")]
    assert (len(issued), len(trail)) == (2, 6)  # one for each scope, kept for all of its calls


def other_key(simulator: Simulator, holder: Holder) -> dict[str, str]:
    key = rsa.generate_private_key(65537, 3072)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"privateKey": pem.decode()}


def other_account(simulator: Simulator, holder: Holder) -> dict[str, str]:
    return {"accountId": "7654321"}


def revoked(simulator: Simulator, holder: Holder) -> dict[str, str]:
    simulator.state.revoke_certificate(ACCOUNT, holder.certificate_id)
    return {}


@pytest.mark.parametrize(
    ("wrong", "status", "detail"),
    [
        (other_key, 400, "SignatureValidation"),
        (other_account, 401, "InvalidIntegration"),
        (revoked, 400, "MissingKey"),
    ],
)
def test_it_is_refused(
    wrong: Callable[[Simulator, Holder], dict[str, str]],
    status: int,
    detail: str,
    client: Client,
    simulator: Simulator,
    holder: Holder,
) -> None:
    got = client(**wrong(simulator, holder))
    assert {(one["error"], one["status"]) for one in got.values()} == {
        ("NetSuiteAuthError", status)
    }
    assert simulator.state.audit()[0].detail == detail
    assert len(simulator.state.account(ACCOUNT).customers) == 3
