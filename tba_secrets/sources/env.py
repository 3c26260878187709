"""Source `env`: environment variables of the process that runs the provider.

An empty variable is absent, like an unset one: CI systems pass "" for a secret that is not defined.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.values import PairMaker


class EnvSource(Source):
    """Reads variables.

    Args:
        make: Makes a pair of what is found.
        variables: The variable of each value.
        environ: The environment that holds them.
    """

    def __init__(
        self,
        make: PairMaker,
        variables: tuple[str, ...],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._make = make
        self._variables = variables
        self._environ = environ

    def read(self) -> Pair | None:
        places = tuple(f"environment variable {name}" for name in self._variables)
        return self._make(places, tuple(self._environ.get(name) for name in self._variables))

    @property
    def place(self) -> str:
        noun = "environment variable" + "s" * (len(self._variables) > 1)
        return f"{noun} " + " and ".join(self._variables)
