"""The base of the models: strict, closed, and silent about the values they refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

TEXT_TAG: Final = "<text>"
"""Marks the scalar member of a union in pydantic's error locations; it cannot be a YAML key."""
MAPPING_TAG: Final = "<mapping>"
NUMBER_TAG: Final = "<number>"
TBA_TAG: Final = "<tba>"
OAUTH2_TAG: Final = "<oauth2>"
TAGS: Final = frozenset({TEXT_TAG, MAPPING_TAG, NUMBER_TAG, TBA_TAG, OAUTH2_TAG})
"""All that pydantic's locations hold and no file does."""
EXACTLY_ONE: JsonDict = {"minProperties": 1, "maxProperties": 1}
AT_LEAST_ONE: JsonDict = {"minProperties": 1}


@dataclass(frozen=True)
class Remedy:
    """What to write instead, for an error in the field that carries it."""

    text: str
    meant: Callable[[str], str | None] = lambda _text: None
    """Returns the right spelling where a text is a known wrong one."""


class Model(BaseModel):
    """A frozen, strict and closed model that never shows a value it refuses."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=False,
    )


def member_tag(value: object) -> str:
    """Return the tag of the union member that `value` is meant to be."""
    return MAPPING_TAG if isinstance(value, dict | BaseModel) else TEXT_TAG


def number_tag(value: object) -> str:
    """Return the tag of the union member that `value` is meant to be: a number, or a word."""
    return TEXT_TAG if isinstance(value, str) else NUMBER_TAG


def auth_tag(value: object) -> str:
    """Return the tag of the kind of integration that `value` is meant to be: TBA, unless it says otherwise."""
    auth = value.get("auth") if isinstance(value, dict) else getattr(value, "auth", None)
    return OAUTH2_TAG if auth == "oauth2" else TBA_TAG
