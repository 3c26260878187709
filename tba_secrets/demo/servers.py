"""The demo's servers in one process of their own, so that they can outlive the demo.

`python -m tba_secrets.demo.servers STORE` reads the simulator's configuration from stdin (it holds credentials, which
have no business in a file or an argument), prints the addresses as one JSON line, and serves until SIGTERM or SIGINT.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from tba_secrets.demo.stores import VAULT_DEV_TOKEN
from tba_secrets.errors import TbaError
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import SecretsManagerServer

_START_SECONDS: Final = 30.0


@contextmanager
def aws() -> Iterator[str]:
    """Serve a strict Secrets Manager; give its address."""
    with SecretsManagerServer() as server:
        yield server.url


@contextmanager
def vault() -> Iterator[str]:
    """`vault server -dev` on a free loopback port; gives its address, and ends it.

    Raises:
        TbaError: There is no Vault, or it does not answer.
    """
    program = shutil.which("vault")
    if program is None:
        raise TbaError("Vault was not found", "run `make vault`, or install Vault")
    listen = f"127.0.0.1:{_free_port()}"
    process = subprocess.Popen(  # noqa: S603
        [
            program,
            "server",
            "-dev",
            "-dev-no-store-token",
            f"-dev-root-token-id={VAULT_DEV_TOKEN}",
            f"-dev-listen-address={listen}",
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        _await_health(f"http://{listen}", process)
        yield f"http://{listen}"
    finally:
        process.terminate()
        process.wait()


SERVERS: Final[Mapping[str, Callable[[], AbstractContextManager[str]]]] = {
    "aws": aws,
    "vault": vault,
}


def main() -> None:
    """Serve until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    kind = sys.argv[1]
    config = SimulatorConfig.from_dict(json.load(sys.stdin))
    with Simulator(config) as netsuite, SERVERS[kind]() as address:
        sys.stdout.write(json.dumps({"netsuite": netsuite.url, kind: address}) + "\n")
        sys.stdout.flush()
        stop.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_health(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urlopen(f"{address}/v1/sys/health", timeout=1).close()  # noqa: S310 - our own http address
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise TbaError("Vault did not start", "look into .demo/servers.log")


if __name__ == "__main__":
    main()
