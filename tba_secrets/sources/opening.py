"""Pick the class for a source that the environment's YAML declares."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import assert_never

from tba_secrets.errors import SourceError
from tba_secrets.sources.command import CommandSource
from tba_secrets.sources.env import EnvSource
from tba_secrets.sources.file import FileSource
from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.keys import make_key
from tba_secrets.sources.values import (
    CONSUMER_HALVES,
    TOKEN_HALVES,
    PairMaker,
    make_client,
    make_pair,
)
from tba_secrets.spec.model import (
    ClientCommand,
    ClientEnv,
    ClientFile,
    ClientOrigin,
    ClientSource,
    ConsumerCommand,
    ConsumerEnv,
    ConsumerFile,
    ConsumerOrigin,
    ConsumerSource,
    KeyCommand,
    KeyEnv,
    KeyFile,
    KeyOrigin,
    KeySource,
    TokenCommand,
    TokenEnv,
    TokenFile,
    TokenOrigin,
    TokenSource,
)

SourceSettings = ConsumerOrigin | TokenOrigin | ClientOrigin | KeyOrigin
"""A `consumer:`, `token:`, `client:` or `key:` of the environment's YAML."""
_Consumer = ConsumerEnv | ConsumerFile | ConsumerCommand
_Token = TokenEnv | TokenFile | TokenCommand
_Client = ClientEnv | ClientFile | ClientCommand
_Key = KeyEnv | KeyFile | KeyCommand
_Declared = _Consumer | _Token | _Client | _Key


class StoredSource(Source):
    """Source `stored` (also `prompt`, `authorize` and `generated`): only the store holds the pair.

    A new pair comes from `tba rotate`, or was in the store before (`adopt: true`).
    """

    def read(self) -> Pair | None:
        return None

    @property
    def place(self) -> str:
        return "the store itself"


def open_source(settings: SourceSettings, environ: Mapping[str, str] = os.environ) -> Source:
    """Return the source that `settings` declare, without reading it.

    Args:
        settings: A `consumer:`, `token:`, `client:` or `key:` of the environment's YAML.
        environ: The environment that an `env` source reads.

    Raises:
        SourceError: Not exactly one kind is declared (`spec.load` refuses that earlier).
    """
    if isinstance(settings, str):
        return StoredSource()
    declared = _only(settings)
    make, keys = _pair_of(declared)
    match declared:
        case ConsumerEnv() | TokenEnv() | ClientEnv() | KeyEnv():
            return EnvSource(make, keys, environ)
        case ConsumerFile() | TokenFile() | ClientFile() | KeyFile():
            return FileSource(make, Path(declared.path), keys)
        case ConsumerCommand() | TokenCommand() | ClientCommand() | KeyCommand():
            return CommandSource(make, declared.argv, declared.timeout, keys)
        case _:
            assert_never(declared)


def _pair_of(declared: _Declared) -> tuple[PairMaker, tuple[str, ...]]:
    """Return what makes the pair, and the variables or JSON keys of its texts."""
    if isinstance(declared, _Consumer):
        return partial(make_pair, CONSUMER_HALVES), (declared.key, declared.secret)
    if isinstance(declared, _Token):
        return partial(make_pair, TOKEN_HALVES), (declared.id, declared.secret)
    if isinstance(declared, _Client):
        return make_client, (declared.id,)
    return make_key, (declared.private_key, declared.certificate)


def _only(settings: ConsumerSource | TokenSource | ClientSource | KeySource) -> _Declared:
    kinds: list[_Declared | None] = [settings.env, settings.file, settings.command]
    declared = [kind for kind in kinds if kind is not None]
    if len(declared) != 1:
        raise SourceError("a source must be exactly one of env, file, command", "declare one kind")
    return declared[0]
