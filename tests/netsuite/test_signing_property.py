"""Whatever is sent, the simulator's own verifier, which shares no code with ours, finds the signature right."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode, urlsplit

import requests
from hypothesis import given, settings, strategies as st

from tba_secrets.netsuite.signing import canonical_url, sign
from tba_secrets.simulator import oauth1
from tests.netsuite.support import credential
from tests.simulator.accounts import Keys

KEYS = Keys()
CREDENTIAL = credential(KEYS)
FORM = "application/x-www-form-urlencoded"

readable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
paths = st.text(st.sampled_from("abZ09-._~!$&'()*+,;=:@ é%/"), max_size=20).map(
    lambda path: "/" + path.lstrip("/")
)
pairs = st.lists(st.tuples(readable, readable), max_size=4)
hosts = st.sampled_from(
    ["127.0.0.1:8917", "localhost", "1234567-SB1.suitetalk.api.netsuite.com", "h.example:443"]
)
methods = st.sampled_from(["GET", "post", "PUT", "PATCH", "DELETE", "OPTIONS"])


def sent(method: str, url: str, form: list[tuple[str, str]]) -> oauth1.SentRequest:
    parts = urlsplit(canonical_url(url))
    body = urlencode(form).encode()
    kind = FORM if form else "application/json"
    return oauth1.SentRequest(
        method, parts.scheme, parts.netloc, parts.path, parts.query, kind, body
    )


def verifies(request: oauth1.SentRequest, header: str, keys: Keys = KEYS) -> bool:
    read = oauth1.parse_authorization(header)
    assert read.escaped
    parameters = read.parameters
    text = oauth1.signature_base_string(request, parameters)
    expected = oauth1.hmac_sha256(text, keys.consumer_secret, keys.token_secret)
    return oauth1.same(expected, dict(parameters)["oauth_signature"])


@settings(max_examples=300, deadline=None)
@given(methods, st.sampled_from(["http", "https"]), hosts, paths, pairs, pairs)
def test_signer_and_verifier_agree(
    method: str,
    scheme: str,
    host: str,
    path: str,
    query: list[tuple[str, str]],
    form: list[tuple[str, str]],
) -> None:
    url = f"{scheme}://{host}{path.replace('?', '')}?{urlencode(query)}"
    header = sign(CREDENTIAL, method, url, form)
    assert verifies(sent(method, url, form), header)


@settings(max_examples=50, deadline=None)
@given(paths, pairs)
def test_and_disagree_when_a_parameter_is_added_on_the_way(
    path: str, query: list[tuple[str, str]]
) -> None:
    url = f"https://h.example{path}?{urlencode(query)}"
    header = sign(CREDENTIAL, "GET", url)
    changed = f"{url}&{urlencode([('added', '1')])}"
    assert not verifies(sent("GET", changed, []), header)


@settings(max_examples=50, deadline=None)
@given(pairs)
def test_and_disagree_with_another_secret(query: list[tuple[str, str]]) -> None:
    url = f"https://h.example/?{urlencode(query)}"
    other = Keys(KEYS.consumer_key, KEYS.consumer_secret, KEYS.token_id, secrets.token_hex(32))
    assert not verifies(sent("GET", url, []), sign(CREDENTIAL, "GET", url), other)


@settings(max_examples=100, deadline=None)
@given(hosts, paths, pairs)
def test_the_canonical_url_is_its_own_and_what_requests_sends(
    host: str, path: str, query: list[tuple[str, str]]
) -> None:
    canonical = canonical_url(f"https://{host}{path}?{urlencode(query)}#part")
    assert canonical_url(canonical) == canonical
    assert requests.Request("GET", canonical).prepare().url == canonical
