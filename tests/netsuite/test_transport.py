"""One exchange over real HTTP: what must not happen to a signed request, and how losses are told."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NameResolutionError

from tba_secrets.loopback import is_loopback
from tba_secrets.netsuite.transport import (
    HttpSender,
    LostError,
    environment_settings,
    lost as told,
)
from tests.netsuite.support import Said, told_server

HIDDEN = "hidden-in-the-query"


def get(url: str, **headers: str) -> requests.PreparedRequest:
    return requests.Request("GET", url, headers=headers).prepare()


@contextmanager
def raw_server(start: bytes = b"", drip: bytes | None = None) -> Iterator[str]:
    """Sends `start` whatever is asked, then closes; with `drip` it sends that again and again until the block ends."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(start)
                while drip is not None and not ended.wait(0.02):
                    connection.sendall(drip)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            thread.join(timeout=10)


def test_a_whole_answer() -> None:
    with told_server(
        Said(200, b'{"a": "\xc3\xa9"}', [("Content-Type", "application/json; charset=utf-8")])
    ) as server:
        answer = HttpSender()(get(server.url), 5)
    assert (answer.status, answer.json(), answer.content_type) == (
        200,
        {"a": "é"},
        "application/json",
    )
    assert answer.server_date is not None
    assert abs(answer.skew_seconds or 0.0) < 5
    assert 0 < answer.latency_seconds < 5


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_missing_ca_bundle_is_told_and_nothing_is_sent(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, "/no/such/bundle.pem")
    with told_server(Said()) as server:
        assert HttpSender()(get(server.url), 5).status == 200  # needs none
        with pytest.raises(
            LostError, match=r"there is no CA bundle /no/such/bundle\.pem"
        ) as caught:
            HttpSender()(get(server.url.replace("http:", "https:")), 5)
        assert (caught.value.retry, caught.value.sent) == (False, False)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with (
        told_server(Said()) as elsewhere,
        told_server(Said(status, headers=[("Location", elsewhere.url)])) as server,
    ):
        answer = HttpSender()(get(server.url, Authorization="OAuth signed"), 5)
        assert answer.status == status
        assert elsewhere.requests == []


def test_the_redirect_would_have_been_followed_by_requests_itself() -> None:
    """The twin: the servers above do redirect."""
    with (
        told_server(Said()) as elsewhere,
        told_server(Said(302, headers=[("Location", elsewhere.url)])) as server,
    ):
        assert requests.get(server.url, timeout=5).status_code == 200
        assert len(elsewhere.requests) == 1


def test_no_cookie_goes_back() -> None:
    """A JSESSIONID beside a TokenPassport is "Ambiguous authentication"."""
    sender = HttpSender()
    with told_server(Said(headers=[("Set-Cookie", "JSESSIONID=1")])) as server:
        for _ in range(2):
            sender(get(server.url), 5)
        assert all("Cookie" not in headers for _, _, headers in server.requests)


def test_a_netrc_entry_does_not_replace_the_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with told_server(Said()) as server:
        HttpSender()(get(server.url, Authorization="OAuth signed"), 5)
        assert server.requests[0][2]["Authorization"] == "OAuth signed"
        with requests.Session() as session:  # the twin: the entry is one that requests takes
            session.get(server.url, headers={"Authorization": "OAuth signed"}, timeout=5)
        assert server.requests[1][2]["Authorization"].startswith("Basic")


def test_loopback_is_not_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with told_server(Said()) as server:
        assert HttpSender()(get(server.url), 5).status == 200
    assert (
        environment_settings("https://1.suitetalk.api.netsuite.com/")["proxies"]["https"]
        == "http://127.0.0.1:1"
    )


def test_tls_is_verified_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert environment_settings("https://1.suitetalk.api.netsuite.com/")["verify"] is True


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost", True),
        ("https://127.0.0.1.example", False),
    ],
)
def test_loopback(url: str, local: bool) -> None:
    assert is_loopback(url) is local


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def lost(url: str, seconds: float = 5) -> LostError:
    with pytest.raises(LostError) as caught:
        HttpSender()(get(f"{url}/x?{HIDDEN}", Authorization="OAuth hidden"), seconds)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    assert "hidden" not in str(error)
    return error


def test_nobody_listens() -> None:
    error = lost(f"http://127.0.0.1:{free_port()}")
    assert error.retry
    assert not error.sent
    assert "no connection" in error.how


def test_closed_without_an_answer() -> None:
    with raw_server() as url:
        error = lost(url)
    assert error.retry
    assert error.sent


def test_half_an_answer() -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") as url:
        assert "middle of the answer" in lost(url).how


def test_half_a_refusal_is_a_refusal() -> None:
    """Its status is the whole verdict, and another try would be another failed login."""
    with raw_server(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\n{") as url:
        assert HttpSender()(get(url), 5).status == 401


def test_no_http_at_all() -> None:
    with raw_server(b"220 ready\r\n\r\n") as url:
        assert lost(url).how


def test_plain_http_where_tls_is_asked_for() -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\n\r\n") as url:
        error = lost(url.replace("http:", "https:"))
    assert "TLS" in error.how
    assert not error.retry
    assert not error.sent


DRIPS = {
    "silent": (b"", b""),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Header: 1\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
}


@pytest.mark.parametrize(("start", "drip"), DRIPS.values(), ids=DRIPS)
def test_the_deadline_is_for_the_whole_answer(start: bytes, drip: bytes) -> None:
    """Every byte comes in time for a socket's timeout; the answer as a whole never does, however long one waits."""
    with raw_server(start, drip) as url:
        assert lost(url, 0.2).retry


def test_a_body_without_end_is_cut_off() -> None:
    with told_server(Said(200, b"x" * (3 << 20))) as server:
        assert 1 << 20 <= len(HttpSender()(get(server.url), 10).body_text) < 2 << 20


def test_urls_stay_out_of_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)
    with told_server(Said()) as server:
        HttpSender()(get(f"{server.url}/rest/revoketoken?token={HIDDEN}"), 5)
    assert HIDDEN not in caplog.text


def test_a_name_that_cannot_be_resolved_is_told_apart_from_a_host_that_does_not_answer() -> None:
    """As requests wraps it; no name server is asked here."""
    host = "1234567-sb1.invalid"
    reason = NameResolutionError(host, HTTPConnection(host), socket.gaierror())
    wrapped = MaxRetryError(HTTPSConnectionPool(host), "/", reason)

    assert told(requests.exceptions.ConnectionError(wrapped)).how.endswith("resolved (DNS)")
    assert "DNS" not in told(requests.exceptions.ConnectionError(wrapped.pool)).how
