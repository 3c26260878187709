"""Step 3: turn safe text into plain data, with the position of every key and value.

PyYAML reads YAML 1.1 and editors read YAML 1.2, and the two disagree on unquoted text: in 1.1 `0123456`
is octal, `12:30:45` is a number in base 60, and `no` and `on` are booleans. Text that the two read
differently becomes `Unquoted`. It fits no field, so it is an error instead of a surprise. Duplicate
keys, merge keys and empty values are errors too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from tba_secrets.spec.events import position_of
from tba_secrets.spec.looks_secret import shown_key
from tba_secrets.spec.problem import START, Path, Position, SpecFinding, path_text

_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER_1_2: Final = re.compile(
    r"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
)
"""YAML 1.2.2, section 10.3.2: what its core schema resolves to a number."""
_BOOLEANS: Final = {"true": True, "false": False}
_TAG: Final = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Unquoted:
    """Unquoted text that YAML 1.1 or YAML 1.2 would read as something other than text."""


@dataclass
class Document:
    """Plain data (dict, list, str, int, bool, `Unquoted`) and the position of each part."""

    data: Any = None
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    findings: list[SpecFinding] = field(default_factory=list)
    refused: set[Path] = field(default_factory=set)
    """Values that already have a finding; the models do not report them again."""

    def finding(self, path: Path, what: str, hint: str) -> SpecFinding:
        """Return what is wrong with the value at `path`."""
        return SpecFinding(self.position(path), f"{path_text(path)}: {what}", hint)

    def position(self, path: Path) -> Position:
        """Return where the value at `path` begins, or its nearest existing parent."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, START)

    def key_position(self, path: Path) -> Position:
        """Return where the last key of `path` stands, or else what `position` returns."""
        return self.keys.get(path) or self.position(path)

    def value(self, path: Path) -> Any:
        """Return the data at `path`, or None if there is none."""
        current = self.data
        for part in path:
            if isinstance(current, dict):
                current = current.get(part)
            elif isinstance(current, list) and isinstance(part, int) and part < len(current):
                current = current[part]
            else:
                return None
        return current

    def items(self, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the records of the list at `path`, with their paths."""
        found = self.value(path)
        for i, item in enumerate(found if isinstance(found, list) else ()):
            if isinstance(item, dict):
                yield (*path, i), item

    def records(self, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Yield the integrations, or the tokens or certificates of all integrations, with their paths."""
        if key == "integrations":
            yield from self.items((key,))
            return
        for path, _ in self.items(("integrations",)):
            yield from self.items((*path, key))


def construct(text: str) -> Document:
    """Build the data.

    `text` has passed `events.scan`: one document, no aliases, at most 64 levels deep.
    """
    document = Document()
    document.data = _build(document, yaml.compose(text, Loader=yaml.CSafeLoader), ())
    return document


def _build(document: Document, node: Any, path: Path) -> Any:
    document.values[path] = position_of(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return _mapping(document, node, path)
    if isinstance(node, yaml.SequenceNode):
        return [_build(document, item, (*path, i)) for i, item in enumerate(node.value)]
    value = _scalar(node)
    if value is None:
        what = f"{path_text(path)}: the value is missing"
        hint = "write one, or leave the key out"
        document.findings.append(SpecFinding(document.key_position(path), what, hint))
        document.refused.add(path)
    return value


def _mapping(document: Document, node: Any, path: Path) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _key(document, key_node)
        if key is None:
            continue
        inner = (*path, key)
        if key in built:
            document.findings.append(
                SpecFinding(
                    position_of(key_node.start_mark),
                    f"{path_text(path)}: the key {shown_key(key)} is repeated here, "
                    f"first on line {document.keys[inner].line}",
                    "keep one of the two",
                )
            )
            continue
        document.keys[inner] = position_of(key_node.start_mark)
        built[key] = _build(document, value_node, inner)
    return built


def _key(document: Document, node: Any) -> str | None:
    """Return the key's text. Report a key that is not text and return None."""
    problem = None
    if node.tag == f"{_TAG}merge":
        problem = "a merge key (<<)", "write the keys out; use defaults: for what is shared"
    elif not isinstance(node, yaml.ScalarNode):
        problem = "a key that is a list or a record", "write a word before the colon"
    elif not isinstance(key := _scalar(node), str):
        problem = "a key that YAML does not read as text", "put the key in quotes"
    else:
        return key
    document.findings.append(SpecFinding(position_of(node.start_mark), *problem))
    return None


def _scalar(node: Any) -> str | int | bool | Unquoted | None:
    text: str = node.value
    if node.style:  # quoted, or a block; plain text has the style ''
        return text
    if node.tag == f"{_TAG}null":
        return None
    if node.tag == f"{_TAG}bool" and text in _BOOLEANS:
        return _BOOLEANS[text]
    if node.tag == f"{_TAG}int" and _INTEGER.fullmatch(text):
        return int(text)
    if node.tag == f"{_TAG}str" and not _NUMBER_1_2.fullmatch(text):
        return text
    return Unquoted()


def yaml_text(text: str) -> str:
    """Write `text` as a YAML scalar: plain if it reads back unchanged, otherwise in quotes."""
    try:
        plain = construct(f"key: {text}").data == {"key": text}
    except yaml.YAMLError:
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())
