"""Pick the class for a source that the environment's YAML declares."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from tba_secrets.errors import SourceError
from tba_secrets.sources.command import CommandSource
from tba_secrets.sources.env import EnvSource
from tba_secrets.sources.file import FileSource
from tba_secrets.sources.interface import Source
from tba_secrets.sources.stored import StoredSource
from tba_secrets.sources.values import CONSUMER_HALVES, TOKEN_HALVES
from tba_secrets.spec.model import (
    ConsumerCommand,
    ConsumerEnv,
    ConsumerFile,
    ConsumerOrigin,
    ConsumerSource,
    TokenCommand,
    TokenEnv,
    TokenFile,
    TokenOrigin,
    TokenSource,
)

SourceSettings = ConsumerOrigin | TokenOrigin
"""A `consumer:` or a `token:` of the environment's YAML."""
_Declared = ConsumerEnv | ConsumerFile | ConsumerCommand | TokenEnv | TokenFile | TokenCommand


def open_source(settings: SourceSettings, environ: Mapping[str, str] = os.environ) -> Source:
    """Return the source that `settings` declare, without reading it.

    Args:
        settings: A `consumer:` or `token:` of the environment's YAML.
        environ: The environment that an `env` source reads.

    Raises:
        SourceError: Not exactly one kind is declared (`spec.load` refuses that earlier).
    """
    if isinstance(settings, str):
        return StoredSource()
    declared = _only(settings)
    if isinstance(declared, ConsumerEnv | ConsumerFile | ConsumerCommand):
        names, keys = CONSUMER_HALVES, (declared.key, declared.secret)
    else:
        names, keys = TOKEN_HALVES, (declared.id, declared.secret)
    match declared:
        case ConsumerEnv() | TokenEnv():
            return EnvSource(names, keys, environ)
        case ConsumerFile() | TokenFile():
            return FileSource(names, Path(declared.path), keys)
        case ConsumerCommand() | TokenCommand():
            return CommandSource(names, declared.argv, declared.timeout, keys)
        case _:
            assert_never(declared)


def _only(settings: ConsumerSource | TokenSource) -> _Declared:
    kinds: list[_Declared | None] = [settings.env, settings.file, settings.command]
    declared = [kind for kind in kinds if kind is not None]
    if len(declared) != 1:
        raise SourceError("a source must be exactly one of env, file, command", "declare one kind")
    return declared[0]
