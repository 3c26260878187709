"""`tba checklist`: list what to click in NetSuite, ticking off what signed checks have shown.

It reads the YAML and the stack's state. It does not contact NetSuite or the stores.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from tba_secrets.cli.checklist import documents
from tba_secrets.cli.checklist.lines import Checklist
from tba_secrets.cli.checklist.proofs import all_proofs
from tba_secrets.cli.checklist.steps import checklist
from tba_secrets.cli.options import EnvironmentName, Project, one_of
from tba_secrets.cli.printing import write_whole
from tba_secrets.cli.status_state import ReadState
from tba_secrets.errors import TbaError
from tba_secrets.records import credential_records
from tba_secrets.spec import load_stack


class ChecklistFormat(StrEnum):
    """The output's format."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


_ENDINGS: Final = {
    ".md": ChecklistFormat.MARKDOWN,
    ".html": ChecklistFormat.HTML,
    ".htm": ChecklistFormat.HTML,
}

_DOCUMENTS: Final = {
    ChecklistFormat.TEXT: documents.text,
    ChecklistFormat.MARKDOWN: documents.markdown,
    ChecklistFormat.HTML: documents.html,
}


def command(
    environment: EnvironmentName,
    format: Annotated[
        str | None, typer.Option(help="text, markdown or html; default: by FILE's ending, or text.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file instead of stdout.")
    ] = None,
    project: Project = Path(),
) -> None:
    """List what to click in NetSuite for an environment, ticking off what signed checks have shown.

    It reads the YAML and state, and does not contact NetSuite. Open lines are not a failure: the exit code is 0.
    """
    from tba_secrets.engine import exported_resources

    by_ending = _ENDINGS.get(output.suffix.lower() if output else "", ChecklistFormat.TEXT)
    chosen = one_of(ChecklistFormat, format, "--format") or by_ending
    found = gather(project.resolve(), environment, exported_resources)
    if output is not None:
        write_whole(output, rendered(found, chosen))
        typer.echo(f"{output}: {found.count}")
    elif chosen is ChecklistFormat.TEXT:
        documents.show(found)
    else:
        typer.echo(rendered(found, chosen), nl=False)


def gather(project: Path, environment: str, read_state: ReadState) -> Checklist:
    """Build the checklist; if state cannot be read, nothing is ticked and the reason is noted.

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
    """Render the whole document."""
    return _DOCUMENTS[format](found)
