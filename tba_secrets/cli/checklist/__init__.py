"""`tba checklist`: what to click in NetSuite for an environment, ticked off where signed checks have shown it.

It reads the YAML and the stack's state, and asks NetSuite and the stores nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, assert_never

import typer

from tba_secrets.cli.checklist import documents
from tba_secrets.cli.checklist.lines import Checklist
from tba_secrets.cli.checklist.proofs import all_proofs
from tba_secrets.cli.checklist.steps import checklist
from tba_secrets.errors import TbaError
from tba_secrets.records import credential_records
from tba_secrets.spec import load_stack

ReadState = Callable[[Path, str], list[dict[str, Any]]]
"""`engine.exported_resources`, or a test's own."""


class ChecklistFormat(StrEnum):
    """How it is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


_ENDINGS: Final = {
    ".md": ChecklistFormat.MARKDOWN,
    ".html": ChecklistFormat.HTML,
    ".htm": ChecklistFormat.HTML,
}


def run(
    project: Path, environment: str, format: ChecklistFormat | None, output: Path | None
) -> None:
    """Show it, or write it.

    Args:
        project: The folder that holds Pulumi.yaml and stacks/.
        environment: The stack's name.
        format: What the file's name says where absent, else text.
        output: A file; stdout where absent.

    Raises:
        TbaError: There is no such environment, its YAML is wrong, or the file cannot be written.
    """
    from tba_secrets.engine import exported_resources

    chosen = format or _ENDINGS.get(output.suffix.lower() if output else "", ChecklistFormat.TEXT)
    found = gather(project, environment, exported_resources)
    if output is not None:
        _write(output, rendered(found, chosen))
        typer.echo(f"{output}: {found.count}")
    elif chosen is ChecklistFormat.TEXT:
        documents.show(found)
    else:
        typer.echo(rendered(found, chosen), nl=False)


def gather(project: Path, environment: str, read_state: ReadState) -> Checklist:
    """The checklist of one environment; where state cannot be read, nothing is ticked and the reason is in it.

    Raises:
        SpecError: There is no such environment, or its YAML is wrong.
    """
    records = credential_records(load_stack(project, environment))
    try:
        resources, unread = read_state(project, environment), ""
    except TbaError as error:
        resources, unread = [], error.what
    return checklist(environment, all_proofs(records, resources), unread)


def rendered(found: Checklist, format: ChecklistFormat) -> str:
    """The whole document."""
    match format:
        case ChecklistFormat.TEXT:
            return documents.text(found)
        case ChecklistFormat.MARKDOWN:
            return documents.markdown(found)
        case ChecklistFormat.HTML:
            return documents.html(found)
        case _:
            assert_never(format)


def _write(path: Path, document: str) -> None:
    try:
        path.write_text(document, encoding="utf-8")
    except OSError as error:
        why = f"{path}: cannot be written ({error.strerror})"
        raise TbaError(why, "name another file") from None
