"""Source `env`: environment variables of the process that runs the provider.

An empty variable is absent, like an unset one: CI systems pass "" for a secret that is not defined.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.values import Shape


class EnvSource(Source):
    """Reads variables.

    Args:
        shape: What is read, and what it is called.
        variables: The variable of each value.
        environ: The environment that holds them.
    """

    def __init__(
        self,
        shape: Shape,
        variables: tuple[str, ...],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._shape = shape
        self._variables = variables
        self._environ = environ

    def read(self) -> Pair | None:
        return self._shape.pair(
            tuple(f"environment variable {name}" for name in self._variables),
            tuple(self._environ.get(name) for name in self._variables),
        )

    @property
    def place(self) -> str:
        plural = "s" if len(self._variables) > 1 else ""
        return f"environment variable{plural} " + " and ".join(self._variables)
