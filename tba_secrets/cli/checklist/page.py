"""The checklist as one page that needs nothing else: no script, no outside resource, everything escaped (`markup`)."""

from __future__ import annotations

from importlib.resources import files
from string import Template
from xml.etree.ElementTree import Element

from tba_secrets.cli.checklist.lines import Checklist, Group, Line, Step
from tba_secrets.cli.checklist.words import title
from tba_secrets.cli.markup import Content, tag, text


def page(checklist: Checklist) -> str:
    """The whole document."""
    template = files("tba_secrets.cli.checklist").joinpath("page.html").read_text(encoding="utf-8")
    name = title(checklist)
    parts = [_head(name, checklist)]
    parts += [_step(number, step) for number, step in enumerate(checklist.steps, start=1)]
    escaped = text(tag("title", f"{name}: checklist"))
    return Template(template).substitute(title=escaped, body=text(*parts))


def _head(name: str, checklist: Checklist) -> Element:
    notes = [tag("p", *_words(note), class_="note") for note in checklist.notes]
    return tag(
        "header",
        tag("h1", name),
        tag("p", f"What to click there. {checklist.count}.", class_="soft"),
        _progress(checklist),
        *notes,
    )


def _progress(checklist: Checklist) -> Element:
    """Drawn only: the words above it say the same."""
    share = 100 * sum(line.done for line in checklist.lines) / max(len(checklist.lines), 1)
    bar = tag("span", style=f"width: {share:.0f}%")
    return tag("div", bar, class_="progress", aria_hidden="true")


def _step(number: int, step: Step) -> Element:
    parts: list[Content] = [
        tag("h2", f"{number}. {step.title}", id=f"step-{number}"),
        tag("p", step.where, class_="where"),
    ]
    if step.note:
        parts.append(tag("p", step.note, class_="soft"))
    parts += [one for group in step.groups for one in _group(group)]
    return tag("section", *parts, aria_labelledby=f"step-{number}")


def _group(group: Group) -> list[Element]:
    heading = [tag("h3", group.title)] if group.title else []
    return [*heading, tag("ul", *(_line(line) for line in group.lines))]


def _line(line: Line) -> Element:
    state = "done" if line.done else "open"
    box = tag("span", "✓" if line.done else "", class_="box", role="img", aria_label=state)
    why = [tag("small", *_words(line.why))] if line.why else []
    classes = f"{state} lacking" if line.lacking else state
    return tag(
        "li", box, tag("span", tag("span", *_words(line.text)), *why, class_="said"), class_=classes
    )


def _words(said: str) -> list[Content]:
    """What stands between backticks is a command."""
    parts = said.split("`")
    return [tag("code", part) if odd % 2 else part for odd, part in enumerate(parts)]
