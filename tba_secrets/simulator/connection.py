"""HTTP/1.1 connections that stay open, and that faults can break.

Werkzeug's development server closes every connection because it does not drain request bodies. Here
the whole body is read before the application runs, so the next request starts in the right place.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

IDLE_SECONDS = 60
_NO_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


class BreakConnection(Exception):  # noqa: N818
    """Raised by the application to send these bytes, if any, and then break the connection."""

    def __init__(self, sent: bytes = b"", *, reset: bool = True) -> None:
        self.sent = sent
        self.reset = reset
        super().__init__("the connection is broken on demand")


class OpenConnections:
    """The sockets being served, so that a stopping server also ends idle connections."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sockets: set[socket.socket] = set()

    def add(self, connection: socket.socket) -> None:
        """Remember a connection."""
        with self._lock:
            self._sockets.add(connection)

    def discard(self, connection: socket.socket) -> None:
        """Forget a connection that ended."""
        with self._lock:
            self._sockets.discard(connection)

    def close_all(self) -> None:
        """Break every open connection."""
        with self._lock:
            for connection in self._sockets:
                _shut_down(connection)


class KeepAliveHandler(WSGIRequestHandler):
    """One connection of the simulator; the server sets `connections` on a subclass."""

    connections: OpenConnections
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Register the connection."""
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        """Unregister the connection."""
        self.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request and keep the connection."""
        environ = self.make_environ()
        try:
            environ["wsgi.input"] = BytesIO(self._body(environ))
        except ValueError:
            self.close_connection = True
            self._send("400 Bad Request", [], b"")
            return
        self.environ = environ
        try:
            body, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
            self._send(status, list(headers), b"".join(body))
        except BreakConnection as broken:
            self._break_off(broken)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: a query string may name a token. The Login Audit Trail has every attempt."""

    def _body(self, environ: WSGIEnvironment) -> bytes:
        if environ.get("wsgi.input_terminated"):
            body: bytes = environ["wsgi.input"].read()
            environ["CONTENT_LENGTH"] = str(len(body))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            return body
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            raise ValueError("Content-Length is not a number")
        return self.rfile.read(int(length))

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.wfile.write(http_message(status, headers, body, head=self.command == "HEAD"))

    def _break_off(self, broken: BreakConnection) -> None:
        self.close_connection = True
        self.wfile.write(broken.sent)
        if broken.reset:
            # Closing with a linger time of zero makes the kernel send RST.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            _shut_down(self.connection)


def http_message(
    status: str, headers: list[tuple[str, str]], body: bytes, *, head: bool = False
) -> bytes:
    """Build a whole HTTP/1.1 response.

    Content-Length is the application's or else that of `body`.
    """
    code = int(status[:3])
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    has_length = any(name.lower() == "content-length" for name, _ in headers)
    if code not in _NO_BODY and not has_length:
        lines.append(f"Content-Length: {len(body)}")
    text = "\r\n".join(lines) + "\r\n\r\n"
    return text.encode("latin-1") + (b"" if head or code in _NO_BODY else body)


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
