"""The process that the engine starts: it prints its port, serves, and exits with its engine.

The port is the only thing ever printed on stdout. The process ends at once on SIGINT and SIGTERM, and when the process
that started it is gone, so that it writes nothing that nobody would hear of.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from typing import Final

from tba_secrets.provider.server import Provider, serve

_LOOK_SECONDS: Final = 0.2


def main() -> None:
    """Run the console script `pulumi-resource-tba ENGINE_ADDRESS`."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    provider = Provider(sys.argv[1] if len(sys.argv) > 1 else None)
    engine = provider.host.started_by = os.getppid()
    server, port = serve(provider)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    wait = _EngineWatch(engine)
    while not (stop.is_set() or provider.host.orphaned()):
        wait()
    server.stop(0)
    os._exit(0)


class _EngineWatch:
    """Waits a moment, and no longer than the engine lives where the system can tell at once (Linux, pidfd_open)."""

    def __init__(self, pid: int) -> None:
        self._engine: list[int] = []
        if hasattr(os, "pidfd_open"):
            try:
                self._engine = [os.pidfd_open(pid)]
            except OSError:  # gone already, or a system that does not offer it: the next look tells
                self._engine = []

    def __call__(self) -> None:
        select.select(self._engine, [], [], _LOOK_SECONDS)
