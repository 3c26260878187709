"""Step 1: decode the file's bytes to text that is safe to parse.

It refuses files that cannot be an environment (missing, a folder, empty, binary, not UTF-8, too
large), characters that editors do not show, and anything that looks like a TBA value or a private key, even in
comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tba_secrets.spec.looks_secret import pasted_values
from tba_secrets.spec.problem import START, InvalidSpecError, Position, SpecFinding

MAXIMUM_BYTES: Final = 1 << 20
_INVISIBLE: Final = re.compile(
    # C0 and C1 controls but the line feed, zero-width characters, line separators, bidirectional overrides
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)

_PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")


def read_text(path: Path) -> str:
    """Read `path`, without a byte order mark and with line feeds only.

    Raises:
        InvalidSpecError: The file is missing, or is not UTF-8 text of at most 1 MiB.
    """
    data = _read_bytes(path)
    if len(data) > MAXIMUM_BYTES:
        hint = "split it into several environments"
        raise _unreadable(path, "the file is larger than 1 MiB", hint)
    if b"\x00" in data:
        raise _unreadable(path, "the file is binary, or UTF-16", "save it as UTF-8 text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = _with_line_feeds(data[: error.start].decode("utf-8-sig"))
        at = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _unreadable(path, "the file is not UTF-8", "save it as UTF-8 text", at) from None
    if not text.strip():
        raise _unreadable(path, "the file is empty", "begin it with version: 1")
    return _with_line_feeds(text)


def invisible_findings(text: str) -> Iterator[SpecFinding]:
    """Find the first tab or invisible character of each line. Text that has one is not parsed."""
    for number, line in enumerate(text.split("\n"), start=1):
        if (match := _INVISIBLE.search(line)) is not None:
            what, hint = f"the invisible character U+{ord(match.group()):04X}", "delete it"
            if match.group() == "\t":
                what, hint = "a tab, which cannot indent YAML", "write spaces"
            yield SpecFinding(Position(number, match.start() + 1), what, hint)


def pasted_findings(text: str) -> Iterator[SpecFinding]:
    """Find everything that looks like a TBA value or a private key, wherever it is."""
    for number, line in enumerate(text.split("\n"), start=1):
        if (begins := _PRIVATE_KEY.search(line)) is not None:
            yield SpecFinding(
                Position(number, begins.start() + 1),
                "a private key",
                "name the place that holds it, or leave key: out and it is made in memory; revoke its certificate and "
                "make a new pair, since this file goes into version control",
            )
        for pasted in pasted_values(line):
            yield SpecFinding(
                Position(number, pasted.start() + 1),
                "64 hexadecimal digits, which look like a key, an id or a secret",
                "name the place that holds the value, never the value; "
                "if it is real, revoke it, since this file goes into version control",
            )


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise _unreadable(path, "this is a folder", "name a YAML file")
        if not path.exists():
            raise _unreadable(path, "the file does not exist", "create it, or correct its name")
        if not path.is_file():
            raise _unreadable(path, "this is not a regular file", "name a YAML file")
        with path.open("rb") as file:
            return file.read(MAXIMUM_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not valid"
        what = f"the file cannot be read ({reason})"
        raise _unreadable(path, what, "make it readable") from None


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unreadable(path: Path, what: str, hint: str, at: Position = START) -> InvalidSpecError:
    return InvalidSpecError([SpecFinding(at, what, hint).within(path)])
