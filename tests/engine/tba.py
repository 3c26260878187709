"""The console script `tba`, run as a person runs it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tests.engine.project import HANG_GUARD_SECONDS, Project, Run


class AnyWorld(Protocol):
    """One with a project: its store may be any."""

    project: Project


class Person(Protocol):
    """Whoever goes to the page that is shown."""

    def open(self, url: str) -> None: ...


SCRIPT = Path(".venv/bin/tba")


def start(
    world: AnyWorld,
    *arguments: str,
    folder: Path | None = None,
    under: Sequence[str] = (),
    cold: bool = False,
) -> subprocess.Popen[str]:
    """Start it in a process group of its own; in the project's folder where no other is named.

    Args:
        world: Its project.
        arguments: What is typed after `tba`.
        folder: Where it runs.
        under: What stands before it on the command line.
        cold: See `Project.link_venv`.
    """
    world.project.link_venv(cold=cold)
    return subprocess.Popen(
        [*under, world.project.folder / SCRIPT, *arguments],
        cwd=folder or world.project.folder,
        env={**world.project.environment, "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def tba(
    world: AnyWorld,
    *arguments: str,
    browser: Person | None = None,
    folder: Path | None = None,
) -> Run:
    """Run it to its end; where it shows a page, the browser goes there."""
    with start(world, *arguments, folder=folder) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if browser is not None and line.startswith("  open http"):
                browser.open(line.removeprefix("  open ").strip())
        return Run(process.wait(HANG_GUARD_SECONDS), "".join(lines))


def assert_nothing_to_do(world: AnyWorld) -> Run:
    """A plain `pulumi up` and the preview with which it begins have nothing to do, whatever the source says."""
    run = world.project.pulumi("up", "--yes", "--expect-no-changes")
    assert run.status == 0, run.output
    assert re.findall(r"\d+ unchanged", run.output), run.output
    assert not re.findall(r"\d+ to [a-z]+", run.output), run.output
    return run
