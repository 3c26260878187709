"""A program that uses a credential of the demo all the while: one signed call after another, until stdin ends.

`python -m tba_secrets.demo.reader STACK RECORD` runs in the demo's project and prints how many calls it made and how
many NetSuite accepted, as one JSON line. It reads the secret anew for each call, so it gets what is current by then.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Final

from requests import RequestException

from tba_secrets import client
from tba_secrets.errors import TbaError

_PAUSE_SECONDS: Final = 0.2


def main() -> None:
    """Call until stdin ends."""
    stack, record = sys.argv[1:]
    ended = threading.Event()
    threading.Thread(target=_await_end, args=(ended,), daemon=True).start()
    calls = accepted = 0
    while not ended.is_set():
        calls += 1
        accepted += _accepted(stack, record)
        time.sleep(_PAUSE_SECONDS)
    sys.stdout.write(json.dumps({"calls": calls, "accepted": accepted}) + "\n")


def _await_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _accepted(stack: str, record: str) -> bool:
    try:
        with client.environment_session(Path(), stack, record) as netsuite:
            url = netsuite.base_url() + "/services/rest/system/v1/serverTime"
            return netsuite.get(url, timeout=10).ok
    except (TbaError, RequestException):
        return False


if __name__ == "__main__":
    main()
