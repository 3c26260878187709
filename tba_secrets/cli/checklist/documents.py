"""The checklist as text for terminals and files, as Markdown, and as a page."""

from __future__ import annotations

from io import StringIO
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tba_secrets.cli.checklist.lines import Checklist, ChecklistStep, Line
from tba_secrets.cli.pages import markdown_safe, render

_WIDTH: Final = 100


def title(checklist: Checklist) -> str:
    """Name the environment and account."""
    return f"{checklist.environment}: NetSuite account {checklist.account}"


def line_words(line: Line) -> tuple[str, str]:
    """Return what to do, and why the line is ticked or not."""
    return line.text, f"({line.why})" if line.why else ""


def show(checklist: Checklist) -> None:
    """Print on the terminal; elsewhere without colours, at a fixed width."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(_rich(checklist))
    else:
        console.file.write(text(checklist))


def text(checklist: Checklist) -> str:
    """Render plain text."""
    console = Console(file=StringIO(), width=_WIDTH, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(_rich(checklist))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _rich(checklist: Checklist) -> RenderableType:
    parts: list[RenderableType] = [Text(title(checklist), style="bold"), Text(checklist.count)]
    parts += [Text(note, style="yellow") for note in checklist.notes]
    for number, step in enumerate(checklist.steps, start=1):
        parts += ["", Text(f"{number}. {step.title}", style="bold"), _step(step)]
    return Group(*parts)


def _step(step: ChecklistStep) -> RenderableType:
    parts: list[RenderableType] = [Text(step.where, style="cyan")]
    parts += [Text(step.note, style="dim")] if step.note else []
    for group in step.groups:
        parts += [Text(group.title, style="bold")] if group.title else []
        grid = Table.grid(padding=(0, 1))
        for line in group.lines:
            grid.add_row(*_row(line))
        parts.append(grid)
    return Padding(Group(*parts), (0, 0, 0, 3))


def _row(line: Line) -> tuple[Text, Text]:
    words, why = line_words(line)
    box = Text("[x]", style="green") if line.done else Text("[ ]")
    style = "yellow" if line.lacking else "dim"
    return box, Text.assemble(words, " " if why else "", (why, style))


def markdown(checklist: Checklist) -> str:
    """Render task lists, as GitHub and GitLab show them."""
    parts = [f"# {markdown_safe(title(checklist))}", f"{checklist.count}."]
    parts += [f"**{markdown_safe(note)}**" for note in checklist.notes]
    for number, step in enumerate(checklist.steps, start=1):
        parts += [f"## {number}. {step.title}", markdown_safe(step.where)]
        parts += [markdown_safe(step.note)] if step.note else []
        for group in step.groups:
            parts += [f"### {markdown_safe(group.title)}"] if group.title else []
            parts.append("\n".join(map(_task, group.lines)))
    return "\n\n".join(parts) + "\n"


def _task(line: Line) -> str:
    words = " ".join(filter(None, line_words(line)))
    return f"- [{'x' if line.done else ' '}] {markdown_safe(words)}"


def html(checklist: Checklist) -> str:
    """Render one self-contained page; page.html escapes everything."""
    done = sum(line.done for line in checklist.lines)
    return render(
        "tba_secrets.cli.checklist",
        "page.html",
        title=title(checklist),
        checklist=checklist,
        share=100 * done / max(len(checklist.lines), 1),
    )
