"""A NetSuite account for tests: generated credentials, a simulator config, and the variables that carry them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

CONSUMERS = ("warehouse", "billing")
TOKENS = ("orders", "stock", "invoices")
_CONSUMER_OF = {"orders": "warehouse", "stock": "warehouse", "invoices": "billing"}
_ROLE_IDS = {"warehouse": "1001", "billing": "1002"}
_PERMISSIONS = [
    "REST Web Services",
    "SOAP Web Services",
    "Log in using Access Tokens",
    "User Access Tokens",
]


@dataclass(frozen=True)
class Values:
    """An identifier and a secret as NetSuite makes them: 64 hex digits each."""

    identifier: str = field(default_factory=lambda: secrets.token_hex(32))
    secret: str = field(default_factory=lambda: secrets.token_hex(32))


@dataclass
class NetSuiteAccount:
    """Two integrations, one role each; three tokens, one user each; more tokens on demand."""

    id: str = "1234567_SB1"
    consumers: dict[str, Values] = field(
        default_factory=lambda: {name: Values() for name in CONSUMERS}
    )
    tokens: dict[str, Values] = field(default_factory=lambda: {name: Values() for name in TOKENS})
    spares: dict[str, Values] = field(default_factory=lambda: {name: Values() for name in TOKENS})
    """A second token of the same user, role and integration."""

    def consumer_of(self, token: str) -> str:
        """The integration that a token is for."""
        return _CONSUMER_OF[token]

    def user_of(self, token: str) -> str:
        """The user that a token acts for."""
        return f"{token}.bot@example.com"

    def environment(self, **tokens: Values) -> dict[str, str]:
        """The variables of `environment_yaml`; a token can be given other values by name."""
        given: dict[str, str] = {}
        for name, values in self.consumers.items():
            given |= {
                f"{name.upper()}_KEY": values.identifier,
                f"{name.upper()}_SECRET": values.secret,
            }
        for name, values in {**self.tokens, **tokens}.items():
            given |= {
                f"{name.upper()}_TOKEN_ID": values.identifier,
                f"{name.upper()}_TOKEN_SECRET": values.secret,
            }
        return given

    def simulator_config(self) -> dict[str, Any]:
        """For `SimulatorConfig.from_dict`."""
        users = [
            {
                "id": str(38 + number),
                "email": self.user_of(token),
                "roles": [_ROLE_IDS[_CONSUMER_OF[token]]],
            }
            for number, token in enumerate(TOKENS)
        ]
        account = {
            "integrations": [
                {
                    "name": name,
                    "consumer_key": values.identifier,
                    "consumer_secret": values.secret,
                    "authorization_flow": True,
                    "callback_url": "http://localhost:*",
                }
                for name, values in self.consumers.items()
            ],
            "roles": [
                {"id": _ROLE_IDS[name], "name": f"{name} role", "permissions": _PERMISSIONS}
                for name in CONSUMERS
            ],
            "users": users,
            "tokens": [
                self.token(token, values, suffix)
                for suffix, held in (("", self.tokens), (" second", self.spares))
                for token, values in held.items()
            ],
        }
        return {"accounts": {self.id: account}}

    def token(self, name: str, values: Values, suffix: str) -> dict[str, Any]:
        """A token of one of the users, for the simulator; the suffix makes its name another one."""
        consumer = _CONSUMER_OF[name]
        return {
            "name": name + suffix,
            "integration": consumer,
            "user": self.user_of(name),
            "role": _ROLE_IDS[consumer],
            "token_id": values.identifier,
            "token_secret": values.secret,
        }
