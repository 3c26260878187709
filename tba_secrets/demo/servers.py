"""The demo's servers in one process of their own, so that they can outlive the demo.

`python -m tba_secrets.demo.servers` reads the simulator's configuration from stdin (it holds credentials, which have no
business in a file or an argument), prints the addresses as one JSON line, and serves until SIGTERM or SIGINT.
"""

from __future__ import annotations

import json
import signal
import sys
import threading

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import SecretsManagerServer


def main() -> None:
    """Serve until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config = SimulatorConfig.from_dict(json.load(sys.stdin))
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        sys.stdout.write(json.dumps({"netsuite": netsuite.url, "aws": aws.url}) + "\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
