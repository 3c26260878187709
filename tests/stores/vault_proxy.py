"""A proxy before a real Vault that does what networks, load balancers and strangers do to single calls."""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Final

import requests

_PASSED_ON: Final = ("X-Vault-Token", "X-Vault-Namespace", "X-Vault-Request", "Content-Type")


@dataclass(frozen=True)
class Seen:
    """One call that came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def matches(self, calls: str) -> bool:
        """Whether a regular expression fits `METHOD path body`, the path without `/v1/`."""
        return re.search(calls, f"{self} {self.body.decode(errors='replace')}") is not None


@dataclass
class Fault:
    """What happens to calls that match."""

    calls: str
    """A regular expression, see `Seen.matches`."""
    status: int | None = None
    """Answer with it instead of Vault; None where the connection is closed without an answer."""
    body: bytes = b'{"errors": []}'
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    carried_out: bool = False
    """Vault gets the call first, so that only the answer is lost or replaced."""
    drip: bool = False
    """Vault's own answer, a byte every tenth of a second."""
    before: Callable[[], object] | None = None
    """What somebody else does just before the call is passed on."""


class FaultyProxy:
    """Listens on a free loopback port while it is entered.

    Args:
        target: The real Vault; None where every call is answered by a fault.
    """

    def __init__(self, target: str | None = None) -> None:
        self.target = target
        self.seen: list[Seen] = []
        self._faults: list[Fault] = []
        self._writes_left: int | None = None
        self._lock = Lock()
        self._ended = Event()
        self._server = ProxyServer(("127.0.0.1", 0), handler_of(self.handle))
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Its address."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def fail(self, calls: str, status: int | None = None, **settings: Any) -> Fault:
        """Do something to the next calls that match; faults come up in the order in which they were added."""
        fault = Fault(calls, status, **settings)
        with self._lock:
            self._faults.append(fault)
        return fault

    def die_after(self, writes: int) -> None:
        """Let so many writes through, and then no call of any kind: as the store sees a kill of its own process."""
        self._writes_left = writes

    def count(self, calls: str) -> int:
        """How many calls that match came in."""
        return sum(seen.matches(calls) for seen in self.seen)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Pass one call on, or do to it what is due."""
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        path = handler.path.removeprefix("/v1/")
        seen = Seen(handler.command, path, dict(handler.headers.items()), body)
        fault = self._due(seen)
        if fault is not None and fault.before is not None:
            fault.before()
        if fault is None or (fault.before is not None and fault.status is None):
            _answer(handler, *self._passed_on(seen))
        elif fault.drip:
            self._drip(handler, *self._passed_on(seen))
        else:
            if fault.carried_out:
                self._passed_on(seen)
            if fault.status is None:
                _cut(handler)
            else:
                _answer(handler, fault.status, fault.body, fault.headers)

    def _due(self, seen: Seen) -> Fault | None:
        with self._lock:
            self.seen.append(seen)
            if self._dead(seen):
                return Fault("", 501)
            for fault in self._faults:
                if fault.times > 0 and seen.matches(fault.calls):
                    fault.times -= 1
                    return fault
        return None

    def _dead(self, seen: Seen) -> bool:
        if self._writes_left is None:
            return False
        if seen.method != "GET":
            self._writes_left -= 1
        return self._writes_left < 0

    def _passed_on(self, seen: Seen) -> tuple[int, bytes, Mapping[str, str]]:
        assert self.target is not None, f"nothing to pass {seen} on to"
        headers = {name: seen.headers[name] for name in _PASSED_ON if name in seen.headers}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                seen.method,
                f"{self.target}/v1/{seen.path}",
                data=seen.body,
                headers=headers,
                timeout=30,
                allow_redirects=False,
            )
        kept = {name: answer.headers[name] for name in ("Content-Type", "Date")}
        return answer.status_code, answer.content, kept

    def _drip(
        self, handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str]
    ) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with suppress(OSError):
            for byte in body:
                if self._ended.is_set():
                    break
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(0.1)
        handler.close_connection = True


class ProxyServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


def handler_of(handle: Callable[[BaseHTTPRequestHandler], None]) -> type[BaseHTTPRequestHandler]:
    """A handler that gives every request to a function."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _handle(self) -> None:
            handle(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "LIST", "HEAD"):
        setattr(Handler, f"do_{method}", Handler._handle)
    return Handler


def _answer(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str]
) -> None:
    handler.send_response_only(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if status != 204:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if status != 204:
        handler.wfile.write(body)


def _cut(handler: BaseHTTPRequestHandler) -> None:
    """Close with a reset: as a proxy that dies."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()
