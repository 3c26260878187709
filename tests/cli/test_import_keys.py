"""Which JSON keys hold a credential: usual names are known, two that fit are refused, and no message holds a value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tba_secrets.cli.import_.secrets import SPELLINGS, recognise
from tba_secrets.errors import StoreError
from tba_secrets.payload import render, same_content
from tba_secrets.sensitive import Sensitive
from tests.netsuite_account import Values

ACCOUNT = "1234567_SB1"
CONSUMER, TOKEN = Values(), Values()
TEXTS = (ACCOUNT, CONSUMER.identifier, CONSUMER.secret, TOKEN.identifier, TOKEN.secret)
OURS = tuple(SPELLINGS)
KNOWN = {
    "ours": OURS,
    "camel case": ("account", "consumerKey", "consumerSecret", "tokenId", "tokenSecret"),
    "as variables": (
        "NETSUITE_ACCOUNT",
        "NETSUITE_CONSUMER_KEY",
        "NETSUITE_CONSUMER_SECRET",
        "NETSUITE_TOKEN",
        "NETSUITE_TOKEN_SECRET",
    ),
    "token key": ("account_id", "consumer_key", "consumer_secret", "token_key", "token_secret"),
    "realm": ("realm", "consumer_key", "consumer_secret_key", "token", "token_secret"),
    "with points": (
        "ns.account",
        "ns.consumer-key",
        "ns.consumer-secret",
        "ns.token",
        "tokenSecret",
    ),
    "OAuth's": (
        "realm",
        "oauth_consumer_key",
        "oauth_consumer_secret",
        "oauth_token",
        "oauth_token_secret",
    ),
    "access token": ("realm", "consumerKey", "consumerSecret", "accessToken", "accessTokenSecret"),
}


def text(**changes: Any) -> Sensitive:
    """A credential under our keys, with these in their place or beside them; None takes a key away."""
    content = {**dict(zip(OURS, TEXTS, strict=True)), **changes}
    return Sensitive(json.dumps({k: v for k, v in content.items() if v is not None}))


@pytest.mark.parametrize("keys", KNOWN.values(), ids=KNOWN.keys())
def test_usual_keys_are_known_and_what_is_there_need_not_be_written(keys: tuple[str, ...]) -> None:
    stored = Sensitive(json.dumps(dict(zip(keys, TEXTS, strict=True)), indent=2))
    found = recognise(stored, ACCOUNT, "aws secret a")
    assert tuple(found.names.model_dump().values()) == keys
    assert [one.reveal() for one in found.credential.secrets] == list(TEXTS[1:])
    assert found.rewritten == ""
    assert same_content(render(found.credential, found.names), stored)


REWRITTEN: dict[str, tuple[dict[str, Any], str]] = {
    "another key": ({"note": "n", "owner": "o"}, "without `note`, `owner`"),
    "a hyphen": ({"account": "1234567-sb1"}, f"its account as {ACCOUNT}"),
    "no account": ({"account": None}, "with its account, under `account`"),
    "both": ({"account": "1234567_sb1", "x": ""}, f"without `x`, its account as {ACCOUNT}"),
    "a key that is a value": ({TOKEN.secret: "x"}, "without (not shown: it may be a secret)"),
}


@pytest.mark.parametrize("case", REWRITTEN)
def test_what_would_be_written_once_more_is_said(case: str) -> None:
    changes, words = REWRITTEN[case]
    stored = text(**changes)
    found = recognise(stored, ACCOUNT, "aws secret a")
    assert found.rewritten == words
    assert not same_content(render(found.credential, found.names), stored)


REFUSED = {
    "no JSON": (Sensitive(TOKEN.secret), "not a JSON object"),
    "a list": (Sensitive(f'["{TOKEN.secret}"]'), "not a JSON object"),
    "nested too deep": (Sensitive("[" * 100_000), "not a JSON object"),
    "another secret": (Sensitive('{"username": "u", "password": "p"}'), "it has other keys"),
    "a token of something else": (Sensitive('{"token": "t", "url": "u"}'), "it has other keys"),
    "no halves": (text(consumer_secret=None, token_id=None), "lacks consumer_secret, token_id,"),
    "two fit": (text(tokenKey=TOKEN.identifier), "`token_id`, `tokenKey` could each be"),
    "a number": (text(account=1234567), "the value of `account` is not text"),
    "an object": (text(more={"a": TOKEN.secret}), "the value of `more` is not text"),
    "empty": (text(token_secret=""), "the value of `token_secret` is empty, or"),
    "a line break": (text(token_secret=TOKEN.secret + "\n"), "white space"),
    "no account id": (text(account="https://a.b/"), "not an account id"),
    "another account": (text(account="7654321"), "belongs to the account 7654321, not to"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_anything_else_is_refused_without_its_value(case: str) -> None:
    stored, words = REFUSED[case]
    with pytest.raises(StoreError) as caught:
        recognise(stored, ACCOUNT, "aws secret a")
    assert words in str(caught.value)
    assert "aws secret a" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in TEXTS[1:])
    assert caught.value.__cause__ is None


def test_the_documented_keys_are_the_known_ones() -> None:
    from tests.engine.project import ROOT

    table = (ROOT / "docs" / "importing.md").read_text()
    for part, words in SPELLINGS.items():
        row = next(line for line in table.splitlines() if line.startswith(f"| `{part}` |"))
        told = {word.strip("` ").lower() for word in row.split("|")[2].split(",")}
        assert {"".join(filter(str.isalnum, word)) for word in told} == words
