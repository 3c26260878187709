"""The wire between the provider and what it calls: one call of a run is harmed, whichever it goes to."""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Final

from tests.stores.vault_proxy import ProxyServer, handler_of

HELD_SECONDS: Final = 2.0
"""How long a call hangs; what calls has given up long before."""
_HTML: Final = b"<html><body>Sign in to the network</body></html>"
_BUSY: Final = {
    "aws": (400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'),
    "vault": (429, b'{"errors": ["request rate limit exceeded"]}'),
    "netsuite": (
        429,
        b'{"status": 429, "o:errorDetails": [{"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED"}]}',
    ),
}
FAULTS: Final = (
    "reset before it arrives",
    "no answer, and it never arrives",
    "the answer is lost",
    "reset in the middle of the answer",
    "500",
    "502",
    "503",
    "504",
    "three times busy",
    "429",
    "412",
    "garbage for an answer",
    "a web page with 200",
    "a redirect elsewhere",
    "a byte at a time",
    "killed before",
    "killed after",
)
SLOW: Final = frozenset({"no answer, and it never arrives", "a byte at a time"})
"""What is noticed by a deadline alone, which is short for these."""


@dataclass
class Wire:
    """Counts the calls of a run, and does something to the one that is `at`."""

    fault: str = ""
    at: int = 0
    calls: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    """What followed a redirect."""
    dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def harm(self, fault: str = "", at: int = 0) -> None:
        """Begin a run."""
        self.fault, self.at, self.calls, self.dead = fault, at, [], False

    def due(self, call: str) -> str:
        """Note a call; what is to be done to it."""
        with self._lock:
            if self.dead:
                return "killed before"
            self.calls.append(call)
            number = len(self.calls)
            several = self.fault == "three times busy" and self.at < number < self.at + 3
            return self.fault if number == self.at or several else ""


class Proxy:
    """Stands before one server, on a free port of loopback."""

    def __init__(self, wire: Wire, kind: str, target: str, elsewhere: str = "") -> None:
        self.wire, self.kind, self.elsewhere = wire, kind, elsewhere
        self.host = target.partition("//")[2]
        self._server = ProxyServer(("127.0.0.1", 0), handler_of(self.handle))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def handle(self, handler: BaseHTTPRequestHandler) -> None:  # noqa: C901, PLR0912 - one case for each fault
        """Pass a call on, or do to it what is due."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if not self.host:  # this is elsewhere
            self.wire.elsewhere.append(handler.path)
            return _answer(handler, 200, _HTML)
        operation = handler.headers.get("X-Amz-Target", "").rpartition(".")[2]
        path = re.sub(r"[?].*|orders-[a-z]+-[0-9]+", "", handler.path)
        fault = self.wire.due(f"{self.kind} {operation or f'{handler.command} {path}'}")
        match fault:
            case "":
                _answer(handler, *self._passed_on(handler, body))
            case "reset before it arrives":
                _reset(handler)
            case "no answer, and it never arrives":
                time.sleep(HELD_SECONDS)
                _reset(handler)
            case "the answer is lost":
                self._passed_on(handler, body)
                _reset(handler)
            case "reset in the middle of the answer":
                status, content, headers = self._passed_on(handler, body)
                _answer(handler, status, content, headers, sent=len(content) // 2)
                _reset(handler)
            case "500" | "502" | "503" | "504" | "429" | "412":
                _answer(handler, int(fault), b"{}" if fault in ("500", "412") else _HTML)
            case "three times busy":
                _answer(handler, *_BUSY[self.kind])
            case "garbage for an answer":
                self._passed_on(handler, body)
                _answer(handler, 200, b'\x00\xff{"not": json')
            case "a web page with 200":
                _answer(handler, 200, _HTML, {"Content-Type": "text/html"})
            case "a redirect elsewhere":
                _answer(handler, 307, b"", {"Location": self.elsewhere + handler.path})
            case "a byte at a time":
                _answer(handler, *self._passed_on(handler, body), pause=0.01)
            case _:
                if fault == "killed after":
                    self._passed_on(handler, body)
                self.wire.dead = True
                _reset(handler)
        return None

    def _passed_on(
        self, handler: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, bytes, Mapping[str, str]]:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        headers = {k: v for k, v in handler.headers.items() if k.lower() != "connection"}
        connection.request(handler.command, handler.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        dropped = ("connection", "content-length", "transfer-encoding")
        return (
            answer.status,
            content,
            {k: v for k, v in answer.getheaders() if k.lower() not in dropped},
        )


def _answer(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    sent: int | None = None,
    pause: float = 0.0,
) -> None:
    handler.send_response_only(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    if status != 204:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.flush()
    if status == 204 or handler.command == "HEAD":
        return
    with suppress(OSError):
        if pause:
            for byte in body:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(pause)
        else:
            handler.wfile.write(body if sent is None else body[:sent])
            handler.wfile.flush()


def _reset(handler: BaseHTTPRequestHandler) -> None:
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()
