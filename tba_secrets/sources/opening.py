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
from tba_secrets.sources.values import (
    CLIENT_HALVES,
    CONSUMER_HALVES,
    KEY_HALVES,
    TOKEN_HALVES,
    HalfNames,
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
_Env = ConsumerEnv | TokenEnv | ClientEnv | KeyEnv
_File = ConsumerFile | TokenFile | ClientFile | KeyFile
_Command = ConsumerCommand | TokenCommand | ClientCommand | KeyCommand


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
    names, keys = _halves(declared)
    match declared:
        case ConsumerEnv() | TokenEnv() | ClientEnv() | KeyEnv():
            return EnvSource(names, keys, environ)
        case ConsumerFile() | TokenFile() | ClientFile() | KeyFile():
            return FileSource(names, Path(declared.path), keys)
        case ConsumerCommand() | TokenCommand() | ClientCommand() | KeyCommand():
            return CommandSource(names, declared.argv, declared.timeout, keys)
        case _:
            assert_never(declared)


def _halves(declared: _Env | _File | _Command) -> tuple[HalfNames, tuple[str, ...]]:
    """Return what the halves are called, and where each is."""
    match declared:
        case ConsumerEnv() | ConsumerFile() | ConsumerCommand():
            return CONSUMER_HALVES, (declared.key, declared.secret)
        case TokenEnv() | TokenFile() | TokenCommand():
            return TOKEN_HALVES, (declared.id, declared.secret)
        case ClientEnv() | ClientFile() | ClientCommand():
            return CLIENT_HALVES, (declared.id,)
        case KeyEnv() | KeyFile() | KeyCommand():
            return KEY_HALVES, (declared.certificate, declared.private_key)
        case _:
            assert_never(declared)


def _only(
    settings: ConsumerSource | TokenSource | ClientSource | KeySource,
) -> _Env | _File | _Command:
    kinds: list[_Env | _File | _Command | None] = [settings.env, settings.file, settings.command]
    declared = [kind for kind in kinds if kind is not None]
    if len(declared) != 1:
        raise SourceError("a source must be exactly one of env, file, command", "declare one kind")
    return declared[0]
