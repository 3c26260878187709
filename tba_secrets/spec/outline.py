"""Look up what the models say about a path in the file: its known keys and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic.fields import FieldInfo

from tba_secrets.spec.model import Environment, Model, Remedy
from tba_secrets.spec.paths import Path


def known_keys(path: Path, root: type[Model] = Environment) -> list[str]:
    """List the keys of the record at `path` under `root`, in the model's order."""
    fields = [item for model in _models(path, root) for item in model.model_fields.items()]
    return [field.alias or key for key, field in fields]


def remedy_of(path: Path, root: type[Model] = Environment) -> str:
    """Return the remedy of the field at `path` under `root`, or an empty string."""
    for field in _fields(path, root):
        for part in (*field.metadata, *_parts(field.annotation)):
            if isinstance(part, Remedy):
                return part.text
    return ""


def _models(path: Path, root: type[Model]) -> list[type[Model]]:
    if not path:
        return [root]
    if isinstance(path[-1], int):
        return _models(path[:-1], root)
    return [
        part
        for field in _fields(path, root)
        for part in _parts(field.annotation)
        if isinstance(part, type) and issubclass(part, Model)
    ]


def _fields(path: Path, root: type[Model]) -> list[FieldInfo]:
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return []
    models = _models(path[:-1], root)
    named = ((key, field) for model in models for key, field in model.model_fields.items())
    return [field for key, field in named if path[-1] in (key, field.alias)]


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield the annotation and everything inside it: union members, items, metadata."""
    yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)
