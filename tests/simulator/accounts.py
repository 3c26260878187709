"""The accounts that the simulator's tests run against, and a clock that stands still. Every secret is generated."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from tba_secrets.simulator import SimulatorConfig

ACCOUNT = "1234567_SB1"
OTHER_ACCOUNT = "7654321"
APPLICATION = "warehouse-sync"
BOT = "integration.bot@example.com"
ROLE = "Warehouse Integration"
TOKEN = "warehouse-sync-bot"
CALLBACK = "http://localhost:*"
PERMISSIONS = [
    "REST Web Services",
    "SOAP Web Services",
    "Log in using Access Tokens",
    "User Access Tokens",
    "SuiteAnalytics Workbook",
    "Customers",
]


@dataclass(frozen=True)
class Keys:
    """The four values that sign a call."""

    consumer_key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    consumer_secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    token_id: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    token_secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)


class StandingClock:
    """A clock that moves only when told to; epoch seconds."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def config(keys: Keys, **account: object) -> SimulatorConfig:
    """One full account, changed by `account`, and a second one that has nothing in it."""
    full: dict[str, object] = {
        "company_name": "Example Warehouse Inc.",
        "integrations": [
            {
                "name": APPLICATION,
                "consumer_key": keys.consumer_key,
                "consumer_secret": keys.consumer_secret,
                "authorization_flow": True,
                "callback_url": CALLBACK,
            },
            {"name": "other-app", "consumer_key": "other-key", "consumer_secret": "other-secret"},
        ],
        "roles": [
            {"id": "1042", "name": ROLE, "permissions": PERMISSIONS},
            {"id": "1043", "name": "Reader", "permissions": ["Log in using Access Tokens"]},
        ],
        "users": [
            {"id": "38", "email": BOT, "name": "Integration Bot", "roles": [ROLE, "1043"]},
            {"id": "39", "email": "clerk@example.com", "roles": ["1043"]},
        ],
        "tokens": [
            {
                "name": TOKEN,
                "integration": APPLICATION,
                "user": BOT,
                "role": ROLE,
                "token_id": keys.token_id,
                "token_secret": keys.token_secret,
            }
        ],
        "restlets": [{"script": "6"}, {"script": "7", "deploy": "2", "response": {"pong": True}}],
        "customers": [
            {"id": "1", "entityid": "CUST1", "companyname": "First"},
            {"id": "2", "entityid": "CUST2", "companyname": "Second"},
            {"id": "3", "entityid": "CUST3", "companyname": "Third"},
        ],
    }
    return SimulatorConfig.from_dict({"accounts": {ACCOUNT: full | account, OTHER_ACCOUNT: {}}})
