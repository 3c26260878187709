"""Evaluates the conditions of both forges: GitHub's `if:` expressions, and `if:` of GitLab's `rules:`.

Sources: GitHub Docs, "Evaluate expressions in workflows and actions"; GitLab Docs, "CI/CD YAML syntax reference",
`rules:if`. Only what our pipelines use; anything else is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Lookup = Callable[[str], str]
"""The text of a name such as `github.ref`, `$CI_COMMIT_BRANCH` or `cancelled()`; empty where it is absent."""
_TOKEN: Final = re.compile(
    r"""\s*(?:('[^']*'|"[^"]*")|(&&|\|\||==|!=|!|\(\)|[()])|([\w.$-]+(?:\(\))?))"""
)


class Condition:
    """One expression, taken apart.

    Args:
        text: As it stands in the file.
        lookup: Knows every name in it.
    """

    def __init__(self, text: str, lookup: Lookup) -> None:
        self._tokens: list[str] = []
        self._lookup = lookup
        at = 0
        text = text.strip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise ValueError(f"{text!r}: what is at {at}?")
            self._tokens.append(found[0].strip())
            at = found.end()

    def value(self) -> str:
        """Its text; empty is false."""
        value = self._either()
        if self._tokens:
            raise ValueError(f"left over: {self._tokens}")
        return value

    def _either(self) -> str:
        left = self._both()
        while self._takes("||"):
            right = self._both()
            left = left or right
        return left

    def _both(self) -> str:
        left = self._compared()
        while self._takes("&&"):
            right = self._compared()
            left = left and right
        return left

    def _compared(self) -> str:
        left = self._single()
        if self._takes("=="):
            return _text(left == self._single())
        if self._takes("!="):
            return _text(left != self._single())
        return left

    def _single(self) -> str:
        if self._takes("!"):
            return _text(not self._single())
        if self._takes("("):
            inner = self._either()
            if not self._takes(")"):
                raise ValueError("a parenthesis is open")
            return inner
        token = self._tokens.pop(0)
        return token[1:-1] if token[0] in "'\"" else self._lookup(token)

    def _takes(self, token: str) -> bool:
        if self._tokens[:1] == [token]:
            self._tokens.pop(0)
            return True
        return False


def holds(text: str, lookup: Lookup) -> bool:
    """Whether a condition holds."""
    return bool(Condition(text, lookup).value())


def _text(true: bool) -> str:
    return "true" if true else ""
