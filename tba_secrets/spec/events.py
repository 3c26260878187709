"""Step 2: scan YAML's event stream before anything is built from it.

The scan reads one event at a time and stops early. So text nested 200,000 levels deep, or an alias
that expands to millions of nodes, costs no more than reading up to it. PyYAML's own constructors
crash on the first and walk all of the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

from tba_secrets.spec.problem import START, Position, SpecFinding

MAXIMUM_DEPTH: Final = 64
_TOO_DEEP: Final = f"nested deeper than {MAXIMUM_DEPTH} levels"

_SYNTAX_HINTS: Final = {
    "mapping values are not allowed in this context": (
        "a colon where no key can stand",
        "put text that holds a colon in quotes, indent keys of one record alike, and see that the line "
        "above has its colon",
    ),
    "did not find expected key": (
        "a key was expected",
        "indent keys of one record alike, and close quotes",
    ),
    "could not find expected ':'": ("a colon is missing", "write key: value"),
    "did not find expected '-' indicator": (
        "the indentation fits neither the list nor the record above",
        "indent keys of one record alike, and begin each list item with a hyphen",
    ),
    "found unexpected end of stream": ("the text ends within quotes", "close the quotes"),
    "found character that cannot start any token": (
        "a character that no plain text can begin with",
        "put the text in quotes",
    ),
    "found unknown escape character": (
        "an unknown escape after a backslash",
        "use single quotes, in which a backslash is only a backslash",
    ),
    "did not find expected ',' or ']'": (
        "a list in brackets is not closed",
        "close it with ], and put a comma between its items",
    ),
    "did not find expected ',' or '}'": (
        "a record in braces is not closed",
        "close it with }, and put a comma between its keys",
    ),
    # newer ones read ahead of the scan, up to a limit of their own
    "exceeded maximum nesting depth": (_TOO_DEEP, "close what is open"),
}
"""libyaml's fixed phrases; no other text of an exception is ever shown."""


def scan(text: str) -> tuple[SpecFinding, ...]:
    """Return what forbids building anything from `text`.

    That is: syntax errors, too much depth, aliases, anchors, tags and further documents.
    """
    try:
        return tuple(_findings(yaml.parse(text, Loader=yaml.CSafeLoader)))
    except yaml.YAMLError as error:
        return (_syntax_finding(error),)


def _syntax_finding(error: yaml.YAMLError) -> SpecFinding:
    """Describe a syntax error in our own words.

    Only the exception's position and libyaml's fixed phrases are used: the rest may quote the file.
    """
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what, hint = _SYNTAX_HINTS.get(
        str(getattr(error, "problem", "")),
        ("this is not YAML", "correct the line, or the one above"),
    )
    return SpecFinding(START if mark is None else position_of(mark), what, hint)


def position_of(mark: Any) -> Position:
    """Convert a PyYAML mark (counted from 0) to a position (counted from 1)."""
    return Position(mark.line + 1, mark.column + 1)


def _findings(events: Iterator[Any]) -> Iterator[SpecFinding]:
    depth = documents = 0
    for event in events:
        position = position_of(event.start_mark)
        yield from _refused_property(event, position)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if documents > 1:
            yield SpecFinding(
                position, "a second document begins", "keep one environment in one file"
            )
            return
        if depth > MAXIMUM_DEPTH:
            yield SpecFinding(position, _TOO_DEEP, "close what is open")
            return
    if not documents:
        yield SpecFinding(START, "the file holds only comments", "begin it with version: 1")


def _refused_property(event: Any, position: Position) -> Iterator[SpecFinding]:
    if getattr(event, "anchor", None) is not None:
        what = "an alias (*)" if isinstance(event, yaml.AliasEvent) else "an anchor (&)"
        yield SpecFinding(position, what, "write it out; use defaults: for what is shared")
    if getattr(event, "tag", None) is not None:
        yield SpecFinding(position, "a tag (!)", "leave the tag out")
