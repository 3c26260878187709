"""The accounts, the environment and the values that README.md and the examples speak of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tests.netsuite_account import Values

ACCOUNT = "1234567_SB1"
SECRET = "netsuite/sandbox/warehouse-bot"
USER = "integration.bot@example.com"
_PERMISSIONS = ["REST Web Services", "Log in using Access Tokens", "User Access Tokens"]


@dataclass
class Newcomer:
    """A NetSuite account as README.md has it set up, a Secrets Manager with nothing in it, and the values in hand."""

    netsuite: Simulator
    aws: SecretsManagerServer
    consumer: Values
    token: Values
    second: Values
    """Another token of the same user, role and integration: to rotate to."""
    environment: dict[str, str] = field(default_factory=dict)

    def give(self, token: Values) -> None:
        """From here on this shell's variables hold this token."""
        self.environment |= {
            "WAREHOUSE_CONSUMER_KEY": self.consumer.identifier,
            "WAREHOUSE_CONSUMER_SECRET": self.consumer.secret,
            "WAREHOUSE_TOKEN_ID": token.identifier,
            "WAREHOUSE_TOKEN_SECRET": token.secret,
        }

    def current(self) -> dict[str, str]:
        """What a reader of the secret gets by default: empty where there is no secret."""
        secret = self.aws.state.secret(SECRET)
        version = secret.current() if secret is not None else None
        if version is None or version.value is None:
            return {}
        content: dict[str, str] = json.loads(version.value.string or "")
        return content


@contextmanager
def newcomer(aws_account: str = "111122223333") -> Iterator[Newcomer]:
    """Both accounts, up until the block ends."""
    consumer, token, second = Values(), Values(), Values()
    config = SimulatorConfig.from_dict(_simulated(consumer, token, second))
    with Simulator(config) as netsuite, SecretsManagerServer(aws_account) as aws:
        person = Newcomer(netsuite, aws, consumer, token, second)
        person.environment = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }
        person.give(token)
        yield person


def _simulated(consumer: Values, *tokens: Values) -> dict[str, Any]:
    account = {
        "integrations": [
            {
                "name": "warehouse-sync",
                "consumer_key": consumer.identifier,
                "consumer_secret": consumer.secret,
            }
        ],
        "roles": [{"id": "1001", "name": "Warehouse Integration", "permissions": _PERMISSIONS}],
        "users": [{"id": "38", "email": USER, "roles": ["1001"]}],
        "tokens": [
            {
                "name": f"warehouse-bot {number}",
                "integration": "warehouse-sync",
                "user": USER,
                "role": "1001",
                "token_id": values.identifier,
                "token_secret": values.secret,
            }
            for number, values in enumerate(tokens, start=1)
        ],
    }
    return {"accounts": {ACCOUNT: account}}
