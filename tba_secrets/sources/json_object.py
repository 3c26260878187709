"""Read strings from the text of a JSON object.

Errors name keys and positions, never the text.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any, NoReturn

from tba_secrets.errors import SourceError
from tba_secrets.sources.interface import Pair, Source
from tba_secrets.sources.values import PairMaker


class JsonSource(Source):
    """A place that may hold a JSON object, with a key for each value."""

    def __init__(self, make: PairMaker, keys: tuple[str, ...]) -> None:
        self._make = make
        self._keys = keys

    def read(self) -> Pair | None:
        if (text := self._text()) is None:
            return None
        places = tuple(f"{self.place}, key `{key}`" for key in self._keys)
        return self._make(places, strings(text, self._keys, self._text_place))

    @property
    def _text_place(self) -> str:
        return self.place

    @abstractmethod
    def _text(self) -> bytes | None:
        """Return the object's text, or None if there is none."""


class _DuplicateKeyError(ValueError):
    pass


def strings(data: bytes, keys: tuple[str, ...], place: str) -> tuple[str, ...]:
    """Return the strings under `keys` of the JSON object in `data`.

    Raises:
        SourceError: It is not UTF-8, not JSON or not an object, or a key is missing or not a string.
    """
    found = _object(data, place)
    return tuple(_string(found, key, place) for key in keys)


def _object(data: bytes, place: str) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_without_duplicates)
    except UnicodeDecodeError:
        _refuse(f"{place}: this is not UTF-8 text")
    except json.JSONDecodeError as error:
        _refuse(f"{place}: this is not JSON, from line {error.lineno}, column {error.colno} on")
    except _DuplicateKeyError:
        _refuse(f"{place}: the JSON object has a key twice")
    except (ValueError, RecursionError):
        _refuse(f"{place}: this is not JSON that can be read (nested too deep, or a huge number)")
    if not isinstance(found, dict):
        _refuse(f"{place}: this is JSON, but not an object")
    return found


def _string(found: dict[str, Any], key: str, place: str) -> str:
    if key not in found:
        raise SourceError(
            f"{place}: the JSON object has no key `{key}`",
            "add it, or name the key that it has in the environment's YAML",
        )
    value = found[key]
    if not isinstance(value, str):
        _refuse(f"{place}: the value of `{key}` is not a JSON string")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise _DuplicateKeyError
    return found


def _refuse(what: str) -> NoReturn:
    """Raise without a cause, because a JSONDecodeError holds the whole text."""
    raise SourceError(what, "it has to be one JSON object whose values are strings") from None
