"""Reading tokeninfo in every spelling that NetSuite may use, and nothing out of what it may not mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tba_secrets.netsuite.tokeninfo import NOTHING_READ, TokenInfo

ALL = TokenInfo("1234567_SB1", "Warehouse Integration", "1042", "38")


def of(**said: str) -> TokenInfo:
    return replace(NOTHING_READ, **said)


SPELLINGS: list[tuple[str, Any, TokenInfo]] = [
    (
        "as Oracle's own tools read it",
        {
            "companyName": "Example Inc.",
            "companyId": "1234567_SB1",
            "roleName": "Warehouse Integration",
            "roleId": 1042,
            "entityId": 38,
        },
        ALL,
    ),
    (
        "underscores and case",
        {
            "COMPANY_ID": "1234567-sb1",
            "role_name": "Warehouse Integration",
            "Role_ID": "1042",
            "entity_id": "38",
        },
        ALL,
    ),
    (
        "as the help names them",
        {
            "Company ID": "1234567_SB1",
            "Role Name": "Warehouse Integration",
            "Role ID": 1042,
            "Entity ID": 38,
        },
        ALL,
    ),
    (
        "nested",
        {
            "company": {"name": "Example Inc.", "id": "1234567_SB1"},
            "role": {"name": "Warehouse Integration", "id": 1042},
            "entity": {"id": 38, "name": "Bot"},
        },
        ALL,
    ),
    (
        "short",
        {
            "account": "1234567_SB1",
            "role": "Warehouse Integration",
            "roleId": "1042",
            "entity": "38",
        },
        ALL,
    ),
    (
        "role is an id",
        {"companyId": "1234567_SB1", "role": 1042},
        TokenInfo("1234567_SB1", None, "1042", None),
    ),
    ("negative ids", {"roleId": -5, "entityId": "-5"}, TokenInfo(None, None, "-5", "-5")),
    ("company's name alone", {"companyName": "Example", "company": "Example Inc."}, NOTHING_READ),
    (
        "a name in one word",
        {"company": "EXAMPLE", "companyId": 7},
        TokenInfo("7", None, None, None),
    ),
    ("a name that could be an id", {"company": "ACME2", "companyId": "7"}, of(account="7")),
    ("two accounts", {"companyId": "1", "company_id": "2"}, of(contradictory="account")),
    ("two accounts, two keys", {"companyId": "1", "account": "2"}, of(contradictory="account")),
    (
        "two roles",
        {"companyId": "1", "roleId": "3", "role": {"id": "4"}},
        of(account="1", contradictory="role"),
    ),
    ("two entities", {"entityId": "3", "entity_id": "4"}, of(contradictory="user")),
    ("two ids of one user", {"entityId": "3", "userId": "4"}, NOTHING_READ),
    ("two names of one role", {"roleName": "A", "role": "B"}, NOTHING_READ),
    ("two that agree", {"companyId": "1", "company_id": 1}, TokenInfo("1", None, None, None)),
    ("unknown keys", {"tenant": "1234567_SB1", "profile": "Warehouse Integration"}, NOTHING_READ),
    ("empty", {}, NOTHING_READ),
    (
        "null and booleans",
        {"companyId": None, "roleId": True, "entityId": False, "roleName": " "},
        NOTHING_READ,
    ),
    ("an entity that is no id", {"entityId": "bot@example.com"}, NOTHING_READ),
    ("an account that is none", {"companyId": "https://evil.example/"}, NOTHING_READ),
    ("lists", {"companyId": ["1"], "role": [{"name": "x"}]}, NOTHING_READ),
    ("a list", ["companyId"], NOTHING_READ),
    ("text", "companyId", NOTHING_READ),
    ("nothing", None, NOTHING_READ),
]


@pytest.mark.parametrize(
    ("body", "read"), [s[1:] for s in SPELLINGS], ids=[s[0] for s in SPELLINGS]
)
def test_what_is_read(body: Any, read: TokenInfo) -> None:
    assert TokenInfo.read(body) == read


def test_a_key_that_is_there_twice_is_seen() -> None:
    assert TokenInfo.parse('{"companyId": "1", "companyId": "2"}').contradictory == "account"
    assert TokenInfo.parse('{"companyId": "1", "companyId": "1"}') == of(account="1")
    assert TokenInfo.parse('{"role": {"id": 3, "name": "A"}}') == of(role_id="3", role_name="A")
