"""The signatures that Oracle's help prints, byte for byte, and what a URL becomes before it is signed."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

import pytest
import requests

from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import (
    Once,
    SigningKeys,
    authorization,
    base_string,
    canonical_url,
    hmac_sha256,
    new_nonce,
    sign,
)
from tba_secrets.sensitive import Sensitive

# Oracle help, "The Signature for Web Services and RESTlets": set A.
KEY = "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4"
TOKEN = "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc"
ORACLE = TbaCredential(
    "123456",
    Sensitive(KEY),
    Sensitive("d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5"),
    Sensitive(TOKEN),
    Sensitive("c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295"),
)
A: dict[str, Any] = {"nonce": "fjaLirsIcCGVZWzBX0pg", "timestamp": 1508242306}
PARAMETERS = [
    ("oauth_consumer_key", KEY),
    ("oauth_token", TOKEN),
    ("oauth_nonce", "fjaLirsIcCGVZWzBX0pg"),
    ("oauth_timestamp", "1508242306"),
    ("oauth_signature_method", "HMAC-SHA256"),
    ("oauth_version", "1.0"),
]
OAUTH_PART = (
    f"oauth_consumer_key%3D{KEY}%26oauth_nonce%3DfjaLirsIcCGVZWzBX0pg%26oauth_signature_method%3DHMAC-SHA256"
    f"%26oauth_timestamp%3D1508242306%26oauth_token%3D{TOKEN}%26oauth_version%3D1.0"
)
REST = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
RESTLET = (
    "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl"
    "?script=6&deploy=1&customParam=someValue&testParam=someOtherValue"
)
REST_HOST = "https%3A%2F%2F123456.suitetalk.api.netsuite.com"


def signature_of(header: str) -> str:
    return header.split('oauth_signature="')[1].split('"')[0]


def test_a2_rest_get() -> None:
    assert base_string("GET", REST, PARAMETERS) == (
        f"GET&{REST_HOST}%2Fservices%2Frest%2Frecord%2Fv1%2Femployee%2F40&{OAUTH_PART}"
    )
    assert sign(ORACLE, "GET", REST, **A) == (
        f'OAuth realm="123456", oauth_consumer_key="{KEY}", oauth_token="{TOKEN}", '
        'oauth_nonce="fjaLirsIcCGVZWzBX0pg", oauth_timestamp="1508242306", oauth_signature_method="HMAC-SHA256", '
        'oauth_version="1.0", oauth_signature="B5OIWznZ2YP0OB7VrJrGkYsTh%2B8H%2B5T9Hag%2Bo92q0zY%3D"'
    )


def test_a3_restlet_post_with_a_query() -> None:
    before, after = (
        "customParam%3DsomeValue%26deploy%3D1%26",
        "%26script%3D6%26testParam%3DsomeOtherValue",
    )
    assert base_string("post", RESTLET, PARAMETERS) == (
        "POST&https%3A%2F%2F123456.restlets.api.netsuite.com%2Fapp%2Fsite%2Fhosting%2Frestlet.nl&"
        f"{before}{OAUTH_PART}{after}"
    )
    header = sign(ORACLE, "POST", RESTLET, **A)
    assert signature_of(header) == "%2BKK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ%3D"


def test_oracle_prints_a3_without_its_first_character() -> None:
    """The help page lost the leading `+`: what it prints is 43 characters, and no base64 of 32 bytes."""
    printed = "KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ="
    signed = hmac_sha256(base_string("POST", RESTLET, PARAMETERS), SigningKeys.of(ORACLE))
    assert signed == "+" + printed
    assert len(base64.b64decode(signed)) == 32
    with pytest.raises(ValueError, match="padding"):
        base64.b64decode(printed, validate=True)


STEP_ONE = Sensitive("60712990bc09623786e7047c226bcb3f86d49dca0b04efc21001dc76d97a81f5")
STEP_ONE_URL = "https://1234567.restlets.api.netsuite.com/rest/requesttoken"
STEP_ONE_EXTRA = [
    ("oauth_callback", "https://my.example.com/TBA/?callbackRequest"),
    ("role", "45678"),
]


def test_b_first_step_of_the_authorization_flow() -> None:
    """Oracle help, "Step One Obtain an Unauthorized Request Token": no token yet, and `role` is signed."""
    header = authorization(
        SigningKeys(STEP_ONE, STEP_ONE),
        "POST",
        STEP_ONE_URL,
        once=Once("bUvpxBX93OWo0FLswq5M", 1575998103),
        realm="1234567",
        extra=STEP_ONE_EXTRA,
    )
    assert signature_of(header) == "7kgwwmiAylqeMdHjCBnIUUW%2BdrDrGCbZGBkuCt39J90%3D"
    assert 'role="45678"' in header
    assert 'oauth_callback="https%3A%2F%2Fmy.example.com%2FTBA%2F%3FcallbackRequest"' in header
    assert "oauth_token" not in header


def test_b_base_string() -> None:
    header = [
        ("oauth_consumer_key", STEP_ONE.reveal()),
        ("oauth_nonce", "bUvpxBX93OWo0FLswq5M"),
        ("oauth_timestamp", "1575998103"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_version", "1.0"),
    ]
    assert base_string("POST", STEP_ONE_URL, [*header, *STEP_ONE_EXTRA]) == (
        "POST&https%3A%2F%2F1234567.restlets.api.netsuite.com%2Frest%2Frequesttoken&"
        "oauth_callback%3Dhttps%253A%252F%252Fmy.example.com%252FTBA%252F%253FcallbackRequest%26"
        f"oauth_consumer_key%3D{STEP_ONE.reveal()}%26oauth_nonce%3DbUvpxBX93OWo0FLswq5M%26"
        "oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1575998103%26oauth_version%3D1.0%26role%3D45678"
    )


CHANGES: list[tuple[str, Any]] = [
    ("method", ("PUT", RESTLET, {})),
    ("path", ("POST", RESTLET.replace("restlet.nl", "restlet2.nl"), {})),
    ("query", ("POST", RESTLET + "&more=1", {})),
    ("empty parameter", ("POST", RESTLET + "&more", {})),
    ("port", ("POST", RESTLET.replace(".com/", ".com:8443/"), {})),
    ("scheme", ("POST", RESTLET.replace("https", "http"), {})),
    ("nonce", ("POST", RESTLET, {"nonce": "fjaLirsIcCGVZWzBX0ph"})),
    ("timestamp", ("POST", RESTLET, {"timestamp": 1508242307})),
    ("form body", ("POST", RESTLET, {"form": [("a", "b")]})),
]


@pytest.mark.parametrize("change", [c for _, c in CHANGES], ids=[n for n, _ in CHANGES])
def test_whatever_is_signed_changes_the_signature(change: tuple[str, str, dict[str, Any]]) -> None:
    method, url, settings = change
    assert signature_of(sign(ORACLE, method, url, **(A | settings))) != signature_of(
        sign(ORACLE, "POST", RESTLET, **A)
    )


@pytest.mark.parametrize("part", ["consumer_key", "consumer_secret", "token_id", "token_secret"])
def test_every_value_of_the_credential_is_part_of_the_signature(part: str) -> None:
    values: dict[str, Any] = {part: Sensitive("0" * 64)}
    changed = replace(ORACLE, **values)
    assert signature_of(sign(changed, "GET", REST, **A)) != signature_of(
        sign(ORACLE, "GET", REST, **A)
    )


def test_the_realm_is_sent_in_realm_form_and_not_signed() -> None:
    sandbox = replace(ORACLE, account="123456-sb1")
    header = sign(sandbox, "GET", REST, **A)
    assert 'realm="123456_SB1"' in header
    assert signature_of(header) == signature_of(sign(ORACLE, "GET", REST, **A))


@pytest.mark.parametrize(
    "url",
    [
        REST.replace("https://123456", "HTTPS://123456"),
        REST.replace(".com", ".COM"),
        REST.replace(".com", ".com:443"),
    ],
)
def test_case_of_host_and_the_default_port_make_no_difference(url: str) -> None:
    assert signature_of(sign(ORACLE, "GET", url, **A)) == signature_of(
        sign(ORACLE, "GET", REST, **A)
    )


CANONICAL = [
    ("https://h.example/a b", "https://h.example/a%20b"),
    ("https://h.example/!transform", "https://h.example/!transform"),
    ("https://h.example/services/rest/*", "https://h.example/services/rest/*"),
    ("https://h.example/é", "https://h.example/%C3%A9"),
    ("https://h.example/a;", "https://h.example/a;"),
    ("https://h.example", "https://h.example/"),
    ("https://h.example/?", "https://h.example/"),
    ("https://h.example/?a", "https://h.example/?a="),
    ("https://h.example/?b=2&a=1&b=1", "https://h.example/?b=2&a=1&b=1"),
    ("https://h.example/?q=a+b", "https://h.example/?q=a%20b"),
    ("https://h.example/?q=a%2Bb", "https://h.example/?q=a%2Bb"),
    ("https://h.example/?q=€'[1]", "https://h.example/?q=%E2%82%AC%27%5B1%5D"),
    ("https://h.example/?a=1#part", "https://h.example/?a=1"),
]


@pytest.mark.parametrize(("url", "canonical"), CANONICAL)
def test_the_canonical_url_is_what_requests_sends(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert requests.Request("GET", canonical).prepare().url == canonical


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://h.example/!transform?a=1", "GET&https%3A%2F%2Fh.example%2F%21transform&a%3D1"),
        ("https://h.example/?b=2&a=1&b=1", "GET&https%3A%2F%2Fh.example%2F&a%3D1%26b%3D1%26b%3D2"),
        ("https://h.example/?q=a+b&e", "GET&https%3A%2F%2Fh.example%2F&e%3D%26q%3Da%2520b"),
        ("https://h.example/a;", "GET&https%3A%2F%2Fh.example%2Fa%3B&"),
    ],
)
def test_what_is_signed_of_unusual_urls(url: str, signed: str) -> None:
    assert base_string("GET", url, []) == signed


@pytest.mark.parametrize(
    "url", ["", "h.example/x", "ftp://h.example/", "https:///x", "https://h.example/?q=%FF-hidden"]
)
def test_what_cannot_be_signed_is_told_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match="cannot be signed") as caught:
        sign(ORACLE, "GET", url, **A)
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_nonces_are_twenty_letters_and_digits_and_never_the_same() -> None:
    nonces = {new_nonce() for _ in range(1000)}
    assert len(nonces) == 1000
    assert all(re.fullmatch("[A-Za-z0-9]{20}", nonce) for nonce in nonces)


def test_two_signatures_of_one_call_differ() -> None:
    first, second = (sign(ORACLE, "GET", REST) for _ in range(2))
    assert signature_of(first) != signature_of(second)
