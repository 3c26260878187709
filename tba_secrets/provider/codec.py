"""Property values between the engine's protobuf Structs and plain Python.

The engine marks special values by a signature key (pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go): a secret is a
struct with the secret signature, an unknown is a sentinel string. Secrets are unwrapped: none of our inputs is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import json_format, struct_pb2

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWN_SENTINEL: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Properties = dict[str, Any]


class Unknown:
    """A value that a preview cannot know yet."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()


def decode(struct: struct_pb2.Struct) -> Properties:
    """Return a Struct as plain Python: whole floats become ints (the wire has only doubles), nulls are dropped.

    Keys come sorted: the wire has no order, and what follows from it must not change from run to run.
    """
    properties: Properties = _decoded(json_format.MessageToDict(struct))
    return properties


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Plain Python as a Struct; `UNKNOWN` anywhere in it becomes the engine's sentinel."""
    return json_format.ParseDict(_encoded(properties), struct_pb2.Struct())


def outputs_of(inputs: Properties, state: Properties) -> Properties:
    """Return what the engine is to keep of a state as outputs: it keeps the inputs beside them.

    A state that says anything else than the inputs is kept whole.
    """
    if any(state.get(name) != value for name, value in inputs.items()):
        return state
    return {name: value for name, value in state.items() if name not in inputs}


def state_of(inputs: Properties, outputs: Properties) -> Properties:
    """Return a state from what the engine has kept.

    A partly failed update is kept with its old inputs and the whole new state, which names the secret: then only that
    counts, and an input that it lacks was taken out.
    """
    return outputs if "secret" in outputs else {**inputs, **outputs}


def has_unknown(value: Any) -> bool:
    """Return whether a preview left something in `value` unknown."""
    if isinstance(value, Mapping):
        return any(has_unknown(held) for held in value.values())
    if isinstance(value, list):
        return any(has_unknown(held) for held in value)
    return value is UNKNOWN


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return _decoded(value.get("value"))
        return {key: _decoded(held) for key, held in sorted(value.items()) if held is not None}
    if isinstance(value, list):
        return [_decoded(held) for held in value]
    if value == _UNKNOWN_SENTINEL:
        return UNKNOWN
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _encoded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _encoded(held) for key, held in value.items() if held is not None}
    if isinstance(value, (list, tuple)):
        return [_encoded(held) for held in value]
    return _UNKNOWN_SENTINEL if value is UNKNOWN else value
