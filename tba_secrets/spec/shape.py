"""Step 5: fit plain data to `Environment`, or say in our own words what does not fit; so too a resource's inputs.

Of pydantic's errors only the type and location are used and, for limits, the sentence that states
the limit. Inputs and contexts are never used: they hold the refused value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from tba_secrets.spec.construct import Document, Unquoted
from tba_secrets.spec.looks_secret import shown_key
from tba_secrets.spec.model.fields import OAUTH2_TAG, TAGS, Model, Remedy
from tba_secrets.spec.model.records import Environment, Integration, OAuth2Integration, auth_tag
from tba_secrets.spec.problem import Path, SpecFinding, path_text
from tba_secrets.suggestions import did_you_mean, or_else

_EXPECTED: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a record (keys and values)",
    "dict_type": "a record (keys and values)",
}
_LIMITS: Final = (
    "string_too_short",
    "string_too_long",
    "too_short",
    "too_long",
    "greater_than_equal",
    "less_than_equal",
)
"""Errors whose sentence states the model's own limit and nothing of the input."""
_QUOTES: Final = 'put it in quotes: "..."'
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_]{1,30}")
_OPENING: Final = re.compile(r"^\w+ should")
_CHOICE: Final = re.compile(r"'([^']*)'")
"""One of the words in pydantic's sentence about a literal."""


def validate(document: Document) -> tuple[Environment | None, list[SpecFinding]]:
    """Fit the data to the models, without reporting a value that already has a finding."""
    try:
        return Environment.model_validate(document.data), []
    except ValidationError as error:
        errors: list[Any] = error.errors(
            include_input=False, include_context=False, include_url=False
        )
    located = [(_path(item["loc"]), item) for item in errors]
    return None, list(_findings(document, located))


def _findings(document: Document, located: list[tuple[Path, Any]]) -> Iterator[SpecFinding]:
    for path, item in located:
        echoes = item["type"] == "too_short" and any(
            other != path and other[: len(path)] == path for other, _ in located
        )
        if path not in document.refused and not echoes:
            yield _finding(document, path, item["type"], item["msg"])


def _path(location: tuple[str | int, ...]) -> Path:
    """Return pydantic's location without what is not a key of the file.

    That is: the tags of unions, and pydantic's mark for a bad key.
    """
    if location and location[-1] == "[key]":
        location = location[:-1]
    return tuple(part for part in location if part not in TAGS)


def _finding(document: Document, path: Path, kind: str, sentence: str) -> SpecFinding:
    if kind == "extra_forbidden":
        what = f"{path_text(path[:-1])}: unknown key {shown_key(str(path[-1]))}"
        hint = _key_instead(*_rooted(document, path))
        return SpecFinding(document.key_position(path), what, hint)
    if kind == "missing":
        what = f"{path_text(path[:-1])}: the key `{path[-1]}` is missing"
        return SpecFinding(document.position(path[:-1]), what, f"add {path[-1]}:")
    what, hint = _misfit(document.value(path), kind, sentence, *_rooted(document, path))
    return document.finding(path, what, hint)


def _rooted(document: Document, path: Path) -> tuple[Path, type[Model]]:
    """Return the model to start from and the path below it: what an integration may hold hangs on its `auth`."""
    if path[:1] != ("integrations",) or len(path) < 2:
        return path, Environment
    oauth2 = auth_tag(document.value(path[:2])) == OAUTH2_TAG
    return path[2:], OAuth2Integration if oauth2 else Integration


