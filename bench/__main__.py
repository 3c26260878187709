"""Run the comparison: `python -m bench --count 20 --store aws`; `make bench` does.

All contestants take turns at each operation, with the same servers and the same latency, so that a busy machine harms
them alike. What was measured is written after each round: an interrupted run keeps its figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench import report
from bench.contestants import OPERATIONS, contestants, missing_tools
from bench.world import NETSUITE_LIMIT, NETSUITE_SECONDS, STORE_SECONDS, open_world

_RESULTS: Final = Path(".bench")


def main() -> None:
    """Measure, and write what was measured."""
    asked = _asked()
    asked.out.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    for store in asked.store:
        if missing := missing_tools(store):
            _tell(f"no shell loop for {store}: {', '.join(missing)} is not on PATH")
        for count in asked.count:
            for number in range(asked.repeat):
                rows += _round(store, count, number)
                _write(asked.out, asked.command, rows)
    _tell((asked.out / "table.md").read_text())


def _round(store: str, count: int, number: int) -> list[dict[str, Any]]:
    """Let every contestant do every operation once, in a world of their own."""
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="tba-bench-") as folder,
        open_world(Path(folder), store, count) as world,
    ):
        every = contestants(Path(folder), world, loop=number == 0)
        for operation in OPERATIONS:
            # nobody is always first
            for one in random.sample(every, len(every)):
                done = one.run(operation)
                if done is None:
                    continue
                rows.append(
                    {
                        "store": store,
                        "count": count,
                        "round": number,
                        "operation": operation,
                        "who": one.name,
                        **asdict(done),
                    }
                )
                _tell(f"{store} {count} #{number} {operation}: {one.name} {done.seconds:.1f} s")
    return rows


def _write(out: Path, command: str, rows: list[dict[str, Any]]) -> None:
    about = {
        "command": command,
        "cores": os.cpu_count(),
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "store seconds": STORE_SECONDS,
        "NetSuite seconds": NETSUITE_SECONDS,
        "NetSuite limit": NETSUITE_LIMIT,
    }
    (out / "figures.json").write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
    (out / "table.md").write_text(report.table(rows))
    (out / "plot.svg").write_text(report.plot(rows))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--count", type=int, nargs="+", default=[1, 20])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--store", nargs="+", choices=("aws", "vault"), default=["aws", "vault"])
    parser.add_argument("--out", type=Path, default=_RESULTS)
    asked = parser.parse_args()
    asked.command = (
        f'make bench N="{" ".join(map(str, asked.count))}" R={asked.repeat} '
        f'STORE="{" ".join(asked.store)}"'
    )
    return asked


def _tell(words: str) -> None:
    sys.stderr.write(f"{words}\n")


if __name__ == "__main__":
    main()
