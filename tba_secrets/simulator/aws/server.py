"""Serve the fake over HTTP on loopback."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, cast

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request as HttpRequest, Response

from tba_secrets.simulator.aws.faults import AwsFaults
from tba_secrets.simulator.aws.service import ConnectionLost, SecretsManager
from tba_secrets.simulator.aws.wire import Reply, Request

ACCOUNT_ID: Final = "000000000000"
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class SecretsManagerServer(SecretsManager):
    """AWS Secrets Manager and STS, strict and in memory, for boto3 and the AWS CLI.

    Use it as a context manager, or call `start` and `stop`. Its state outlives `stop`, so a second
    `start` on the same port is a service that comes back.

    Args:
        account_id: Twelve digits.
        clock: Seconds since the epoch, for recovery windows and the age of versions.
        kms_keys: Keys besides `alias/aws/secretsmanager`, as requests name them.
        deletion_delay: Seconds for which a forced deletion lingers and the name stays taken.
        faults: The faults to use, for example with their own clock.
    """

    def __init__(
        self,
        account_id: str = ACCOUNT_ID,
        clock: Callable[[], float] = time.time,
        *,
        kms_keys: Iterable[str] = (),
        deletion_delay: float = 0.0,
        faults: AwsFaults | None = None,
    ) -> None:
        super().__init__(account_id, clock, deletion_delay, faults)
        for key in kms_keys:
            self.keys.add(key)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._connections: set[socket.socket] = set()

    def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Serve in a background thread.

        Args:
            port: The port, or 0 for any free one.
            host: The address to listen on.

        Returns:
            The endpoint URL.

        Raises:
            RuntimeError: The server is already running.
        """
        if self._server is not None:
            raise RuntimeError("The server is running: stop it before starting it again.")
        handler = type("_Handler", (_Handler,), {"connections": self._connections})
        server = make_server(host, port, self._app, threaded=True, request_handler=handler)
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return f"http://{host}:{server.port}"

    def stop(self) -> None:
        """Stop listening and drop every open connection; a no-op if it is not serving.

        Raises:
            Exception: The first exception of a hook or observer: a failure in the server's thread must
                not go unnoticed.
        """
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._connections):
            with suppress(OSError):  # the other side was faster
                connection.shutdown(socket.SHUT_RDWR)
        self._server = self._thread = None
        if self.crashes:
            first = self.crashes[0]
            self.crashes.clear()
            raise first

    def __enter__(self) -> SecretsManagerServer:
        self.start()
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        try:
            self.stop()
        except Exception:
            if error is None:
                raise

    @property
    def url(self) -> str:
        """The endpoint URL.

        Raises:
            RuntimeError: The server is not running.
        """
        if self._server is None:
            raise RuntimeError("The server is not running: call start() first.")
        return f"http://{self._server.host}:{self._server.port}"

    def _app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        http = HttpRequest(environ)
        headers = {name.lower(): value for name, value in http.headers.items()}
        try:
            reply = self.handle(Request(headers, http.get_data()))
        except ConnectionLost:
            _reset(cast(socket.socket, environ["werkzeug.socket"]))
            raise ConnectionResetError("a fault of the simulator") from None
        return _response(reply)(environ, start_response)


class _Handler(WSGIRequestHandler):
    """HTTP/1.1, one request per connection (werkzeug's choice), without logging."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    connections: set[socket.socket]

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        self.connections.discard(self.connection)
        super().finish()

    def connection_dropped(self, *_: object) -> None:
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: a request line is useless here, and a traceback could hold a value."""


def _response(reply: Reply) -> Response:
    sent = reply.body[: len(reply.body) // 2] if reply.truncated else reply.body
    response = Response(sent, status=reply.status, content_type=reply.content_type)
    response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
    if reply.truncated:
        response.headers["Content-Length"] = str(len(reply.body))
    return response


def _reset(connection: socket.socket) -> None:
    """Send RST: close with linger 0, and put /dev/null in the descriptor's place.

    The handler's files share the descriptor and close it later. Closing it here would free its number
    for another thread's socket.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    null = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(null, connection.fileno())
    finally:
        os.close(null)
