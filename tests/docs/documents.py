"""The documents as a reader takes them: the commands that they tell to run, and the links that they offer."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.docs.cli_reference import DOCUMENT as CLI_REFERENCE
from tests.engine.project import ROOT

DOCUMENTS: Final = (
    *sorted(ROOT.glob("*.md")),
    *sorted({*(ROOT / "docs").rglob("*.md")} - {CLI_REFERENCE}),
)
SHELL_FENCES: Final = ("console", "sh", "bash", "shell")
PROGRAMS: Final = (
    "tba",
    "pulumi",
    "make",
    "aws",
    "vault",
    "git",
    "npm",
    "pip",
    "python",
    "openssl",
)
"""Inline code that starts with one of these and goes on is a command; in a block every line is one, but for
comments and for an error that is shown."""

_FENCE: Final = re.compile(r"^ *```(\w*)")
_INLINE: Final = re.compile(r"`([^`]+)`")
_OUTPUT: Final = re.compile(r"^ *(#|$|error:)")
_HERE_DOCUMENT: Final = re.compile(r"<<'?(\w+)'?")
_KEPT: Final = re.compile(r"\w+=\$\((.*)\)")
"""What a command prints goes into a variable."""
_INDENTED: Final = re.compile(r"^ {4,}\S")


@dataclass(frozen=True)
class Command:
    """One command as a document writes it."""

    document: str
    text: str
    whole: bool
    """It stands in a block, to be copied; else it is mentioned in a sentence, where arguments may be left out."""

    @property
    def words(self) -> list[str]:
        """As the shell splits them, without the brackets and dots around placeholders."""
        words = shlex.split(self.text, comments=True)
        return [re.sub(r"^\[|\]$|\.\.\.\]?$", "", word) for word in words]

    def __str__(self) -> str:
        return f"{self.document}: {self.text}"


def commands(document: Path) -> Iterator[Command]:
    """Every command in a document, in its order."""
    name = str(document.relative_to(ROOT))
    end = ""
    for line, kind in _lines(document.read_text()):
        if kind == "prose":
            for found in _INLINE.findall(line):
                said = " ".join(found.split())
                if said.partition(" ")[0] in PROGRAMS and " " in said:
                    yield Command(name, said, whole=False)
        elif end:
            end = "" if line.strip() == end else end
        elif kind == "shell" and not _OUTPUT.match(line):
            here = _HERE_DOCUMENT.search(line)
            end = here[1] if here else ""
            kept = _KEPT.fullmatch(line.strip())
            yield Command(name, kept[1] if kept else line.strip(), whole=True)


def block(document: Path, language: str, after: str) -> str:
    """The first fenced block of a language behind a heading, without the indent of the list that it stands in."""
    section = document.read_text().partition(f"## {after}\n")[2]
    lines = iter(section.splitlines())
    start = next(line for line in lines if line.strip() == f"```{language}")
    indent = len(start) - len(start.lstrip())
    inside = []
    for line in lines:
        if line.strip() == "```":
            break
        inside.append(line[indent:])
    return "\n".join(inside) + "\n"


def links(text: str) -> list[str]:
    """The targets of links inside this repository, in order."""
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Paragraphs as `prose`, lines of shell blocks as `shell`; other blocks are left out."""
    fence, paragraph = "", list[str]()
    for line in [*text.splitlines(), ""]:
        opened = _FENCE.match(line)
        code = not fence and not paragraph and _INDENTED.match(line) is not None
        if paragraph and (opened or not line.strip()):
            yield "\n".join(paragraph), "prose"
            paragraph = []
        if opened:
            fence = "" if fence else opened[1] or "text"
        elif fence in SHELL_FENCES:
            yield from _typed(line, fence)
        elif code:
            yield line, "shell"
        elif not fence and line.strip():
            paragraph.append(line)


def _typed(line: str, fence: str) -> Iterator[tuple[str, str]]:
    """A line of a shell block; in a console's record only what stands behind the prompt was typed."""
    if fence != "console":
        yield line, "shell"
    elif line.lstrip().startswith("$ "):
        yield line.lstrip().removeprefix("$ "), "shell"
