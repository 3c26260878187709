"""The flow's parts: what is signed, how answers are read, how a callback is judged, the pages and the ports."""

from __future__ import annotations

import socket
from typing import assert_never
from urllib.parse import unquote, urlencode, urlsplit

import pytest

from tba_secrets.netsuite.callback import (
    ALREADY_ANSWERED,
    NOT_HERE,
    PAGES,
    CallbackListener,
    Page,
)
from tba_secrets.netsuite.consent import Answered, PendingConsent, judge
from tba_secrets.netsuite.flow_steps import (
    Application,
    form_fields,
    issued_pair,
    step_one_request,
    step_three_request,
)
from tba_secrets.netsuite.signing import Once
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources.interface import Pair
from tba_secrets.sources.values import TOKEN_HALVES
from tests.netsuite.browser import get
from tests.netsuite.flow_bench import EXPECTED

# Oracle help, "Constructing the Signature for Step One of the TBA Authorization Flow": set B.
VECTOR_KEY = "60712990bc09623786e7047c226bcb3f86d49dca0b04efc21001dc76d97a81f5"
VECTOR_ONCE = Once("bUvpxBX93OWo0FLswq5M", 1575998103)
VECTOR_CALLBACK = "https://my.example.com/TBA/?callbackRequest"
VECTOR_SIGNATURE = "7kgwwmiAylqeMdHjCBnIUUW+drDrGCbZGBkuCt39J90="
VECTOR = Application("any", "1234567", Pair(Sensitive(VECTOR_KEY), Sensitive(VECTOR_KEY)))


def header(request: object) -> dict[str, str]:
    text = str(request.headers["Authorization"]).removeprefix("OAuth ")  # type: ignore[attr-defined]
    pairs = (part.partition("=") for part in text.split(", "))
    return {name: unquote(value.strip('"')) for name, _, value in pairs}


def test_vector_b_is_what_step_one_sends() -> None:
    request = step_one_request(VECTOR, VECTOR_CALLBACK, "45678", VECTOR_ONCE)
    assert (request.method, request.url) == (
        "POST",
        "https://1234567.restlets.api.netsuite.com/rest/requesttoken",
    )
    said = header(request)
    assert said.pop("oauth_signature") == VECTOR_SIGNATURE
    assert said == {
        "realm": "1234567",
        "oauth_consumer_key": VECTOR_KEY,
        "oauth_nonce": "bUvpxBX93OWo0FLswq5M",
        "oauth_timestamp": "1575998103",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
        "oauth_callback": VECTOR_CALLBACK,
        "role": "45678",
    }


@pytest.mark.parametrize(
    ("callback", "role"), [(VECTOR_CALLBACK + "x", "45678"), (VECTOR_CALLBACK, None)]
)
def test_the_callback_and_the_role_are_signed(callback: str, role: str | None) -> None:
    said = header(step_one_request(VECTOR, callback, role, VECTOR_ONCE))
    assert said["oauth_signature"] != VECTOR_SIGNATURE
    assert ("role" in said) is (role is not None)


def test_step_three_signs_with_the_request_token_and_its_secret() -> None:
    def signature(secret: str, verifier: str) -> str:
        token = Pair(Sensitive("request"), Sensitive(secret))
        request = step_three_request(VECTOR, token, Sensitive(verifier), VECTOR_ONCE)
        said = header(request)
        assert (said["oauth_token"], said["oauth_verifier"]) == ("request", verifier)
        assert str(request.url).endswith("/rest/accesstoken")
        return said["oauth_signature"]

    assert len({signature("a", "v"), signature("b", "v"), signature("a", "w")}) == 3
    assert signature("a", "v") == signature("a", "v")


ID, SECRET = "a" * 64, "b" * 64
GOOD = [
    f"oauth_token={ID}&oauth_token_secret={SECRET}",
    f"oauth_token={ID}&oauth_token_secret={SECRET}\n",
    f"\r\n oauth_token={ID}%0A&oauth_token_secret=+{SECRET}%20\t\n",
    f"oauth_token_secret={SECRET}&more=&oauth_token={ID}",
]


@pytest.mark.parametrize("body", GOOD)
def test_issued_values_come_without_white_space(body: str) -> None:
    pair = issued_pair(form_fields(body), TOKEN_HALVES)
    assert pair is not None
    assert (pair.identifier.reveal(), pair.secret.reveal(), pair.warnings) == (ID, SECRET, ())


BAD = [
    "",
    "oauth_token=a",
    "oauth_token=a&oauth_token_secret=%20",
    "oauth_token=a&oauth_token_secret=a",
    "oauth_token=a&oauth_token_secret=b c",
    "oauth_token=a&oauth_token_secret=%C3%A9",
    "&" * 200,
    '{"oauth_token": "a", "oauth_token_secret": "b"}',
]


@pytest.mark.parametrize("body", BAD)
def test_what_is_no_pair_is_none(body: str) -> None:
    assert issued_pair(form_fields(body), TOKEN_HALVES) is None


