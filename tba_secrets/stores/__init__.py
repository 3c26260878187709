"""The stores that credentials are kept in; the one place that picks the class."""

from __future__ import annotations

import os
from threading import Lock
from typing import Final

from tba_secrets.spec.model import AwsSettings, Stores, VaultSettings
from tba_secrets.stores.interface import Store

__all__ = ["open_stores"]

_opened: dict[tuple[str, str, int], Store] = {}
_opening: Final = Lock()


def open_stores(settings: Stores) -> dict[str, Store]:
    """Return the stores of an environment by kind, in the order in which a token is promoted.

    A store is opened once in a process for the same settings under the same process environment: its connections,
    credentials and rate limit are shared. Nothing is asked of it here.
    """
    return {kind: _opened_once(kind, one) for kind, one in settings.listed.items()}


def _opened_once(kind: str, settings: AwsSettings | VaultSettings) -> Store:
    environment = hash(frozenset(os.environ.items()))
    key = (kind, settings.model_dump_json(), environment)
    with _opening:
        if key not in _opened:
            _opened[key] = _open(settings)
        return _opened[key]


def _open(settings: AwsSettings | VaultSettings) -> Store:
    if isinstance(settings, AwsSettings):
        from tba_secrets.stores.aws import AwsStore

        return AwsStore(settings)
    from tba_secrets.stores.vault import VaultStore

    return VaultStore(settings)
