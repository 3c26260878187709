"""The stores that credentials are kept in; the one place that picks the class."""

from __future__ import annotations

import os
from threading import Lock
from typing import Final, assert_never

from tba_secrets.spec.model import AwsSettings, Stores, VaultSettings
from tba_secrets.stores.interface import Store

__all__ = ["open_stores"]

_opened: dict[tuple[str, str, int], Store] = {}
_opening: Final = Lock()


def open_stores(settings: Stores) -> dict[str, Store]:
    """Return the stores of an environment by kind, in the order in which a token is promoted.

    A store is opened once in a process for the same settings under the same process environment: its connections,
    credentials and rate limit are shared. Nothing is asked of it here.

    Args:
        settings: `store` of the environment's YAML.
    """
    return {kind: _opened_once(kind, one) for kind, one in settings.listed.items()}


def _opened_once(kind: str, settings: AwsSettings | VaultSettings) -> Store:
    environment = hash(frozenset(os.environ.items()))
    with _opening:
        key = (kind, settings.model_dump_json(), environment)
        if key not in _opened:
            _opened[key] = _open(settings)
        return _opened[key]


def _open(settings: AwsSettings | VaultSettings) -> Store:
    match settings:
        case AwsSettings():
            return _aws(settings)
        case VaultSettings():
            return _vault(settings)
        case _:
            assert_never(settings)


def _aws(settings: AwsSettings) -> Store:
    from tba_secrets.stores.aws import AwsStore

    return AwsStore(settings)


def _vault(settings: VaultSettings) -> Store:
    from tba_secrets.stores.vault import VaultStore

    return VaultStore(settings)
