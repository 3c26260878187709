"""The package schema: every property of the models is in it, every reference resolves, what is required is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tba_secrets import __version__
from tba_secrets.provider.handler import Handler
from tba_secrets.provider.server import Provider
from tests.engine.project import ROOT

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


def test_a_generated_package_has_a_version_and_a_go_module() -> None:
    assert SCHEMA["meta"] == {"supportPack": True}
    assert SCHEMA["language"]["go"]["importBasePath"].startswith(
        SCHEMA["repository"].removeprefix("https://")
    )


@each
def test_every_property_is_there(handler: Handler) -> None:
    resource = SCHEMA["resources"][handler.token]

    assert set(resource["inputProperties"]) == aliases(handler.inputs) - {"digests"}  # Check's own
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


EXAMPLE: dict[str, Any] = yaml.safe_load((ROOT / "examples" / "yaml" / "Pulumi.yaml").read_text())


def refused(declared: dict[str, Any]) -> list[str]:
    """What a resource of a YAML program says that the schema does not have, or leaves out."""
    resource = SCHEMA["resources"][declared["type"].replace(":", ":index:")]
    given = declared["properties"]
    inputs = resource["inputProperties"]
    found = [name for name in resource["requiredInputs"] if name not in given]
    for name, value in given.items():
        found += unknown(value, inputs[name]) if name in inputs else [name]
    return found


def unknown(value: Any, type_: dict[str, Any]) -> list[str]:
    """The keys of a value that its type does not have, in depth."""
    if "oneOf" in type_:
        return min((unknown(value, one) for one in type_["oneOf"]), key=len)
    if "$ref" not in type_ or not isinstance(value, dict):
        return []
    properties = SCHEMA["types"][type_["$ref"].removeprefix("#/types/")]["properties"]
    inside = [
        unknown(one, properties[name]) if name in properties else [name]
        for name, one in value.items()
    ]
    return [name for names in inside for name in names]


def test_the_yaml_example_fits_the_schema() -> None:
    assert {name: refused(one) for name, one in EXAMPLE["resources"].items()} == {
        "staged": [],
        "test": [],
    }


def test_one_that_does_not_fit_is_seen() -> None:
    staged = {**EXAMPLE["resources"]["staged"]["properties"]}
    del staged["secret"]
    staged["stores"] = {"aws": {"regoin": "us-east-1"}}
    staged["digests"] = {}

    wrong = refused({"type": "tba:StagedCredential", "properties": staged})

    assert wrong == ["secret", "regoin", "digests"]


def test_no_type_is_guessed() -> None:
    known = {"string", "integer", "number", "boolean", "object", "array"}
    for one in walk(SCHEMA["types"]):
        if isinstance(one.get("type"), str):
            assert one["type"] in known


def test_the_digest_key_is_a_secret() -> None:
    assert SCHEMA["config"]["variables"]["digestKey"]["secret"] is True
    assert SCHEMA["provider"]["inputProperties"]["digestKey"]["secret"] is True
