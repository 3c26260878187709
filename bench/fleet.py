"""Many environments on one machine: `python -m bench.fleet --environments 5 10 20 40 --tokens 20`.

Each environment has a NetSuite account of its own; all share one AWS account, its quota and the latency of the other
benchmark (bench/README.md). A row says what one command took; what it takes an environment is to be the same in every
row, and so is what it holds in memory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.contestants import environment_yaml
from bench.measure import Measured, measured
from bench.world import World, open_world
from tests.engine.project import Project, new_project

OFFLINE: Final = (("check",), ("environments", "--json"))
ENGINE: Final = (("up", "--all"), ("up", "--all"), ("status",))
"""The first `up`, then one that has nothing to do."""
HEAD: Final = (
    "| environments x tokens | command | wall, s | an environment, s | CPU, s | an environment, s | memory, MB |\n"
    "|---|---|---|---|---|---|---|\n"
)


def main() -> None:
    """Measure, and print a row as soon as it is there."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument("--environments", type=int, nargs="+", default=[5, 10, 20, 40])
    parser.add_argument("--tokens", type=int, default=20, help="of each environment")
    parser.add_argument("--parallel", type=int, default=2, help="of `tba up`")
    parser.add_argument("--offline", action="store_true", help="only what needs no engine")
    asked = parser.parse_args()
    sys.stdout.write(HEAD)
    for count in asked.environments:
        accounts = [str(1_000_000 + number) for number in range(count)]
        with (
            tempfile.TemporaryDirectory(prefix="tba-fleet-") as folder,
            open_world(Path(folder), "aws", asked.tokens, accounts) as world,
        ):
            project = _project(Path(folder) / "project", world, accounts)
            commands = OFFLINE if asked.offline else (*OFFLINE, *ENGINE)
            if not asked.offline:
                _init(project, accounts)
            for words in commands:
                more = ("--parallel", str(asked.parallel)) if words[0] == "up" else ()
                done = _measured(project, (*words, *more), count)
                _tell(f"{count} x {asked.tokens}", " ".join((*words, *more)), done, count)


def _project(folder: Path, world: World, accounts: Sequence[str]) -> Project:
    project = new_project(folder, world.environment())
    project.cold = True
    for account in accounts:
        project.write(environment_yaml(world, account, f"{account}/"), f"env-{account}")
    return project


def _init(project: Project, accounts: Sequence[str]) -> None:
    for account in accounts:
        project.stack = f"env-{account}"
        project.init()


def _measured(project: Project, words: tuple[str, ...], count: int) -> Measured:
    tba = str(project.folder / ".venv" / "bin" / "tba")
    return measured(
        (tba, *words), project.folder, project.environment, most_seconds=60 + 60 * count
    )


def _tell(size: str, words: str, done: Measured, count: int) -> None:
    wall, cpu = done.seconds, done.cpu_seconds
    sys.stdout.write(
        f"| {size} | `tba {words}` | {wall:.1f} | {wall / count:.2f} | {cpu:.1f} | {cpu / count:.2f} "
        f"| {done.peak_bytes / 1e6:.0f} |\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
