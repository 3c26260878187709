"""Run the simulator, in a test's process or as a command."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Self

from werkzeug.serving import BaseWSGIServer, make_server

from tba_secrets.simulator.app import create_app
from tba_secrets.simulator.clock import SimulatorClock
from tba_secrets.simulator.config import SimulatorConfig
from tba_secrets.simulator.connection import KeepAliveHandler, OpenConnections
from tba_secrets.simulator.middleware import Middleware
from tba_secrets.simulator.state import State

LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.01


class Simulator:
    """A NetSuite on a loopback port.

    Args:
        config: The accounts; copied, so that changes of the state do not reach it.
        clock: Returns epoch seconds.
    """

    def __init__(self, config: SimulatorConfig, clock: Callable[[], float] = time.time) -> None:
        self.state = State(config, SimulatorClock(clock))
        self._connections = OpenConnections()
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """The address being served; RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the simulator is not started: call start() first")
        return f"http://{LOOPBACK}:{self._server.port}"

    def start(self, port: int = 0) -> str:
        """Serve in background threads.

        Args:
            port: The port, or 0 for any free one.

        Returns:
            The base URL, for example ``http://127.0.0.1:40123``.
        """
        handler = type("Handler", (KeepAliveHandler,), {"connections": self._connections})
        app = Middleware(create_app(self.state), self.state)
        self._server = make_server(LOOPBACK, port, app, threaded=True, request_handler=handler)
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """Stop serving and end open connections.

        Stopping twice is harmless. The state stays readable.
        """
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._connections.close_all()
        self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        """Start on a free port unless already started."""
        if self._server is None:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


def serve(config_path: Path, port: int, now: int | None) -> None:
    """Serve until SIGINT or SIGTERM; the first line of stdout is the URL.

    Args:
        config_path: The YAML or JSON file with the accounts.
        port: The port, or 0 for any free one.
        now: Epoch seconds at which the clock starts; None for the computer's time.

    Raises:
        SimulatorConfigError: The file cannot be used.
    """
    simulator = Simulator(SimulatorConfig.load(config_path), clock_from(now))
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    sys.stdout.write(f"{simulator.start(port)}\n")
    sys.stdout.flush()
    stopped.wait()
    simulator.stop()


def clock_from(now: int | None) -> Callable[[], float]:
    """Return the computer's clock, or one that starts at `now` and runs from there."""
    if now is None:
        return time.time
    started = time.monotonic()
    return lambda: now + (time.monotonic() - started)
