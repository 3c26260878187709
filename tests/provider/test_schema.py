"""The package schema: every property of the models is in it, every reference resolves, what is required is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tba_secrets import __version__
from tba_secrets.provider.handler import Handler
from tba_secrets.provider.server import Provider

PROVIDER = Provider(None)
HANDLERS = PROVIDER._handlers
SCHEMA: dict[str, Any] = json.loads(PROVIDER.schema())
each = pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS.keys())


def aliases(model: Any) -> set[str]:
    return {field.alias for field in model.model_fields.values()}


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for held in value.values():
            yield from walk(held)
    elif isinstance(value, list):
        for held in value:
            yield from walk(held)


def test_it_names_the_package() -> None:
    assert (SCHEMA["name"], SCHEMA["version"]) == ("tba", __version__)
    assert set(SCHEMA["resources"]) == set(HANDLERS)


@each
def test_every_property_is_there(handler: Handler) -> None:
    resource = SCHEMA["resources"][handler.token]

    assert set(resource["inputProperties"]) == aliases(handler.inputs)
    assert set(resource["properties"]) == aliases(handler.inputs) | aliases(handler.outputs)


@each
def test_what_is_required_is_there_and_is_what_the_models_require(handler: Handler) -> None:
    resource = SCHEMA["resources"][handler.token]
    required = {
        field.alias for field in handler.inputs.model_fields.values() if field.is_required()
    }

    assert set(resource["requiredInputs"]) == required
    assert set(resource["required"]) == required | aliases(handler.outputs)
    assert set(resource["required"]) <= set(resource["properties"])


@each
def test_every_property_says_what_it_is(handler: Handler) -> None:
    resource = SCHEMA["resources"][handler.token]

    undescribed = [
        name
        for name, one in resource["properties"].items()
        if not one.get("description") and "$ref" not in one  # a type has its own
    ]

    assert undescribed == []


def test_every_reference_resolves_and_every_type_is_used() -> None:
    references = {one["$ref"] for one in walk(SCHEMA) if isinstance(one.get("$ref"), str)}

    assert references == {f"#/types/{name}" for name in SCHEMA["types"]}


def test_every_type_is_consistent() -> None:
    for name, one in SCHEMA["types"].items():
        assert one["type"] == "object", name
        assert one["description"], name
        assert set(one["required"]) <= set(one["properties"]), name


def test_a_choice_of_shapes_is_kept() -> None:
    checks = SCHEMA["resources"]["tba:index:SmokeTest"]["inputProperties"]["checks"]

    assert checks["type"] == "array"
    assert checks["items"]["oneOf"] == [
        {"type": "string"},
        {"$ref": "#/types/tba:index:RestletCheck"},
    ]


def test_no_type_is_guessed() -> None:
    known = {"string", "integer", "number", "boolean", "object", "array"}
    for one in walk(SCHEMA["types"]):
        if isinstance(one.get("type"), str):
            assert one["type"] in known


def test_the_digest_key_is_a_secret() -> None:
    assert SCHEMA["config"]["variables"]["digestKey"]["secret"] is True
    assert SCHEMA["provider"]["inputProperties"]["digestKey"]["secret"] is True
