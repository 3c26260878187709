"""The calls alone, from a pool of threads under the same limits: no engine, no state, no look at what is there.

`python -m bench.floor create|update|look|delete FILE`: for each credential of the file, as `by_hand` makes them.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from bench.by_hand import calls

NETSUITE = BoundedSemaphore(int(os.environ["NETSUITE_LIMIT"]))
THREADS = 32


def _value(one: dict[str, str]) -> str:
    consumer, token = one["consumer"], one["token"]
    return json.dumps(
        {
            "account": one["account"],
            "consumer_key": os.environ[f"{consumer}_KEY"],
            "consumer_secret": os.environ[f"{consumer}_SECRET"],
            "token_id": os.environ[f"{token}_ID"],
            "token_secret": os.environ[f"{token}_SECRET"],
        }
    )


def _write(one: dict[str, str], *, new: bool) -> None:
    value = _value(one)
    with NETSUITE:
        calls.check(one["account"], value)
    calls.write(one["secret"], value, new=new)


def _look(one: dict[str, str]) -> None:
    if "VAULT_ADDR" in os.environ:
        calls.vault().read_secret_metadata(one["secret"], mount_point=os.environ["VAULT_MOUNT"])
    else:
        calls.secrets_manager().describe_secret(SecretId=one["secret"])


_WORK: dict[str, Any] = {
    "create": lambda one: _write(one, new=True),
    "update": lambda one: _write(one, new=False),
    "look": _look,
    "delete": lambda one: calls.remove(one["secret"]),
}


def main() -> None:
    """Do one kind of work on every credential."""
    kind, file = sys.argv[1:]
    every = json.loads(Path(file).read_text())
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_WORK[kind], every))


if __name__ == "__main__":
    main()
