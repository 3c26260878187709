"""`tba explain`: the trail's words, and what a refused request shows by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Tba

HEADER = (
    'OAuth realm="1234567_SB1", oauth_consumer_key="k", oauth_token="t", oauth_nonce="abcdefgh", '
    'oauth_timestamp="1767225600", oauth_signature_method="HMAC-SHA256", oauth_version="1.0", oauth_signature="c2ln"'
)


def curl(header: str, path: str = "/rest/tokeninfo", date: str = "") -> str:
    lines = [f"> GET {path} HTTP/1.1", "> Host: h.example", f"> Authorization: {header}", ">"]
    return "\n".join([*lines, "< HTTP/1.1 401 Unauthorized", f"< date: {date}", "<"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (curl(HEADER.replace('"1.0"', '"2.0"')), "oauth_version is not 1.0"),
        (curl(HEADER.replace("abcdefgh", "abc")), "shorter than six characters"),
        (curl(HEADER.replace("SHA256", "SHA1")), "not HMAC-SHA256"),
        (curl(HEADER.replace("_SB1", "_sb1")), "the realm is missing, or not in its form"),
        (curl(HEADER.replace('realm="1234567_SB1", ', "")), "the realm is missing"),
        (curl(HEADER.replace("1234567_SB1", "")), "the realm is missing"),
        (
            f"curl -H 'Authorization: {HEADER}' https://h.example/",
            "the form of the request is correct",
        ),
        (curl(HEADER + ', limit="1"'), "put into the Authorization header"),
        (curl(HEADER.replace("c2ln", "ab" * 32)), "hex digest instead of base64"),
        (curl(HEADER, "/services/rest/!transform"), "`!` or a space in the path"),
        (curl(HEADER, date="Thu, 01 Jan 2026 00:06:00 GMT"), "more than five minutes off"),
        (curl(HEADER), "the form of the request is correct"),
        (curl(HEADER, date="Thu, 01 Jan 2026 00:04:00 GMT"), "the form of the request is correct"),
    ],
)
def test_a_request(text: str, words: str, tba: Tba, tmp_path: Path) -> None:
    (tmp_path / "request").write_text(text)
    ended = tba("explain", "--request", str(tmp_path / "request"))
    assert ended.status == 0
    assert words in ended.out.split("2. ")[0]


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_whatever_the_encoding_of_the_capture(encoding: str, tba: Tba, tmp_path: Path) -> None:
    text = curl(HEADER.replace("abcdefgh", "abc"), "/é")
    (tmp_path / "request").write_bytes(text.encode(encoding))
    ended = tba("explain", "--request", str(tmp_path / "request"))
    assert "1. a nonce was used twice or is shorter" in ended.out


ANOTHER_KIND = {
    "": "it has no Authorization header",
    "hello": "it has no Authorization header",
    curl("Bearer a-token-of-tests"): "its Authorization header is Bearer",
    curl("a-token-of-tests"): "it has no Authorization header",
    "<a>a-token-of-tests</a>": "it has no Authorization header",
    "\0\xff\0a-token-of-tests": "it has no Authorization header",
}


@pytest.mark.parametrize("text", ANOTHER_KIND)
def test_what_is_no_oauth_request_is_told(text: str, tba: Tba, tmp_path: Path) -> None:
    (tmp_path / "request").write_text(text)
    ended = tba("explain", "--request", str(tmp_path / "request"))
    assert (ended.status, ended.out) == (1, "")
    assert f"this is no OAuth 1.0 request: {ANOTHER_KIND[text]}" in ended.err
    assert "a-token-of-tests" not in ended.err


def test_the_same_nonce_twice(tba: Tba, tmp_path: Path) -> None:
    (tmp_path / "request").write_text(curl(HEADER))
    file = ("--request", str(tmp_path / "request"))
    assert "a nonce was used twice" in tba("explain", *file, *file).out


def test_what_tba_request_printed_can_be_explained(tba: Tba, tmp_path: Path) -> None:
    """A redacted header is no empty one."""
    redacted = HEADER.replace('"k"', '"[secret]"').replace('"t"', '"[secret]"')
    (tmp_path / "request").write_text(curl(redacted.replace("c2ln", "[secret]")))
    assert (
        "the form of the request is correct"
        in tba("explain", "--request", str(tmp_path / "request")).out
    )


@pytest.mark.parametrize(
    ("word", "words"),
    [("token_rejected", "Access Tokens"), ("InvalidTimestamp", "NTP"), ("temporary_locked", "30")],
)
def test_a_word_of_the_trail(word: str, words: str, tba: Tba) -> None:
    ended = tba("explain", word)
    assert ended.status == 0
    assert words in ended.out


@pytest.mark.parametrize("arguments", [(), ("no_such_word",), ("--request", "/no/such/file")])
def test_nothing_to_explain(arguments: tuple[str, ...], tba: Tba) -> None:
    ended = tba("explain", *arguments)
    assert (ended.status, ended.out) == (1, "")
    assert "Traceback" not in ended.err
