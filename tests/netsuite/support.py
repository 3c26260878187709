"""What the NetSuite tests share: credentials, senders, and a server that says what it is told."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import requests

from tba_secrets.netsuite.answers import Answer
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.transport import HttpSender, LostError
from tba_secrets.sensitive import Sensitive
from tests.simulator.accounts import ACCOUNT, BOT, ROLE, Keys

EXPECTED = Expected(ACCOUNT, ROLE, None, BOT, None)
RECORD = "token warehouse-sync/bot"


def credential(keys: Keys | None = None, account: str = ACCOUNT) -> TbaCredential:
    """The credential of a simulated account, or one of nowhere."""
    values = keys if keys is not None else Keys()
    return TbaCredential(
        account,
        Sensitive(values.consumer_key),
        Sensitive(values.consumer_secret),
        Sensitive(values.token_id),
        Sensitive(values.token_secret),
    )


def wrong(keys: Keys) -> Keys:
    """The same with another token secret."""
    return Keys(keys.consumer_key, keys.consumer_secret, keys.token_id, secrets.token_hex(32))


def answer(
    status: int = 200, body: str = "", kind: str = "application/json", **headers: str
) -> Answer:
    """An answer that nobody sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": kind, **named}, body, 0.0, None)


class KeepingSender:
    """The real sender, and the requests that went through it; signed ones have an Authorization header."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._sender = HttpSender(clock)
        self.sent: list[requests.PreparedRequest] = []

    def __call__(self, request: requests.PreparedRequest, seconds: float) -> Answer:
        self.sent.append(request)
        return self._sender(request, seconds)

    @property
    def signed(self) -> list[requests.PreparedRequest]:
        return [request for request in self.sent if request.method != "HEAD"]

    def header_values(self, name: str) -> list[str]:
        """One parameter of each signed request's Authorization header."""
        headers = [str(request.headers["Authorization"]) for request in self.signed]
        return [header.split(f'{name}="')[1].split('"')[0] for header in headers]


class ScriptedSender:
    """Answers, or losses, in the order given; the last one for ever."""

    def __init__(self, *script: Answer | LostError) -> None:
        self._script = list(script)
        self.sent: list[requests.PreparedRequest] = []

    def __call__(self, request: requests.PreparedRequest, seconds: float) -> Answer:
        if request.method == "HEAD":
            return answer()
        self.sent.append(request)
        said = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(said, LostError):
            raise said
        return said


@dataclass
class Said:
    """One answer of the scripted server, and how slowly it comes."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    length: int | None = None
    """A Content-Length that is not the body's."""


@dataclass
class ToldServer:
    """A server on loopback that answers every request with `said`."""

    url: str
    said: Said
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of what arrived."""


@contextmanager
def told_server(said: Said) -> Iterator[ToldServer]:
    """Serve until the block ends."""
    told = ToldServer("", said)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.requests.append((self.command, self.path, dict(self.headers.items())))
            self.send_response(told.said.status)
            for name, value in told.said.headers:
                self.send_header(name, value)
            length = told.said.length if told.said.length is not None else len(told.said.body)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(told.said.body)

        do_POST = do_OPTIONS = do_HEAD = do_GET  # noqa: N815 - the names that the library looks for

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
