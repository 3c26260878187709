"""Run a command that the environment's YAML names, bounded in time and in what it prints.

No shell is involved and standard input is closed. The program runs in a session of its own, so it cannot ask on the
terminal, and everything it starts ends with it. Of standard error only the number of lines is kept: it may hold
secrets.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from tba_secrets.errors import TbaError

MAXIMUM_BYTES: Final = 1 << 20
"""How much it may write to standard output."""
_CHUNK_BYTES: Final = 1 << 16
_LOOK_SECONDS: Final = 0.2
"""How long until a cancellation is seen."""
Cancelled = Callable[[], bool]


class CommandError(TbaError):
    """The program could not be started, was ended, or has failed."""


class CaptureLimitError(CommandError):
    """The program took too long or printed too much; its process group has been killed."""


def run_command(
    argv: tuple[str, ...],
    timeout: float,
    environ: Mapping[str, str],
    cancelled: Cancelled = lambda: False,
) -> bytes:
    """Run a program to its end, and return what it has written to standard output.

    Args:
        argv: The program, found on PATH or relative to the current working directory, and its arguments.
        timeout: Seconds that it may take.
        environ: Its environment.
        cancelled: Whether the run is to end.

    Raises:
        CommandError: It could not be started, was ended, or has failed.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the argv that the environment's YAML declares, without a shell
            argv,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise _not_started(error) from None
    with process:
        try:
            status, output, error_lines = _capture(process, _moments(timeout, cancelled))
        except BaseException:
            # The leader is not reaped yet, so its group's id cannot have been given to another.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if status != 0:
        raise _failed(status, error_lines)
    return output


def _not_started(error: Exception) -> CommandError:
    if isinstance(error, FileNotFoundError):
        return CommandError(
            "the program does not exist",
            "install it, put its folder on PATH, or name its whole path",
        )
    reason = getattr(error, "strerror", None) or "its arguments are not valid"
    return CommandError(f"it cannot be started ({reason})", "make it executable")


def _failed(status: int, error_lines: int) -> CommandError:
    lines = "1 line" if error_lines == 1 else f"{error_lines} lines"
    return CommandError(
        f"it {_ending(status)} and wrote {lines} to standard error, not shown here because it may hold secrets",
        "run it by hand in the folder that holds Pulumi.yaml to see what it says",
    )


def _ending(status: int) -> str:
    """Describe how a program ended; subprocess reports a signal as a negative status."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _capture(process: subprocess.Popen[bytes], moments: Iterator[float]) -> tuple[int, bytes, int]:
    """Read until both outputs are closed and the program has ended.

    Args:
        process: Started with both outputs piped, in a session of its own: what ends it ends all that it started.
        moments: How long to wait each time before looking again; it raises when the program has to end.

    Returns:
        Its status, as subprocess has it; its standard output; how many lines it wrote to standard error.
    """
    output, breaks, last = bytearray(), 0, b"\n"
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            if stream is None:
                raise ValueError("the process was started without pipes")
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(next(moments)):
                chunk = os.read(key.fd, _CHUNK_BYTES)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    output += chunk
                else:
                    breaks, last = breaks + chunk.count(b"\n"), chunk[-1:]
            if len(output) > MAXIMUM_BYTES:
                raise _ended(f"it printed more than {MAXIMUM_BYTES} bytes")
    return _status(process, moments), bytes(output), breaks + (last != b"\n")


def _status(process: subprocess.Popen[bytes], moments: Iterator[float]) -> int:
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(next(moments))


def _moments(timeout: float, cancelled: Cancelled) -> Iterator[float]:
    """Yield how long to wait before looking again.

    Raises:
        CaptureLimitError: The time is over, or the run was cancelled.
    """
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        if cancelled():
            raise _ended("the run was cancelled")
        yield min(left, _LOOK_SECONDS)
    raise _ended(f"it did not end within {timeout:g} s")


def _ended(why: str) -> CaptureLimitError:
    return CaptureLimitError(
        f"{why}; it was ended, with everything it had started",
        "run it by hand; it must not ask for input",
    )
