"""What the models say about a place in the file: the keys that are known there, and the remedy of its field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic.fields import FieldInfo

from tba_secrets.spec.model import Environment, Model, Remedy
from tba_secrets.spec.paths import Path


def known_keys(path: Path) -> list[str]:
    """The keys of the record at `path`, in the order of the model."""
    return [key for model in _models(path) for key in model.model_fields]


def remedy_of(path: Path) -> str:
    """What the field at `path` says to write instead; empty where it says nothing."""
    for field in _fields(path):
        for part in (*field.metadata, *_parts(field.annotation)):
            if isinstance(part, Remedy):
                return part.text
    return ""


def _models(path: Path) -> list[type[Model]]:
    if not path:
        return [Environment]
    if isinstance(path[-1], int):
        return _models(path[:-1])
    return [
        part
        for field in _fields(path)
        for part in _parts(field.annotation)
        if isinstance(part, type) and issubclass(part, Model)
    ]


def _fields(path: Path) -> list[FieldInfo]:
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return []
    fields = (model.model_fields.get(str(path[-1])) for model in _models(path[:-1]))
    return [field for field in fields if field is not None]


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation and everything in it: members of unions, items, metadata."""
    yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)
