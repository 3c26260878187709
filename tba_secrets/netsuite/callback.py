"""The loopback listener that the consent page sends the browser back to: one answer, then it is gone.

It listens on 127.0.0.1, and on ::1 with the same port where that is there, since `localhost` may be either (RFC 8252
section 8.3) and Oracle's Callback URL takes `http://localhost:*`. Its path cannot be guessed. A request that is not the
answer gets a page and changes nothing. It logs nothing: request lines hold the verifier.
"""

from __future__ import annotations

import hmac
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from secrets import token_hex
from threading import Lock, Thread
from typing import Any, Final, Self

from tba_secrets.netsuite.consent import Answered, Consent, PendingConsent, judge
from tba_secrets.netsuite.flow_errors import FlowError

_POLL_SECONDS: Final = 0.05
_SLOWEST_REQUEST_SECONDS: Final = 10.0
_MOST_PORTS: Final = 5
_HEADERS: Final = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Connection", "close"),
)
"""The address holds the verifier: it is not kept, not passed on, and the page loads nothing."""


@dataclass(frozen=True)
class Page:
    """What the browser shows: plain, readable by a screen reader, without any value in it."""

    status: int
    title: str
    text: str

    @property
    def html(self) -> str:
        """The whole document; title and text are our own words and need no escaping."""
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{self.title}</title>\n</head>\n<body>\n<main>\n<h1>{self.title}</h1>\n"
            f"<p>{self.text}</p>\n</main>\n</body>\n</html>\n"
        )


_CLOSE: Final = "You can close this page and go back to the terminal."

PAGES: Final = {
    Answered.ALLOWED: Page(
        200, "Done: access was allowed", f"The token is now fetched in the terminal. {_CLOSE}"
    ),
    Answered.DENIED: Page(
        200, "Access was not allowed", f"No token was issued, and nothing was changed. {_CLOSE}"
    ),
    Answered.MISMATCH: Page(
        200,
        "Another account, role or user than declared",
        f"No token was issued, and nothing was changed. The terminal says what differs. {_CLOSE}",
    ),
    Answered.STRAY: Page(
        400,
        "Not the answer that is waited for",
        "This address does not belong to the consent page that was opened last. Nothing was changed. Use the page "
        "that the terminal named.",
    ),
}
ALREADY_ANSWERED: Final = Page(
    410,
    "Already answered",
    f"An answer was taken before. Nothing was changed by this one. {_CLOSE}",
)
NOT_HERE: Final = Page(404, "Nothing is here", "Use the page that the terminal named.")


class CallbackListener:
    """Serves the callback while the block lasts, and keeps the first answer.

    Raises:
        FlowError: No loopback port could be opened.
    """

    def __init__(self) -> None:
        self._path = f"/tba/{token_hex(16)}"
        self._pending: PendingConsent | None = None
        self._lock = Lock()
        self._answered = False
        self._box: SimpleQueue[Consent] = SimpleQueue()
        self._servers: list[ThreadingHTTPServer] = []

    @property
    def url(self) -> str:
        """The callback, for example `http://localhost:40123/tba/<32 hex digits>`. Whoever knows it may call it."""
        return f"http://localhost:{self._servers[0].server_address[1]}{self._path}"

    def expect(self, pending: PendingConsent) -> None:
        """Take the answer to `pending` from now on; before, every request is a stray one."""
        self._pending = pending

    def poll(self) -> Consent | None:
        """Return the answer; None if none came within a twentieth of a second."""
        try:
            return self._box.get(timeout=_POLL_SECONDS)
        except Empty:
            return None

    def answer(self, path: str, send: Callable[[Page], None]) -> None:
        """Judge one GET, show its page, and only then hand the answer on: afterwards the listener may close."""
        where, _, query = path.partition("?")
        if not hmac.compare_digest(where.encode(errors="replace"), self._path.encode()):
            return send(NOT_HERE)
        consent = self._first(query)
        if consent is None:
            return send(ALREADY_ANSWERED)
        with suppress(OSError):  # a browser that went away has answered all the same
            send(PAGES[consent.answered])
        if consent.answered is not Answered.STRAY:
            self._box.put(consent)
        return None

    def _first(self, query: str) -> Consent | None:
        """Judge a request; return None if the answer was there before."""
        with self._lock:
            if self._answered:
                return None
            pending = self._pending
            consent = judge(query, pending) if pending is not None else Consent(Answered.STRAY)
            self._answered = consent.answered is not Answered.STRAY
            return consent

    def __enter__(self) -> Self:
        """Open the ports and serve in background threads."""
        self._servers = _loopback_servers(_handler(self))
        for server in self._servers:
            Thread(
                target=server.serve_forever, args=(_POLL_SECONDS,), name="tba-callback", daemon=True
            ).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without what the base class adds: sharing the port, and a look-up of the host's name."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the base class prints a traceback."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def _loopback_servers(handler: type[BaseHTTPRequestHandler]) -> list[ThreadingHTTPServer]:
    """Listen on one port of both loopback addresses; of 127.0.0.1 alone if this machine has no ::1."""
    try:
        for _ in range(_MOST_PORTS):
            first = _Server(("127.0.0.1", 0), handler)
            if not _has_ipv6():
                return [first]
            try:
                return [first, _Server6(("::1", first.server_port), handler)]
            except OSError:  # another program's, which would get the browser's answer
                first.server_close()
    except OSError:
        pass
    raise FlowError(
        "the callback listener found no free port on 127.0.0.1 and ::1",
        "let this process listen on loopback (a sandbox or firewall may forbid it), then start the flow again",
    )


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return False
    return True


def _handler(listener: CallbackListener) -> type[BaseHTTPRequestHandler]:
    class CallbackHandler(BaseHTTPRequestHandler):
        timeout = _SLOWEST_REQUEST_SECONDS
        server_version = "tba"
        sys_version = ""

        def do_GET(self) -> None:
            listener.answer(self.path, self._send)

        def send_error(
            self, code: int, message: str | None = None, explain: str | None = None
        ) -> None:
            """Answer with our own page: the base class's quotes the request."""
            self._send(Page(code, NOT_HERE.title, NOT_HERE.text))

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: a request line holds the verifier."""

        def _send(self, page: Page) -> None:
            body = page.html.encode()
            self.send_response(page.status)
            for name, value in _HEADERS:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return CallbackHandler
