"""Source `command`: strings of the JSON object that a program prints (sops, op, a script).

A program that ends with status 0 and prints nothing says that it has no value. It inherits this
process's environment, and nothing is added. `tba_secrets.command` says how it is run.
"""

from __future__ import annotations

import os

from tba_secrets.command import CaptureLimitError, CommandError, run_command
from tba_secrets.errors import SourceError
from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.json_object import strings
from tba_secrets.sources.values import PairMaker


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
        output = self._run()
        if not output.strip():
            return None
        texts = strings(output, self._keys, f"{self.place}, output")
        places = tuple(f"{self.place}, key `{key}`" for key in self._keys)
        return self._make(places, texts)

    @property
    def place(self) -> str:
        return f"command {self._argv[0]}"

    def _run(self) -> bytes:
        try:
            return run_command(self._argv, self._timeout, os.environ)
        except CaptureLimitError as error:
            remedy = f"{error.remedy}, and must print one JSON object"
            raise SourceError(f"{self.place}: {error.what}", remedy) from None
        except CommandError as error:
            raise SourceError(f"{self.place}: {error.what}", error.remedy) from None
