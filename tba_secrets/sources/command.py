"""Source `command`: strings of the JSON object that a program prints (sops, op, a script).

A program that ends with status 0 and prints nothing says that it has no value. No shell is involved
and standard input is closed. The program runs in a session of its own, so it cannot ask on the
terminal, and everything it starts ends with it. It inherits this process's environment, and nothing
is added. Its standard error may hold secrets, so only the number of lines is shown.
"""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Final

from tba_secrets.errors import SourceError
from tba_secrets.sources.capture import Captured, CaptureLimitError, capture
from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.json_object import strings
from tba_secrets.sources.values import PairMaker

MAXIMUM_BYTES: Final = 1 << 20


class CommandSource(Source):
    """Runs one program.

    Args:
        make: Makes a pair of what is found.
        argv: The program, found on PATH or relative to the current working directory, and its arguments.
        timeout: Seconds that it may take.
        keys: The JSON key of each value.
    """

    def __init__(
        self, make: PairMaker, argv: tuple[str, ...], timeout: float, keys: tuple[str, ...]
    ) -> None:
        self._make = make
        self._argv = argv
        self._timeout = timeout
        self._keys = keys

    def read(self) -> Pair | None:
        captured = self._run()
        if captured.status != 0:
            raise SourceError(
                f"{self.place}: it {_ending(captured.status)} and wrote {_lines(captured)} to "
                "standard error, not shown here because it may hold secrets",
                "run it by hand in the folder that holds Pulumi.yaml to see what it says",
            )
        if not captured.output.strip():
            return None
        texts = strings(captured.output, self._keys, f"{self.place}, output")
        places = tuple(f"{self.place}, key `{key}`" for key in self._keys)
        return self._make(places, texts)

    @property
    def place(self) -> str:
        return f"command {self._argv[0]}"

    def _run(self) -> Captured:
        try:
            process = subprocess.Popen(  # noqa: S603 - the argv that the environment's YAML declares, without a shell
                self._argv,
                env=dict(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise self._not_started(error) from None
        try:
            return capture(process, self._timeout, MAXIMUM_BYTES)
        except CaptureLimitError as error:
            raise SourceError(
                f"{self.place}: {error}; it was ended, with everything it had started",
                "run it by hand; it must not ask for input, and must print one JSON object",
            ) from None

    def _not_started(self, error: Exception) -> SourceError:
        if isinstance(error, FileNotFoundError):
            return SourceError(
                f"{self.place}: the program does not exist",
                "install it, put its folder on PATH, or name its whole path",
            )
        reason = getattr(error, "strerror", None) or "its arguments are not valid"
        return SourceError(f"{self.place}: it cannot be started ({reason})", "make it executable")


def _ending(status: int) -> str:
    """Describe how a program ended; subprocess reports a signal as a negative status."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _lines(captured: Captured) -> str:
    count = captured.error_lines
    return "1 line" if count == 1 else f"{count} lines"
