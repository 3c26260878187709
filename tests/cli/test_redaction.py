"""The redactor: every spelling of a known value, and the headers that hold one."""

from __future__ import annotations

import pytest
import requests

from tba_secrets.cli.redaction import Redactor
from tba_secrets.sensitive import REDACTED, Sensitive, fingerprint, redact
from tests.netsuite.support import answer

VALUE = 'a b/"+é~obviously fake'
SPELLINGS = {
    "as it is": VALUE,
    "in a path": "a%20b/%22%2B%C3%A9~obviously%20fake",
    "in a query": "a%20b%2F%22%2B%C3%A9~obviously%20fake",
    "in a form": "a+b%2F%22%2B%C3%A9~obviously+fake",
    "in JSON": 'a b/\\"+\\u00e9~obviously fake',
    "in small hex digits": "a%20b%2f%22%2b%c3%a9~obviously%20fake",
}
SIGNATURE = "abc+/=obviouslyfake"
AUTHORIZATION = (
    'OAuth realm="1", oauth_consumer_key="key", oauth_token="token", oauth_signature_method="HMAC-SHA256", '
    'oauth_timestamp="1", oauth_nonce="n", oauth_version="1.0", '
    'oauth_signature="abc%2B%2F%3Dobviouslyfake"'
)


def request(url: str | None, **headers: str) -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    prepared.prepare(method="GET", url="http://x/", headers=headers)
    prepared.url = url
    return prepared


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_is_redacted(spelling: str) -> None:
    assert Redactor([Sensitive(VALUE)])(f"<{spelling}>") == f"<{REDACTED}>"


def test_what_is_no_value_is_shown() -> None:
    assert Redactor([Sensitive(VALUE)])("a b") == "a b"


def test_a_request_as_curl_shows_it() -> None:
    shown = Redactor([Sensitive("v1")])
    lines = list(
        shown.request(
            request("http://host:1/rest/v1?q=v1&r=2", Authorization=AUTHORIZATION, Accept="v1/json")
        )
    )

    assert lines[:2] == [f"> GET /rest/{REDACTED}?q={REDACTED}&r=2 HTTP/1.1", "> Host: host:1"]
    assert f"> Accept: {REDACTED}/json" in lines
    (authorization,) = [line for line in lines if line.startswith("> Authorization")]
    for shown_one in ('oauth_nonce="n"', 'oauth_timestamp="1"', 'oauth_version="1.0"'):
        assert shown_one in authorization
    for hidden in ("oauth_consumer_key", "oauth_token", "oauth_signature"):
        assert f'{hidden}="{REDACTED}"' in authorization
    assert lines[-1] == ">"


@pytest.mark.parametrize(
    ("url", "first"), [("http://host", "> GET / HTTP/1.1"), (None, "> GET / HTTP/1.1")]
)
def test_an_empty_path_is_the_root(url: str | None, first: str) -> None:
    assert next(Redactor([]).request(request(url))) == first


def test_a_signature_is_a_secret_from_then_on() -> None:
    shown = Redactor([])
    assert SIGNATURE in shown(SIGNATURE)
    list(shown.request(request("http://x/", Authorization=AUTHORIZATION)))

    assert shown(f"echo {SIGNATURE} abc%2B%2F%3Dobviouslyfake") == f"echo {REDACTED} {REDACTED}"


def test_an_answer_without_cookies_and_values() -> None:
    lines = list(
        Redactor([Sensitive("v1")]).answer(
            answer(404, x_echo="is v1", set_cookie="c=1", cookie="d")
        )
    )

    assert lines[0] == "< HTTP/1.1 404 Not Found"
    assert "< x-echo: is [secret]" in lines
    assert "< set-cookie: [secret]" in lines
    assert "< cookie: [secret]" in lines
    assert lines[-1] == "<"
    assert next(Redactor([]).answer(answer(599))) == "< HTTP/1.1 599"


def test_the_longest_value_is_redacted_first_and_an_empty_one_never() -> None:
    secrets = [Sensitive(""), Sensitive("abc"), Sensitive("abcdef")]

    assert redact("abcdef abc", secrets) == f"{REDACTED} {REDACTED}"


def test_a_wrapped_value_shows_nothing_and_compares() -> None:
    value = Sensitive("x")

    assert f"{value} {value!r} {value:>9}" == "[secret] [secret] [secret]"
    assert (value == Sensitive("x"), value == Sensitive("y"), value == "x") == (True, False, False)
    assert hash(value) == hash(Sensitive("x"))
    assert len(Sensitive("xyz")) == 3
    with pytest.raises(TypeError):
        value.__reduce__()


def test_a_fingerprint_is_sixteen_digits_of_hmac_sha256() -> None:
    """RFC 4231, test case 2."""
    assert fingerprint(b"Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e"


def test_half_a_surrogate_pair_compares_and_is_digested() -> None:
    assert Sensitive("a\ud800") == Sensitive("a\ud800")
    assert Sensitive("a\ud800") != Sensitive("a\ud801")
    assert fingerprint(b"k", "a\ud800") != fingerprint(b"k", "a\ud801")
