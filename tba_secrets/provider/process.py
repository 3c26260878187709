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
from contextlib import suppress
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
    ended = _end_of(engine)
    while not (stop.is_set() or provider.host.orphaned()):
        select.select(ended, [], [], _LOOK_SECONDS)
    server.stop(0)
    os._exit(0)


def _end_of(pid: int) -> list[int]:
    """Return what becomes readable at once when a process ends, where the system has that (Linux, pidfd_open)."""
    if hasattr(os, "pidfd_open"):
        with suppress(OSError):  # gone already, or a system that does not offer it: a look tells
            return [os.pidfd_open(pid)]
    return []
