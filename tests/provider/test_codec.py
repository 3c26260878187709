"""Property values on the wire: the engine's markers, whole numbers, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given, strategies as st

from tba_secrets.provider.codec import (
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN,
    decode,
    encode,
    has_unknown,
    outputs_of,
    state_of,
)

SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""plugin.UnknownStringValue in pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go."""


def wire(**properties: Any) -> struct_pb2.Struct:
    return json_format.ParseDict(properties, struct_pb2.Struct())


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}


DECODED: dict[str, tuple[Any, Any]] = {
    "text": ("x", "x"),
    "empty text": ("", ""),
    "true": (True, True),
    "a whole number": (3.0, 3),
    "a negative whole number": (-3.0, -3),
    "a fraction": (0.5, 0.5),
    "a secret": (secret("x"), "x"),
    "a secret in a secret": (secret(secret("x")), "x"),
    "a secret object": (secret({"a": 1, "b": secret("x")}), {"a": 1, "b": "x"}),
    "a secret in a list": ([secret("x")], ["x"]),
    "unknown": (SENTINEL, UNKNOWN),
    "an unknown secret": (secret(SENTINEL), UNKNOWN),
    "an unknown deep down": ({"a": [{"b": SENTINEL}]}, {"a": [{"b": UNKNOWN}]}),
    "a null in an object": ({"a": None, "b": 1}, {"b": 1}),
    "an object of another kind": ({SIGNATURE_KEY: "x", "value": "y"},) * 2,
}


@pytest.mark.parametrize("kind", DECODED)
def test_decode(kind: str) -> None:
    sent, received = DECODED[kind]

    found = decode(wire(property=sent))["property"]

    assert found == received
    assert type(found) is type(received)


def test_nulls_are_left_out() -> None:
    assert decode(wire(a=None, b="x")) == {"b": "x"}
    assert decode(encode({"a": None, "b": {"c": None}})) == {"b": {}}


def test_a_whole_number_is_an_int_and_true_is_none() -> None:
    found = decode(wire(at=1_700_000_000, on=True))

    assert type(found["at"]) is int
    assert found["on"] is True


def test_unknown_becomes_the_engine_s_sentinel() -> None:
    sent = json_format.MessageToDict(encode({"a": UNKNOWN, "b": [UNKNOWN], "c": {"d": UNKNOWN}}))

    assert sent == {"a": SENTINEL, "b": [SENTINEL], "c": {"d": SENTINEL}}


@pytest.mark.parametrize("value", [{}, {"a": [1, {"b": "x"}]}, SENTINEL])
def test_what_has_no_unknown(value: Any) -> None:
    assert not has_unknown(value)


@pytest.mark.parametrize("value", [UNKNOWN, {"a": UNKNOWN}, [[UNKNOWN]], {"a": [{"b": UNKNOWN}]}])
def test_what_has_an_unknown(value: Any) -> None:
    assert has_unknown(value)


def test_unknown_shows_no_more_than_that() -> None:
    assert repr(UNKNOWN) == "unknown"


keys = st.text(max_size=8).filter(lambda key: key != SIGNATURE_KEY)
leaves = (
    st.booleans()
    | st.integers(min_value=-(2**53), max_value=2**53)
    | st.floats(allow_nan=False, allow_infinity=False, width=32).filter(lambda f: f % 1 != 0)
    | st.text(max_size=20)
    | st.just(UNKNOWN)
)
values = st.recursive(
    leaves, lambda held: st.lists(held, max_size=3) | st.dictionaries(keys, held, max_size=3)
)


@given(st.dictionaries(keys, values, max_size=4))
def test_what_is_sent_is_what_arrives(properties: dict[str, Any]) -> None:
    assert decode(encode(properties)) == properties


def _secret_everywhere(value: Any) -> Any:
    if isinstance(value, dict):
        return secret({key: _secret_everywhere(held) for key, held in value.items()})
    if isinstance(value, list):
        return secret([_secret_everywhere(held) for held in value])
    return secret(SENTINEL if value is UNKNOWN else value)


@given(st.dictionaries(keys, values, max_size=4))
def test_secrets_are_unwrapped_wherever_they_are(properties: dict[str, Any]) -> None:
    sent = {key: _secret_everywhere(value) for key, value in properties.items()}

    assert decode(wire(**sent) if "self" not in sent else encode(sent)) == properties


INPUTS = {"secret": "orders", "format": {"token_id": "NS_TOKEN"}}
FOUND = {"versions": {"aws": "v1"}}


def test_outputs_do_not_repeat_the_inputs_and_the_state_comes_back_whole() -> None:
    state = {**INPUTS, **FOUND}

    assert outputs_of(INPUTS, state) == FOUND
    assert state_of(INPUTS, outputs_of(INPUTS, state)) == state


def test_a_state_of_other_inputs_than_those_kept_stays_whole() -> None:
    """A partly failed update is kept with its old inputs; the format was taken out in it."""
    state = {"secret": "elsewhere", **FOUND}

    assert outputs_of(INPUTS, state) == state
    assert state_of(INPUTS, state) == state, "the old format would name keys that are not stored"


def test_a_state_that_repeats_its_inputs_is_read_as_before() -> None:
    assert state_of(INPUTS, {**INPUTS, **FOUND}) == {**INPUTS, **FOUND}
