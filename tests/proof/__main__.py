"""Run the proof and print it as a table: `python -m tests.proof [--quick]`. It is red if a part is.

Each part is a command of its own, which the table names, so that one part can be run alone.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Part:
    """One row of the table."""

    what: str
    full: str
    quick: str
    settings: dict[str, str] = field(default_factory=dict)
    """Of the environment, where all is run."""

    def command(self, *, quick: bool) -> str:
        return self.quick if quick else self.full


_FUZZ: Final = "pytest -n 2 -m deep tests/proof/test_fuzz.py"
_PLANTED: Final = "pytest -n 2 tests/proof/test_planted.py"
PARTS: Final = (
    Part("mutants of the rules", "tests.proof.mutants --sample 12", "tests.proof.mutants --quick --sample 6"),
    Part("planted faults", f"{_PLANTED} tests/lifecycle/test_explorer.py -k found", _PLANTED),
    Part("faults on the wire", "tests.proof.matrix --cells 500", "tests.proof.matrix --cells 30"),
    Part("bad input", _FUZZ, _FUZZ, {"TBA_FUZZ": "100000"}),
    Part("a thousand credentials", "tests.proof.thousand", "tests.proof.thousand --count 50"),
    Part(
        "lives, explored",
        "tests.lifecycle.explorer --seconds 100 --wander 1000000 --seed 7",
        "tests.lifecycle.explorer rotation NetSuite --seconds 15",
    ),
    Part(
        "the rest of the matrices",
        'pytest -n 4 -m deep --ignore tests/proof',
        'pytest -n 4 -m deep --ignore tests/proof --sample 4',
    ),
)  # fmt: skip


def figures(output: str) -> str:
    """Return what a part says of itself: its last row, what pytest counted, or what the explorer did."""
    lines = [line for line in output.splitlines() if line]
    rows = [line for line in lines if line.startswith("| ")]
    if rows:
        return " | ".join(cell.strip() for cell in rows[-1].strip("|").split("|")[1:])
    explored = [line for line in lines if " events played, " in line]
    if explored:
        return "; ".join(explored)
    counted = re.findall(r"\d+ (?:passed|failed|errors?)", lines[-1] if lines else "")
    return ", ".join(counted) or "nothing was run"


def run(part: Part, *, quick: bool) -> tuple[bool, str]:
    """Run one part; whether it holds, and its figures."""
    words = part.command(quick=quick).split()
    environment = {**os.environ, **({} if quick else part.settings)}
    ended = subprocess.run(  # what it says is shown as it comes, but for pytest's dots
        [sys.executable, "-u", "-m", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        sys.stdout.write(ended.stdout)
    said = figures(ended.stdout)
    if part.settings:
        said = f"{int(environment.get('TBA_FUZZ', '2000')):,} inputs, {said}"
    return not ended.returncode, said


def main() -> int:
    """Run every part, or those that are named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", help="words of their names")
    parser.add_argument("--quick", action="store_true", help="a sample of each, minutes")
    chosen = parser.parse_args()
    rows, red = ["| proof | command | figures | |", "|---|---|---|---|"], 0
    for part in PARTS:
        if chosen.parts and not any(word in part.what for word in chosen.parts):
            continue
        holds, said = run(part, quick=chosen.quick)
        red += not holds
        command = f"`python -m {part.command(quick=chosen.quick)}`"
        rows.append(f"| {part.what} | {command} | {said} | {'holds' if holds else 'RED'} |")
        sys.stdout.write(rows[-1] + "\n")
        sys.stdout.flush()
    sys.stdout.write("\n" + "\n".join(rows) + "\n")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