PENDING = PendingConsent(Sensitive("s" * 32), Sensitive("r" * 64), EXPECTED)
QUERY = {
    "oauth_token": "r" * 64,
    "oauth_verifier": "v" * 64,
    "company": "1234567_SB1",
    "role": "1042",
    "entity": "38",
    "state": "s" * 32,
}
JUDGED: list[tuple[dict[str, str | None], Answered]] = [
    ({}, Answered.ALLOWED),
    ({"company": "1234567-sb1"}, Answered.ALLOWED),
    ({"callbackRequest": ""}, Answered.ALLOWED),
    ({"oauth_verifier": ""}, Answered.DENIED),
    ({"oauth_verifier": " "}, Answered.DENIED),
    ({"oauth_verifier": None}, Answered.DENIED),
    ({"oauth_verifier": "", "oauth_token": None}, Answered.DENIED),
    ({"oauth_verifier": "", "role": "3", "entity": None}, Answered.DENIED),
    ({"role": "3"}, Answered.MISMATCH),
    ({"role": None}, Answered.MISMATCH),
    ({"entity": "-5"}, Answered.MISMATCH),
    ({"company": "1234567"}, Answered.MISMATCH),
    ({"company": "<script>"}, Answered.MISMATCH),
    ({"state": None}, Answered.STRAY),
    ({"state": ""}, Answered.STRAY),
    ({"state": "S" * 32}, Answered.STRAY),
    ({"state": "\u00e9"}, Answered.STRAY),
    ({"oauth_token": "x"}, Answered.STRAY),
    ({"oauth_token": None}, Answered.STRAY),
    ({"oauth_token": "x", "oauth_verifier": ""}, Answered.STRAY),
    ({"state": "x", "oauth_verifier": ""}, Answered.STRAY),
]


@pytest.mark.parametrize(("changes", "answered"), JUDGED)
def test_the_callback_is_judged(changes: dict[str, str | None], answered: Answered) -> None:
    query = {k: v for k, v in {**QUERY, **changes}.items() if v is not None}
    consent = judge(urlencode(query), PENDING)
    assert consent.answered is answered
    assert (consent.verifier is not None) is (answered is Answered.ALLOWED)
    assert (consent.mismatch is not None) is (answered is Answered.MISMATCH)
    assert "v" * 64 not in repr(consent)


@pytest.mark.parametrize("more", ["&state=x", "&role=1042", "&x" * 60])
def test_a_query_with_doubled_or_too_many_fields_is_a_stray_one(more: str) -> None:
    assert judge(urlencode(QUERY) + more, PENDING).answered is Answered.STRAY


@pytest.mark.parametrize(
    ("got", "shown"), [("<b>", "no id"), ("9" * 41, "no id"), ("", "not told"), ("-5", "-5")]
)
def test_only_ids_are_shown(got: str, shown: str) -> None:
    mismatch = judge(urlencode(QUERY | {"entity": got}), PENDING).mismatch
    assert mismatch is not None
    assert (mismatch.aspect, mismatch.got, mismatch.expected) == ("user", shown, "38")


@pytest.mark.parametrize("answered", Answered)
def test_every_answer_has_its_page(answered: Answered) -> None:
    page = PAGES[answered]
    match answered:
        case Answered.ALLOWED | Answered.DENIED | Answered.MISMATCH:
            assert (page.status, "You can close this page" in page.text) == (200, True)
        case Answered.STRAY:
            assert page.status == 400
        case _:
            assert_never(answered)


ALL_PAGES = [*PAGES.values(), ALREADY_ANSWERED, NOT_HERE]


@pytest.mark.parametrize("page", ALL_PAGES, ids=[page.title for page in ALL_PAGES])
def test_pages_are_plain_and_accessible(page: Page) -> None:
    for words in (
        '<html lang="en">',
        f"<title>{page.title}</title>",
        f"<h1>{page.title}</h1>",
        "<main>",
    ):
        assert words in page.html
    assert not any(word in page.html for word in ("<script", "<img", "<link", "http:", "https:"))


def test_the_listener_answers_once_and_shows_nothing_of_the_address() -> None:
    with CallbackListener() as listener:
        url = f"{listener.url}?{urlencode(QUERY)}"
        early = get(url)
        listener.expect(PENDING)
        first, second = get(url), get(url)
        consent = listener.poll()
        assert (listener.poll(), consent is not None) == (None, True)
    assert [answer.status_code for answer in (early, first, second)] == [400, 200, 410]
    for answer in (early, first, second):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        shown = answer.text + str(answer.headers)
        assert not any(value in shown for value in ("v" * 64, "r" * 64, "s" * 32))


def test_the_listener_is_on_loopback_alone_and_its_path_cannot_be_guessed() -> None:
    with CallbackListener() as one, CallbackListener() as other:
        assert urlsplit(one.url).hostname == "localhost"
        assert urlsplit(one.url).path != urlsplit(other.url).path
        assert len(urlsplit(one.url).path.rpartition("/")[2]) == 32
        hosts = {server.server_address[0] for server in one._servers}
        ports = {server.server_address[1] for server in one._servers}
    assert hosts == ({"127.0.0.1", "::1"} if has_ipv6() else {"127.0.0.1"})
    assert len(ports) == 1


def test_the_listener_answers_on_both_addresses() -> None:
    with CallbackListener() as listener:
        port = urlsplit(listener.url).port
        for host in ("127.0.0.1", *(["[::1]"] if has_ipv6() else [])):
            assert get(f"http://{host}:{port}/").status_code == 404


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_a_broken_request_is_not_quoted(capfd: pytest.CaptureFixture[str]) -> None:
    with CallbackListener() as listener:
        port = urlsplit(listener.url).port or 0
        for request in (
            b"canary\r\n\r\n",
            b"canary / HTTP/1.1\r\n\r\n",
            b"GET /canary canary\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
            assert b"<h1>Nothing is here</h1>" in answer
            assert b"canary" not in answer
        listener._servers[0].handle_error(None, ("127.0.0.1", port))  # type: ignore[arg-type]
    assert capfd.readouterr() == ("", "")
