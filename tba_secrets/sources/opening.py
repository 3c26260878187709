"""Pick the class for a source that the environment's YAML declares; those that need no more are here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tba_secrets.errors import SourceError
from tba_secrets.sources.command import CommandSource
from tba_secrets.sources.file import FileSource
from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.values import (
    CONSUMER_HALVES,
    TOKEN_HALVES,
    PairMaker,
    make_client,
    make_key,
    make_pair,
)
from tba_secrets.spec import model
from tba_secrets.spec.model.sources import CommandCall, FilePlace

SourceSettings = model.ConsumerOrigin | model.TokenOrigin | model.ClientOrigin | model.KeyOrigin
"""A `consumer:`, `token:`, `client:` or `key:` of the environment's YAML."""
_PAIRS: Final[Mapping[type, tuple[PairMaker, tuple[str, ...]]]] = {
    model.ConsumerSource: (partial(make_pair, CONSUMER_HALVES), ("key", "secret")),
    model.TokenSource: (partial(make_pair, TOKEN_HALVES), ("id", "secret")),
    model.ClientSource: (make_client, ("id",)),
    model.KeySource: (make_key, ("private_key", "certificate")),
}
"""What makes the pair, and the settings that name the variable or JSON key of each text."""


class StoredSource(Source):
    """Source `stored` (also `prompt`, `authorize` and `generated`): only the store holds the pair.

    A new pair comes from `tba rotate`, or was in the store before (`adopt: true`).
    """

    def read(self) -> Pair | None:
        return None

    @property
    def place(self) -> str:
        return "the store itself"


class EnvSource(Source):
    """Reads variables of the process that runs the provider.

    An empty variable is absent, like an unset one: CI systems pass "" for a secret that is not defined.
    """

    def __init__(
        self, make: PairMaker, variables: tuple[str, ...], environ: Mapping[str, str]
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


def open_source(settings: SourceSettings, environ: Mapping[str, str] = os.environ) -> Source:
    """Return the source that `settings` declare, without reading it; `environ` is what an `env` source reads.

    Raises:
        SourceError: Not exactly one kind is declared (`spec.load` refuses that earlier).
    """
    if isinstance(settings, str):
        return StoredSource()
    kinds = (settings.env, settings.file, settings.command)
    declared = [kind for kind in kinds if kind is not None]
    if len(declared) != 1:
        raise SourceError("a source must be exactly one of env, file, command", "declare one kind")
    make, fields = _PAIRS[type(settings)]
    keys = tuple(getattr(declared[0], field) for field in fields)
    match declared[0]:
        case FilePlace(path=path):
            return FileSource(make, Path(path), keys)
        case CommandCall(argv=argv, timeout=timeout):
            return CommandSource(make, argv, timeout, keys)
        case _:
            return EnvSource(make, keys, environ)
