"""Capture a program's output, bounded in time and size.

Of standard error only the number of lines is kept: it may hold secrets.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

_CHUNK_BYTES: Final = 1 << 16


class CaptureLimitError(Exception):
    """The program took too long or printed too much; its process group has been killed."""


@dataclass(frozen=True)
class Captured:
    """How a program ended."""

    status: int
    """As subprocess reports it: negative if a signal ended the program."""
    output: bytes = field(repr=False)
    error_lines: int


def capture(process: subprocess.Popen[bytes], timeout: float, maximum_bytes: int) -> Captured:
    """Read a program to its end.

    Args:
        process: Started with both outputs piped and `start_new_session=True`.
        timeout: Seconds from now.
        maximum_bytes: How much it may write to standard output.

    Raises:
        CaptureLimitError: The program took too long or wrote too much.
    """
    with process:
        try:
            return _read_to_end(process, time.monotonic() + timeout, timeout, maximum_bytes)
        except BaseException:
            # The leader is not reaped yet, so its group's id cannot have been given to another.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def _read_to_end(
    process: subprocess.Popen[bytes], deadline: float, timeout: float, maximum_bytes: int
) -> Captured:
    if process.stdout is None or process.stderr is None:
        raise ValueError("the process was started without pipes")
    output, errors = bytearray(), _LineCount()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, output.extend)
        selector.register(process.stderr, selectors.EVENT_READ, errors.extend)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise CaptureLimitError(f"it did not end within {timeout:g} s")
            for key, _ in ready:
                if not (chunk := os.read(key.fd, _CHUNK_BYTES)):
                    selector.unregister(key.fileobj)
                key.data(chunk)
            if len(output) > maximum_bytes:
                raise CaptureLimitError(f"it printed more than {maximum_bytes} bytes")
    return Captured(_status(process, deadline, timeout), bytes(output), errors.lines)


def _status(process: subprocess.Popen[bytes], deadline: float, timeout: float) -> int:
    try:
        return process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise CaptureLimitError(f"it did not end within {timeout:g} s") from None


class _LineCount:
    """Counts lines without keeping any of their text."""

    def __init__(self) -> None:
        self._breaks = 0
        self._open = False

    def extend(self, chunk: bytes) -> None:
        self._breaks += chunk.count(b"\n")
        if chunk:
            self._open = not chunk.endswith(b"\n")

    @property
    def lines(self) -> int:
        return self._breaks + self._open
