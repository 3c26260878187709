"""The demo's NetSuite: generated credentials, the account that knows them, and the variables that carry them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from tba_secrets.netsuite.oauth2.permissions import LOG_IN, OWN_CERTIFICATES

ACCOUNT = "1234567_SB1"


def _value() -> str:
    """Make a value that looks like NetSuite's: 64 lower-case hex digits."""
    return secrets.token_hex(32)


@dataclass(frozen=True, repr=False)
class DemoPair:
    """An identifier and a secret, and the two variables that stacks/demo*.yaml names for them."""

    variable: str
    kind: str
    identifier: str = field(default_factory=_value)
    secret: str = field(default_factory=_value)

    @property
    def exports(self) -> dict[str, str]:
        """What to put into the environment."""
        names = {"CONSUMER": ("KEY", "SECRET"), "TOKEN": ("ID", "SECRET")}[self.kind]
        values = (self.identifier, self.secret)
        return {
            f"{self.variable}_{self.kind}_{name}": value
            for name, value in zip(names, values, strict=True)
        }


@dataclass(frozen=True, repr=False)
class DemoNetSuite:
    """Everything that a person would have written down while clicking through NetSuite."""

    warehouse: DemoPair = field(default_factory=lambda: DemoPair("WAREHOUSE", "CONSUMER"))
    billing: DemoPair = field(default_factory=lambda: DemoPair("BILLING", "CONSUMER"))
    orders: DemoPair = field(default_factory=lambda: DemoPair("ORDERS", "TOKEN"))
    stock: DemoPair = field(default_factory=lambda: DemoPair("STOCK", "TOKEN"))
    billing_token: DemoPair = field(default_factory=lambda: DemoPair("BILLING", "TOKEN"))
    next_stock: DemoPair = field(default_factory=lambda: DemoPair("STOCK", "TOKEN"))
    """A second token of the same user, role and integration: what a rotation brings in."""
    mistyped_orders: DemoPair = field(default_factory=lambda: DemoPair("ORDERS", "TOKEN"))
    """A pair that NetSuite never issued."""

    @property
    def exports(self) -> dict[str, str]:
        """The variables that the environment file names, all right."""
        pairs = (self.warehouse, self.billing, self.orders, self.stock, self.billing_token)
        return {name: value for pair in pairs for name, value in pair.exports.items()}

    @property
    def secrets(self) -> list[str]:
        """Every value, for a search that must find none of them."""
        pairs = [getattr(self, name) for name in self.__dataclass_fields__]
        return [value for pair in pairs for value in (pair.identifier, pair.secret)]

    def simulator_config(self) -> dict[str, Any]:
        """Return the account, for `tba_secrets.simulator.SimulatorConfig.from_dict`."""
        tokens = [
            ("orders", "warehouse-sync", "orders.bot@example.com", "1001", self.orders),
            ("stock", "warehouse-sync", "stock.bot@example.com", "1001", self.stock),
            ("stock, second", "warehouse-sync", "stock.bot@example.com", "1001", self.next_stock),
            ("billing", "billing-export", "billing.bot@example.com", "1002", self.billing_token),
        ]
        account = {
            "integrations": [
                _integration("warehouse-sync", self.warehouse),
                _integration("billing-export", self.billing),
            ],
            "roles": _ROLES,
            "users": _USERS,
            "tokens": [_token(*token) for token in tokens],
        }
        return {"accounts": {ACCOUNT: account}}


_OAUTH2 = [LOG_IN, OWN_CERTIFICATES]
_ROLES: list[dict[str, Any]] = [
    {
        "id": "1001",
        "name": "Warehouse Integration",
        "permissions": [
            "REST Web Services",
            "SOAP Web Services",
            "Log in using Access Tokens",
            "User Access Tokens",
            *_OAUTH2,
        ],
    },
    {
        "id": "1002",
        "name": "Billing Integration",
        "permissions": ["REST Web Services", "Log in using Access Tokens", *_OAUTH2],
    },
]
_USERS: list[dict[str, Any]] = [
    {"id": "38", "email": "orders.bot@example.com", "roles": ["1001"]},
    {"id": "39", "email": "stock.bot@example.com", "roles": ["1001"]},
    {"id": "40", "email": "billing.bot@example.com", "roles": ["1002"]},
]


def _integration(name: str, pair: DemoPair) -> dict[str, Any]:
    return {
        "name": name,
        "consumer_key": pair.identifier,
        "consumer_secret": pair.secret,
        "authorization_flow": True,
        "callback_url": "http://localhost:*",
        "client_credentials": True,
        "scopes": ["rest_webservices"],
    }


def _token(name: str, integration: str, user: str, role: str, pair: DemoPair) -> dict[str, Any]:
    return {
        "name": name,
        "integration": integration,
        "user": user,
        "role": role,
        "token_id": pair.identifier,
        "token_secret": pair.secret,
    }
