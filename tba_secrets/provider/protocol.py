"""Pulumi's protocol as its SDK has it, generated from the .proto files, without the rest of the SDK.

Whoever imports one of its modules imports all of the SDK, which takes longer than all modules of our own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType


@contextmanager
def _without_the_sdk() -> Iterator[None]:
    """Let the protocol's packages be empty ones while it is imported; if the SDK is there already, it is used."""
    if "pulumi" in sys.modules or (sdk := find_spec("pulumi")) is None:
        yield
        return
    folders = list(sdk.submodule_search_locations or ())
    packages = {"pulumi": folders, "pulumi.runtime": [f"{folder}/runtime" for folder in folders]}
    for name, found in packages.items():
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = found
    try:
        yield
    finally:
        # whoever imports the SDK afterwards gets it whole, with the protocol that is loaded by then
        for name in packages:
            del sys.modules[name]


with _without_the_sdk():
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        status_pb2,
    )

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
