"""Tables and lines that read well at any width: no word is broken, no column is cut, and one cause is told once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table
from rich.text import Text

from tba_secrets.errors import TbaError

_UNBOUNDED: Final = 10_000
"""The width outside a terminal: a log keeps its lines whole."""
_FURTHER_IN: Final = 2
_NUMBER: Final = re.compile(r"[0-9]+\. ")


def report_console(file: IO[str] | None = None, *, stderr: bool = False) -> Console:
    """Return where a report goes: as wide as the terminal is, or as wide as it has to be elsewhere."""
    console = Console(file=file, highlight=False, stderr=stderr)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    return console


def show_table(
    console: Console,
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    ruled: bool = False,
) -> None:
    """Show rows of rich's markup as a table if it fits the console's width, otherwise as a block for each row.

    The first two cells of a row, its name and its state, begin its block. `ruled` draws a line between rows.
    """
    table = Table(*headings, title=title, title_justify="left", show_lines=ruled)
    rows = list(rows)
    for row in rows:
        table.add_row(*row)
    unbounded = console.options.update(width=_UNBOUNDED)
    if console.measure(table, options=unbounded).maximum <= console.width:
        console.print(table)
        return
    console.print(f"[italic]{title}[/]")
    for name, state, *cells in rows:
        console.print(f"[bold]{name}[/]: {state}")
        block = Table.grid(padding=(0, 1), pad_edge=True)
        for heading, cell in zip(headings[2:], cells, strict=True):
            if cell:
                block.add_row(f"  {heading}:", cell)
        if block.row_count:
            console.print(block)


def tell(console: Console, markup: str) -> None:
    """Print lines of prose: on a terminal wrapped between words, what follows further in; elsewhere whole."""
    for line in markup.split("\n"):
        if console.is_terminal:
            body = line.lstrip(" ")
            first = " " * (len(line) - len(body))
            number_of_item = _NUMBER.match(body)
            further = len(number_of_item[0]) if number_of_item else _FURTHER_IN
            indent = first + " " * further
            wrapped = Text.from_markup(body).wrap(console, max(console.width - len(indent), 1))
            for number, part in enumerate(wrapped):
                part.rstrip()
                console.print(Text(indent if number else first) + part, soft_wrap=True)
        else:
            console.print(line, soft_wrap=True)


def grouped(messages: Iterable[tuple[str | None, str]]) -> Iterator[str]:
    """Tell each cause once, with the records that it is about.

    A message is the record, if it is about one, and the words, which may begin with it.
    """
    about: dict[str, list[str]] = {}
    for record, text in messages:
        records = about.setdefault(text.removeprefix(f"{record}: "), [])
        if record is not None:
            records.append(record)
    for text, records in about.items():
        named = not records or text.startswith(tuple(records))
        yield text if named else f"{', '.join(sorted(set(records)))}: {text}"


def waiting(what: str) -> Status:
    """Show what is done, in the present participle, as a moving line on stderr, on a terminal only.

    Use it in a `with` block; `update` changes its words.
    """
    return Console(stderr=True).status(escape(what))


def write_whole(path: Path, document: str) -> None:
    """Replace a file whole, so that nobody reads half of it; what is no file (a pipe, a device) is written to."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(document, encoding="utf-8")
            return
        # realpath does not raise on a loop of links; the write below does
        target = Path(os.path.realpath(path))
        new = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            new.write_text(document, encoding="utf-8")
            new.replace(target)
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise TbaError(
            f"{path}: cannot be written ({error.strerror})", "name another file"
        ) from None
