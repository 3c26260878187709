"""The TokenPassport of Oracle's vector A1, its envelope, and reading answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tba_secrets.netsuite import soap
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import Once
from tba_secrets.sensitive import Sensitive
from tests.netsuite.test_signing import KEY, ORACLE, TOKEN

ONCE = Once("fjaLirsIcCGVZWzBX0pg", 1508242306)
SIGNATURE = "tIcC5zyKUmycB5Ml/cNxOHDusw03Y5KPQiXVNUHHp4U="


def test_a1_token_passport() -> None:
    assert soap.passport_fields(ORACLE, ONCE) == {
        "account": "123456",
        "consumerKey": KEY,
        "token": TOKEN,
        "nonce": "fjaLirsIcCGVZWzBX0pg",
        "timestamp": "1508242306",
        "signature": SIGNATURE,
    }


@pytest.mark.parametrize(
    "changed",
    [
        replace(ORACLE, account="123456_SB1"),
        replace(ORACLE, consumer_secret=Sensitive("x")),
        replace(ORACLE, token_secret=Sensitive("x")),
    ],
    ids=["account", "consumer secret", "token secret"],
)
def test_another_account_or_secret_gives_another_signature(changed: TbaCredential) -> None:
    assert soap.passport_fields(changed, ONCE)["signature"] != SIGNATURE


def test_a_lower_case_account_is_signed_in_realm_form() -> None:
    """Unlike REST's realm it is part of what is signed, so its case would change the signature."""
    upper, lower = (replace(ORACLE, account=account) for account in ("123456_SB1", "123456-sb1"))
    assert soap.passport_fields(lower, ONCE) == soap.passport_fields(upper, ONCE)


def test_the_envelope_carries_one_passport_and_nothing_else() -> None:
    root = soap.read(soap.envelope(ORACLE, "getServerTime", ONCE))
    assert root is not None
    header = soap.first(root, "Header")
    assert header is not None
    assert [soap.local_name(child) for child in header] == ["tokenPassport"]
    assert soap.first(root, "getServerTime") is not None
    signature = soap.first(root, "signature")
    assert signature is not None
    assert signature.get("algorithm") == "HMAC-SHA256"
    assert signature.text == SIGNATURE


def test_values_are_escaped_in_the_envelope() -> None:
    odd = replace(ORACLE, token_id=Sensitive("<&>"))
    root = soap.read(soap.envelope(odd, "getServerTime", ONCE))
    assert root is not None
    assert soap.text_of(root, "token") == "<&>"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not XML",
        "<html/>",
        "<a>",
        "\x00",
        '<!DOCTYPE x [<!ENTITY e "v">]><Envelope>&e;</Envelope>',
    ],
)
def test_what_is_no_envelope_is_not_read(text: str) -> None:
    assert soap.read(text) is None