def _misfit(
    value: object, kind: str, sentence: str, path: Path, root: type[Model]
) -> tuple[str, str]:
    """Return what is wrong with a value, and what to write instead.

    Args:
        value: The refused value. Its type is used, and what of ours it is like; it is never shown.
        kind: pydantic's error type.
        sentence: pydantic's message.
        path: The value's path under `root`.
        root: The model to start from.
    """
    remedy = _remedy_of(path, root)
    text = remedy.text if remedy is not None else ""
    if isinstance(value, Unquoted | bool | int) and kind == "string_type":
        # Quotes alone are the fix, unless the field has a form of its own that never looks like a number.
        quotes_do = not text or "in quotes" in text
        return "YAML does not read this as text", _QUOTES if quotes_do else text
    if isinstance(value, Unquoted) and kind == "bool_type":
        return "this is not the boolean that it looks like", "write true or false"
    if kind in _EXPECTED:
        example = _example(path, root) if kind == "model_type" else ""
        return f"this is {_kind_of(value)}", text or f"write {example or _EXPECTED[kind]}"
    if kind == "literal_error":
        choices = sentence.removeprefix("Input should be ")
        words = _CHOICE.findall(choices)
        suggestion = did_you_mean(str(value), words if len(words) > 1 else ())
        return "this is not one of the known words", or_else(suggestion, text or f"write {choices}")
    if kind in _LIMITS:
        limit = _OPENING.sub("it should", sentence).replace(" after validation", "")
        return "this is out of bounds", text or limit
    meant = remedy.meant(value) if remedy is not None and isinstance(value, str) else None
    suggestion = f"did you mean `{meant}`?" if meant is not None else ""
    return "the text does not have the required form", or_else(suggestion, text or "see the schema")


def _kind_of(value: object) -> str:
    if isinstance(value, dict):
        return "a record"
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else "a number or boolean"


def _key_instead(path: Path, root: type[Model]) -> str:
    """Say which key may have been meant by the last of `path`, or which ones there are."""
    known = [key for key, _ in _keys(path[:-1], root)]
    return did_you_mean(str(path[-1]), known) or f"known here: {', '.join(known)}"


def _example(path: Path, root: type[Model]) -> str:
    """Show a record with the keys that the one at `path` must have; empty if it must have none."""
    keys = [f"{key}: ..." for key, field in _keys(path, root) if field.is_required()]
    return f"a record, for example {{{', '.join(keys)}}}" if keys else ""


def _remedy_of(path: Path, root: type[Model]) -> Remedy | None:
    for field in _fields(path, root):
        for part in (*field.metadata, *_parts(field.annotation)):
            if isinstance(part, Remedy):
                return part
    return None


def _keys(path: Path, root: type[Model]) -> list[tuple[str, FieldInfo]]:
    """Return the keys that the record at `path` under `root` may have, in the model's order."""
    fields = [item for model in _models(path, root) for item in model.model_fields.items()]
    return [(field.alias or name, field) for name, field in fields]


def _models(path: Path, root: type[Model]) -> list[type[Model]]:
    """Return what the record at `path` may be: several models where a union is declared."""
    if not path:
        return [root]
    parts = (part for field in _fields(path, root) for part in _parts(field.annotation))
    return [part for part in parts if isinstance(part, type) and issubclass(part, Model)]


def _fields(path: Path, root: type[Model]) -> list[FieldInfo]:
    """Return how the value at `path` may be declared; an item is declared with its list."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return []
    models = _models(path[:-1], root)
    named = (item for model in models for item in model.model_fields.items())
    return [field for name, field in named if path[-1] in (name, field.alias)]


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield the annotation and everything inside it: union members, items, metadata."""
    yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


# --- the properties of a resource -------------------------------------------------------------------

OWN_WORDS: Final = "tba_rule"
"""The type of a `PydanticCustomError` whose message is ours, and is shown as it is."""


def refused_properties(model: type[Model], error: ValidationError) -> dict[str, str]:
    """Return what pydantic refused of a resource's inputs, by property path: what is wrong, and what to write."""
    return {
        _shown(path): _refusal(model, path, problem)
        for problem in error.errors(include_context=False, include_url=False)
        for path in [_path(problem["loc"])]
    }


def _refusal(model: type[Model], path: Path, problem: ErrorDetails) -> str:
    kind = problem["type"]
    if kind == OWN_WORDS:
        return problem["msg"]
    if kind == "missing":
        return "it is missing; add it"
    if kind == "string_type":
        remedy = _remedy_of(path, model)
        return f"this is not text; {remedy.text if remedy is not None else 'put it in quotes'}"
    if kind == "extra_forbidden":
        return f"there is no such property; {_key_instead(path, model)}"
    what, hint = _misfit(problem["input"], kind, problem["msg"], path, model)
    return f"{what}; {hint}"


def _shown(steps: Path) -> str:
    """Return a path whose every key looks like one of ours: a value may have been written where a key belongs."""
    shown = (
        str(step) if isinstance(step, int) or _PLAIN_KEY.fullmatch(step) else "(key not shown)"
        for step in steps
    )
    return ".".join(shown) or "inputs"
