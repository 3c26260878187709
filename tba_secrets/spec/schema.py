"""Generate a draft-07 JSON Schema for editors: `python -m tba_secrets.spec.schema [--check]`.

yaml-language-server and the JetBrains editors read draft-07 without OpenAPI's `discriminator`, while
pydantic writes 2020-12 with it. The schema is weaker than the loader: it cannot state rules that span
records.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from tba_secrets.spec.model import Environment, Model

SCHEMA_FILE: Final = Path("schema") / "environment.schema.json"
"""Relative to the project's root."""
DRAFT_07: Final = "http://json-schema.org/draft-07/schema#"
_NAMED: Final = ("properties", "patternProperties", "definitions")
"""Keywords whose keys are names, not keywords."""


class DocumentedSchema(GenerateJsonSchema):
    """Pydantic's generator, with each field described by the docstring under it.

    Pydantic's own `use_attribute_docstrings` reads them from the source whenever a class is made: a tenth of the time
    that the program and the provider take to start.
    """

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Generate a model's schema, with descriptions."""
        written = super().model_schema(schema)
        model, properties = schema["cls"], written.get("properties", {})
        for name, words in _field_docstrings(model):
            field = model.model_fields[name]
            if (told := properties.get(field.alias or name)) is not None:
                told.setdefault("description", words)
        return written


def _field_docstrings(model: type[Model]) -> Iterator[tuple[str, str]]:
    """Yield the names and docstrings of a model's fields, a class's own before those of its bases."""
    for owner in (one for one in model.__mro__ if issubclass(one, Model)):
        for field, after in pairwise(_classes(owner.__module__)[owner.__name__].body):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and field.target.id in model.model_fields
            ):
                yield field.target.id, inspect.cleandoc(str(after.value.value))


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    """Return the classes of a module by name, as its source has them."""
    parsed = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in parsed.body if isinstance(node, ast.ClassDef)}


def json_schema() -> dict[str, Any]:
    """Return the schema of an environment's YAML."""
    generated = Environment.model_json_schema(
        ref_template="#/definitions/{model}", schema_generator=DocumentedSchema
    )
    definitions = generated.pop("$defs")
    converted = _draft_07({"definitions": definitions, **generated})
    return {"$schema": DRAFT_07, "title": "tba-secrets environment", **converted}


@cache
def schema_text() -> str:
    """Return the text of the committed schema file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the schema or, with `--check`, return 1 if the file differs."""
    import argparse  # the provider, which loads this module, has no use for it

    parser = argparse.ArgumentParser(prog="python -m tba_secrets.spec.schema")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where it differs")
    parser.add_argument("--file", type=Path, default=SCHEMA_FILE, help="default: %(default)s")
    options = parser.parse_args(arguments)
    file: Path = options.file
    if not options.check:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(schema_text(), encoding="utf-8")
        return 0
    if file.is_file() and file.read_text(encoding="utf-8") == schema_text():
        return 0
    sys.stderr.write(f"{file} is out of date: run python -m tba_secrets.spec.schema\n")
    return 1


def _draft_07(node: Any) -> Any:
    """Convert a schema, with all nested schemas, from pydantic's dialect to draft-07."""
    if isinstance(node, list):
        return [_draft_07(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = _without_null(node)
    converted = {
        key: _named(value) if key in _NAMED else _draft_07(value)
        for key, value in node.items()
        if key not in ("title", "discriminator") and not _is_empty_default(key, value)
    }
    if "$ref" in converted and len(converted) > 1:  # draft-07 ignores what stands beside it
        reference = converted.pop("$ref")
        return {**converted, "allOf": [{"$ref": reference}]}
    return converted


def _named(schemas: dict[str, Any]) -> dict[str, Any]:
    return {name: _draft_07(schema) for name, schema in schemas.items()}


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    """Remove null from a union.

    `X | None` means that the key may be left out; a null in the file is an error.
    """
    if "anyOf" not in node:
        return node
    members = [member for member in node["anyOf"] if member != {"type": "null"}]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**members[0], **rest} if len(members) == 1 else {**rest, "anyOf": members}


def _is_empty_default(keyword: str, value: Any) -> bool:
    """Return whether a default only says that the key may be left out."""
    return keyword == "default" and (value in (None, "", []) or isinstance(value, dict))


if __name__ == "__main__":
    sys.exit(main())
