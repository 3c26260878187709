"""Source `command`: strings of the JSON object that a program prints (sops, op, a script).

A program that ends with status 0 and prints nothing says that it has no value. It inherits this
process's environment, and nothing is added. `tba_secrets.command` says how it is run.
"""

from __future__ import annotations

import os

from tba_secrets.command import CaptureLimitError, CommandError, run_command
from tba_secrets.errors import SourceError
from tba_secrets.sources.json_object import JsonSource
from tba_secrets.sources.values import PairMaker


class CommandSource(JsonSource):
    """Runs one program, for so many seconds at most; it is found on PATH or relative to the current directory."""

    def __init__(
        self, make: PairMaker, argv: tuple[str, ...], timeout: float, keys: tuple[str, ...]
    ) -> None:
        super().__init__(make, keys)
        self._argv = argv
        self._timeout = timeout

    @property
    def place(self) -> str:
        return f"command {self._argv[0]}"

    @property
    def _text_place(self) -> str:
        return f"{self.place}, output"

    def _text(self) -> bytes | None:
        try:
            output = run_command(self._argv, self._timeout, os.environ)
        except CommandError as error:
            ended = isinstance(error, CaptureLimitError)
            remedy = f"{error.remedy}, and must print one JSON object" if ended else error.remedy
            raise SourceError(f"{self.place}: {error.what}", remedy) from None
        return output if output.strip() else None
