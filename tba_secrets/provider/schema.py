"""The Pulumi package schema, made from the handlers' models: other languages generate their SDKs from it.

Shape: Pulumi's "Package schema" reference. Types are named `tba:index:Name`; a union becomes `oneOf`, a closed
choice of strings a plain string.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tba_secrets import __version__
from tba_secrets.provider.handler import Handler, Wire
from tba_secrets.spec.schema import DocumentedSchema
from tba_secrets.suggestions import nearest

Schema = dict[str, Any]

_REPOSITORY = "https://github.com/tba-secrets/tba-secrets"
_SET_BY_CHECK = ("digests",)
"""Inputs that no program gives."""
_SCALARS = ("string", "integer", "number", "boolean")


def package_schema(handlers: Iterable[Handler]) -> str:
    """Return the schema of the provider `tba`, as JSON text."""
    types: Schema = {}
    schema = {
        "name": "tba",
        "displayName": "tba-secrets",
        "version": __version__,
        "description": "NetSuite credentials, staged, proven by a signed call, then promoted.",
        "homepage": _REPOSITORY,
        "repository": _REPOSITORY,
        "license": "Apache-2.0",
        "publisher": "tba-secrets",
        "meta": {"supportPack": True},  # else generated packages have no version
        "language": {
            "go": {"importBasePath": f"{_REPOSITORY.removeprefix('https://')}/sdk/go/tba"}
        },
        "config": {"variables": _SETTINGS},
        "provider": {"inputProperties": _SETTINGS},
        "resources": {handler.token: _resource(handler, types) for handler in handlers},
        "types": types,
    }
    return json.dumps(schema, indent=2, sort_keys=True)


_SETTINGS: Schema = {
    "digestKey": {
        "type": "string",
        "secret": True,
        "description": "Keys the digests that stand for values in state; derived from public names if absent.",
    },
    "previousDigestKey": {
        "type": "string",
        "secret": True,
        "description": "The previous digestKey, for the first run after a change of digestKey.",
    },
}


_ENGINES_OWN = ("version", "pluginDownloadURL", "pluginChecksums", "__internal")
"""What the engine adds to a provider's configuration."""


def unknown_settings(configuration: Mapping[str, Any]) -> Iterator[str]:
    """Say which settings the provider does not have: a misspelled key would be ignored, and with it a digest key."""
    for name in configuration:
        if name in _SETTINGS or name in _ENGINES_OWN:
            continue
        meant = nearest(name, _SETTINGS)
        hint = f"did you mean `tba:{meant}`?" if meant else f"known: {', '.join(_SETTINGS)}"
        yield f"there is no setting `tba:{name}`; {hint}"


def _resource(handler: Handler, types: Schema) -> Schema:
    taken, given = _model(handler.inputs, types), _model(handler.outputs, types)
    inputs, outputs = taken["properties"], given["properties"]
    return {
        "description": handler.description,
        "inputProperties": {name: one for name, one in inputs.items() if name not in _SET_BY_CHECK},
        "requiredInputs": taken["required"],
        "properties": {**inputs, **outputs},
        "required": sorted({*taken["required"], *outputs}),
    }


def _model(model: type[Wire], types: Schema) -> Schema:
    """Return a model as an object; what it refers to is added to the types."""
    schema = model.model_json_schema(by_alias=True, schema_generator=DocumentedSchema)
    for name, definition in schema.get("$defs", {}).items():
        types.setdefault(f"tba:index:{name}", _object(definition))
    return _object(schema)


def _object(definition: Schema) -> Schema:
    properties = definition.get("properties", {})
    return {
        "type": "object",
        "description": definition.get("description", ""),
        "properties": {name: _type(value) for name, value in properties.items()},
        "required": sorted(definition.get("required", [])),
    }


def _type(value: Schema) -> Schema:
    described = {"description": value["description"]} if "description" in value else {}
    return {**_bare(value), **described}


def _bare(value: Schema) -> Schema:
    if "$ref" in value:
        return {"$ref": f"#/types/tba:index:{value['$ref'].rpartition('/')[2]}"}
    if members := value.get("anyOf") or value.get("oneOf"):
        choices = _distinct(_bare(one) for one in members if one.get("type") != "null")
        return choices[0] if len(choices) == 1 else {"oneOf": choices}
    if value.get("type") == "array":
        return {"type": "array", "items": _bare(value.get("items", {"type": "string"}))}
    if value.get("type") == "object":
        return {"type": "object", "additionalProperties": _bare(value["additionalProperties"])}
    kind = value.get("type", "string")
    return {"type": kind if kind in _SCALARS else "string"}


def _distinct(choices: Iterable[Schema]) -> list[Schema]:
    kept: list[Schema] = []
    for choice in choices:
        if choice not in kept:
            kept.append(choice)
    return kept
