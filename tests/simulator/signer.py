"""A signer for tests that can be told to sign wrongly; the base string is oauthlib's, not the simulator's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from oauthlib.oauth1.rfc5849 import signature

from tests.simulator.accounts import ACCOUNT, Keys

Parameters = list[tuple[str, str]]


def parameters(keys: Keys, now: float, **changes: str | None) -> Parameters:
    """The signed header parameters; a change of None leaves one out."""
    values: dict[str, str | None] = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_token": keys.token_id,
        "oauth_nonce": secrets.token_hex(10),
        "oauth_timestamp": str(int(now)),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    }
    return [(name, value) for name, value in (values | changes).items() if value is not None]


def signed_header(
    keys: Keys,
    method: str,
    url: str,
    pairs: Parameters,
    realm: str | None = ACCOUNT,
    form: str = "",
) -> str:
    """An Authorization header whose signature is right for `keys` and whatever the pairs say."""
    collected = signature.collect_parameters(
        uri_query=urlsplit(url).query, body=form or None, headers={}, exclude_oauth_signature=False
    )
    text = signature.signature_base_string(
        method,
        signature.base_string_uri(url),
        signature.normalize_parameters(collected + pairs),
    )
    key = f"{quote(keys.consumer_secret, safe='')}&{quote(keys.token_secret, safe='')}"
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return header([*pairs, ("oauth_signature", base64.b64encode(digest).decode())], realm)


def header(pairs: Parameters, realm: str | None) -> str:
    """Write parameters as an Authorization header."""
    named = [] if realm is None else [f'realm="{realm}"']
    return "OAuth " + ", ".join(
        [*named, *(f'{name}="{quote(value, safe="")}"' for name, value in pairs)]
    )


def send(
    keys: Keys, method: str, url: str, now: float, *, realm: str | None = ACCOUNT, **more: Any
) -> requests.Response:
    """Sign and send; `changes` are those of `parameters`, the rest goes to requests."""
    changes: Mapping[str, str | None] = more.pop("changes", {})
    prepared = requests.Request(method, url, **more).prepare()
    assert prepared.url is not None
    pairs = parameters(keys, now, **changes)
    prepared.headers["Authorization"] = signed_header(keys, method, prepared.url, pairs, realm)
    return deliver(prepared)


def deliver(prepared: requests.PreparedRequest) -> requests.Response:
    """Send a prepared request as it is; the ten seconds only guard against a hang."""
    with requests.Session() as session:
        return session.send(prepared, timeout=10)


def passport_signature(keys: Keys, account: str, nonce: str, timestamp: str) -> str:
    """The signature of a TokenPassport (Oracle help, "The Signature for Web Services and RESTlets")."""
    text = "&".join((account, keys.consumer_key, keys.token_id, nonce, timestamp))
    key = f"{keys.consumer_secret}&{keys.token_secret}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()
