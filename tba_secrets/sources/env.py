"""Source `env`: two environment variables, or one, of the process that runs the provider.

An empty variable is absent, like an unset one: CI systems pass "" for a secret that is not defined.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.values import HalfNames, make_pair


class EnvSource(Source):
    """Reads the variables.

    Args:
        names: What the halves are called.
        variables: The variable of the identifier, and that of the secret where there is one.
        environ: The environment that holds them.
    """

    def __init__(
        self,
        names: HalfNames,
        variables: tuple[str, ...],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._names = names
        self._variables = variables
        self._environ = environ

    def read(self) -> Pair | None:
        return make_pair(
            self._names,
            [f"environment variable {variable}" for variable in self._variables],
            [self._environ.get(variable) for variable in self._variables],
        )

    @property
    def place(self) -> str:
        noun = "environment variable" if len(self._variables) == 1 else "environment variables"
        return f"{noun} {' and '.join(self._variables)}"
