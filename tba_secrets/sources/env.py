"""Source `env`: two environment variables of the process that runs the provider.

An empty variable is absent, like an unset one: CI systems pass "" for a secret that is not defined.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.values import HalfNames, make_pair


class EnvSource(Source):
    """Reads two variables.

    Args:
        names: What the halves are called.
        variables: The variable of the identifier and that of the secret.
        environ: The environment that holds them.
    """

    def __init__(
        self,
        names: HalfNames,
        variables: tuple[str, str],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._names = names
        self._variables = variables
        self._environ = environ

    def read(self) -> Pair | None:
        identifier, secret = self._variables
        return make_pair(
            self._names,
            (f"environment variable {identifier}", f"environment variable {secret}"),
            (self._environ.get(identifier), self._environ.get(secret)),
        )

    @property
    def place(self) -> str:
        return "environment variables " + " and ".join(self._variables)
