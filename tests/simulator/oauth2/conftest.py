"""An account that is set up for client credentials, and somebody who holds a key of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tba_secrets.simulator import Simulator
from tba_secrets.simulator.vocabulary import Scope
from tests.simulator.accounts import ACCOUNT, APPLICATION, ROLE, Keys, StandingClock, config
from tests.simulator.oauth2.holder import Holder, ask_token

OAUTH2_PERMISSIONS = [
    "Log in using OAuth 2.0 Access Tokens",
    "Manage own OAuth 2.0 Client Credentials Certificates",
    "View Login Audit Trail",
]


def set_up(simulator: Simulator) -> None:
    """Tick the boxes of the record, and give the role its permissions."""
    account = simulator.state.account(ACCOUNT)
    integration = account.integration(APPLICATION)
    integration.client_credentials = True
    integration.scopes = [Scope.RESTLETS, Scope.REST_WEB_SERVICES]
    account.role(ROLE).permissions.extend(OAUTH2_PERMISSIONS)


@pytest.fixture
def simulator(keys: Keys, clock: StandingClock) -> Iterator[Simulator]:
    with Simulator(config(keys), clock) as running:
        set_up(running)
        yield running


@pytest.fixture
def holder(simulator: Simulator, keys: Keys) -> Holder:
    """Somebody whose certificate a person has uploaded."""
    return upload(simulator, Holder(keys.consumer_key))


def upload(simulator: Simulator, holder: Holder) -> Holder:
    """Upload as a person does, and note the id that NetSuite shows."""
    added = simulator.state.add_certificate(ACCOUNT, holder.mapping())
    holder.certificate_id = added.facts.certificate_id
    return holder


@pytest.fixture
def token(simulator: Simulator, holder: Holder) -> Callable[..., str]:
    """Get an access token: `token(scope="restlets")`."""

    def get(**claims: Any) -> str:
        answer = ask_token(simulator.url, holder.assertion(**claims))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    return get


@pytest.fixture(scope="session")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)
