"""Run programs for the doctor: only what reads, each with a time limit."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2

from tba_secrets.cli.doctor.finding import DoctorFinding, ok
from tba_secrets.engine import without_password
from tba_secrets.provider.protocol import provider_pb2_grpc

_HANG_SECONDS: Final = 60.0
_START_SECONDS: Final = 30.0


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
    program: str | Path, *arguments: str, folder: Path | None = None, keep_output: bool = True
) -> Said:
    """Run a program that only reads.

    Without `keep_output` what it prints, which could hold a secret, never enters this process.
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
            timeout=_HANG_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Said(None, "", f"no answer within {_HANG_SECONDS:.0f} s")
    except OSError as error:
        return Said(None, "", f"it cannot be run ({error.strerror})")
    return Said(done.returncode, done.stdout or "", _complaint(done.stderr))


def _complaint(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    first = (errors or lines or ["it says nothing"])[0]
    return without_password(first.removeprefix("error:").strip())


def plugin_version(path: str) -> str | None:
    """Start a provider plugin as the engine does; return its answer to GetPluginInfo, or None without one."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the project's own plugin
            [path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
    with process:
        try:
            return _version_at(_port(process))
        except (ValueError, grpc.RpcError):
            return None
        finally:
            process.kill()


def _port(process: subprocess.Popen[bytes]) -> int:
    """Read the port, which it prints as its first line; ValueError if it printed none."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    return int(process.stdout.readline() if ready else b"")


def _version_at(port: int) -> str:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        return str(stub.GetPluginInfo(empty_pb2.Empty(), timeout=_START_SECONDS).version)


def found_program(
    place: str, name: str, absent: Callable[[str, str], DoctorFinding], remedy: str
) -> DoctorFinding:
    """Look for a program on PATH, without running it; `absent` is `warning` or `wrong`: how bad it is without it."""
    if (path := shutil.which(name)) is None:
        return absent(f"{place}: the program does not exist", remedy)
    return ok(f"{place}: found at {path}; it was not run")
