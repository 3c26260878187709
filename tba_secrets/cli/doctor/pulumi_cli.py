"""Run the Pulumi CLI for the doctor: only commands that read, each with a time limit."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tba_secrets.engine import without_password

HANG_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    status: int | None
    """None if it took too long and was ended."""
    out: str
    complaint: str
    """The first line of its error message."""

    def json(self) -> dict[str, Any]:
        """Parse its output as a JSON object; empty if it is not one."""
        try:
            value = json.loads(self.out)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def ask(
    program: str | Path,
    *arguments: str,
    folder: Path | None = None,
    keep_output: bool = True,
    seconds: float = HANG_SECONDS,
) -> Said:
    """Run a program that only reads.

    Args:
        program: Its path.
        arguments: Its arguments.
        folder: Where to run it.
        keep_output: False if the output could hold a secret: it then never enters this process.
        seconds: The time limit.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a program that the caller has found, without a shell
            [program, *arguments],
            cwd=folder,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if keep_output else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return Said(None, "", f"no answer within {seconds:.0f} s")
    except OSError as error:
        return Said(None, "", f"it cannot be run ({error.strerror})")
    return Said(done.returncode, done.stdout or "", _complaint(done.stderr))


def _complaint(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    first = (errors or lines or ["it says nothing"])[0]
    return without_password(first.removeprefix("error:").strip())
