"""Put a new integration into the text of an environment, whose comments stay. No IO."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from tba_secrets.errors import SpecError, TbaError
from tba_secrets.spec import Environment, check


def put_after(text: str, number: int, lines: Iterable[str]) -> str:
    """Return the text of a valid environment with the lines after an integration's last one.

    The lines are the new item, its hyphen at the left edge; `number` is the integration's place in the list.

    Raises:
        TbaError: The list of integrations is written in brackets, where there is no line to put it.
    """
    fields = yaml.compose(text, Loader=yaml.CSafeLoader).value
    integrations = next(value for name, value in fields if name.value == "integrations")
    if integrations.flow_style:
        raise TbaError(
            "`integrations:` is written in brackets, so there is no line to put another one",
            "write each integration on lines of its own, beginning with a hyphen",
        )
    there = text.split("\n")
    end = _last_line(integrations.value[number])
    while not there[end].strip():
        end -= 1
    indent = " " * integrations.start_mark.column
    new = [indent + line for line in lines]
    after = there[end + 1 :] or [""]
    return "\n".join([*there[: end + 1], *new, *after])


def refuse_other_changes(before: Environment, text: str, number: int) -> None:
    """Raise unless the text is the same environment, with one more integration after `number`.

    Raises:
        SpecError: The rules refuse what is new.
        TbaError: Something else would change too.
    """
    after, findings = check(text)
    if after is None or findings:
        raise SpecError("\n".join(f"{one.what}; {one.hint}" for one in findings))
    kept = (*after.integrations[: number + 1], *after.integrations[number + 2 :])
    if after.model_copy(update={"integrations": kept}) != before:
        raise TbaError(
            "the file's layout is one that cannot be extended without changing what is there",
            "write each integration on lines of its own, with comments between them and not within values",
        )


def _last_line(node: Any) -> int:
    """Return the number of the last line that belongs to a node; comments after it do not."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    # a block of text ends where the next line begins
    return int(node.end_mark.line if node.end_mark.column else node.end_mark.line - 1)
