"""`tba status`: report every token's age, proof and versions, and what is left to do.

Exit codes (`rotation.Standing`; the worst of all): 0 all well; 10 due soon; 11 overdue; 12 attention:
drift, a pending candidate, or work for a person; 13 failing: the last update failed, there is no
credential, or something cannot be read. As everywhere, 1 is an error and 2 a wrong command line.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import IO, Annotated, Final

import typer
from rich.markup import escape

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.notify import MessageShape, Notified, notify, refuse_odd_options
from tba_secrets.cli.options import Project, one_of, own_stack_names
from tba_secrets.cli.printing import report_console, show_table, tell, waiting, write_whole
from tba_secrets.cli.status_gather import gather
from tba_secrets.cli.status_report import HEADINGS, EnvironmentReport, Report, cells, summary
from tba_secrets.cli.status_state import ReadState
from tba_secrets.errors import SpecError, TbaError
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.netsuite.tba_end import tba_note
from tba_secrets.rotation import RotationFinding, Standing
from tba_secrets.spec import stack_names
from tba_secrets.suggestions import did_you_mean, or_else
from tba_secrets.webhook import Webhook, webhook

_AT_ONCE: Final = 8
_EACH: Final = "\0"
"""Stands for the token's path in a remedy that several have."""


class StatusFormat(StrEnum):
    """The output's format."""

    TEXT = "text"
    JSON = "json"
    OPENMETRICS = "openmetrics"
    MARKDOWN = "markdown"


_ENDINGS: Final = {
    ".json": StatusFormat.JSON,
    ".prom": StatusFormat.OPENMETRICS,
    ".md": StatusFormat.MARKDOWN,
}


def command(
    environments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ENV", callback=own_stack_names, help="Stack names; default: all of stacks/."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    format: Annotated[
        str | None,
        typer.Option(
            help="text, json, openmetrics or markdown; default: by FILE's ending, or text."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file instead of stdout.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one self-contained page.")
    ] = None,
    notify_env: Annotated[
        str | None,
        typer.Option(
            metavar="VARIABLE",
            help="Send what is due, failing or waiting to the webhook whose URL is in this variable.",
        ),
    ] = None,
    notify_as: Annotated[
        str | None,
        typer.Option(metavar="SHAPE", help="slack, teams or json; default: by the URL's host."),
    ] = None,
    notify_key_env: Annotated[
        str | None,
        typer.Option(metavar="VARIABLE", help="The variable with the key that signs what is sent."),
    ] = None,
    project: Project = Path(),
) -> None:
    """Report every token's age and due date, proof, versions and drift, and what is left to do.

    It reads state and stores, and does not contact NetSuite.

    Exit codes, the worst of all tokens:

    \b
     0  well: proven, current in every store, within its policy
    10  due soon: the due date is within warn_before, a certificate ends soon, or the age is not known
    11  overdue: rotate_every is over
    12  attention: drift, a pending candidate, or work for a person
    13  failing: the last update failed, no credential, it cannot be read, a certificate ran out
     1  another error; or all is well, and the webhook did not take the message
     2  the command line is wrong
    """  # noqa: D301 - click's mark for a block that is not wrapped
    from tba_secrets.engine import exported_resources

    chosen = one_of(StatusFormat, format, "--format")
    if as_json and chosen not in (None, StatusFormat.JSON):
        raise typer.BadParameter("take one of --json and --format")
    if chosen is None:
        by_ending = _ENDINGS.get(output.suffix.lower() if output else "", StatusFormat.TEXT)
        chosen = StatusFormat.JSON if as_json else by_ending
    shape = one_of(MessageShape, notify_as, "--notify-as")
    refuse_odd_options(notify_env, notify_key_env, shape)
    to = webhook(notify_env, notify_key_env, os.environ) if notify_env else None
    report = survey(project.resolve(), environments or [], exported_resources)
    _put_out(report, chosen, output, html)
    told = notify_env is None or _notify(report, notify_env, to, shape)
    raise typer.Exit(ending(report, told=told))


def _put_out(report: Report, format: StatusFormat, output: Path | None, html: Path | None) -> None:
    if html is not None:
        from tba_secrets.cli.status_page import page

        write_whole(html, page(report))
    if output is not None:
        write_whole(output, rendered(report, format))
        typer.echo(f"{output}: {summary(report)}")
    elif format is StatusFormat.TEXT:
        show(report)
    else:
        typer.echo(rendered(report, format), nl=False)


def ending(report: Report, *, told: bool) -> int:
    """Return the exit code: that of the worst standing; if all is well, 1 for a failed delivery."""
    return int(report.standing) or int(Exit.DONE if told else Exit.FAILED)


def _notify(report: Report, variable: str, to: Webhook | None, shape: MessageShape | None) -> bool:
    """Notify the webhook, and say on stderr how that went; return False if it failed."""
    if to is None:
        typer.echo(f"{variable} is not set: nobody is notified", err=True)
        return True
    try:
        typer.echo(notify(report, to, Notified.at_home(), shape), err=True)
    except TbaError as error:
        typer.echo(f"error: {error}", err=True)
        return False
    return True


def rendered(report: Report, format: StatusFormat) -> str:
    """Render the whole document."""
    match format:
        case StatusFormat.TEXT:
            file = StringIO()
            show(report, file)
            return file.getvalue()
        case StatusFormat.JSON:
            return json.dumps(report.plain(), indent=2) + "\n"
        case StatusFormat.OPENMETRICS:
            from tba_secrets.cli.status_metrics import exposition

            return exposition(report)
        case StatusFormat.MARKDOWN:
            from tba_secrets.cli.status_markdown import markdown

            return markdown(report)


def survey(
    project: Path, environments: Sequence[str], read_state: ReadState, now: float | None = None
) -> Report:
    """Report on the environments, in the order given; by default on all of stacks/. `now` is in epoch seconds.

    Raises:
        SpecError: An environment does not exist, or there is none.
    """
    names = tuple(dict.fromkeys(environments)) or stack_names(project)
    _refuse_unknown(project, names)
    at, refused = time.time() if now is None else now, RefusedLogins.at_home()
    found: dict[str, EnvironmentReport] = {}
    with waiting(_waiting(names)) as status, ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(gather, project, name, at, read_state, refused) for name in names]
        for done in as_completed(futures):
            environment = done.result()
            found[environment.name] = environment
            status.update(escape(_waiting([name for name in names if name not in found])))
    return Report(at, tuple(found[name] for name in names))


def _refuse_unknown(project: Path, names: Sequence[str]) -> None:
    existing = stack_names(project)
    unknown = [name for name in names if name not in existing]
    if unknown or not names:
        there = ", ".join(existing) or "none yet"
        meant = did_you_mean(unknown[0], existing) if unknown else ""
        otherwise = (
            "name one that exists, or write another: `tba init ENV`"
            if existing
            else "go to the project's folder, which holds Pulumi.yaml and stacks/; or `tba init ENV` writes one"
        )
        raise SpecError(
            f"{project / 'stacks'}: there is no environment {', '.join(unknown)}".rstrip()
            + f" (there: {there})",
            or_else(meant, otherwise),
        )


def _waiting(names: Sequence[str]) -> str:
    return f"reading state and stores of {', '.join(names)}"


# --- for people ---------------------------------------------------------------------------------------

_COLOURS: Final = {
    Standing.WELL: "green",
    Standing.DUE_SOON: "yellow",
    Standing.OVERDUE: "red",
    Standing.ATTENTION: "magenta",
    Standing.FAILING: "red",
}


def show(report: Report, file: IO[str] | None = None) -> None:
    """Print a table for each environment, then the findings, each with what to do; without a file to stdout."""
    console = report_console(file)
    for environment in report.environments:
        if environment.tokens:
            title = f"{escape(environment.name)}: account {escape(environment.account or '?')}"
            show_table(console, title, HEADINGS, _rows(environment, report.at), ruled=True)
        for line in _findings(environment):
            tell(console, line)
        console.print()
    if note := tba_note(name for one in report.environments for name in one.on_tba):
        tell(console, f"[dim]note[/]  {escape(note)}")
    console.print(summary(report))


def _rows(report: EnvironmentReport, now: float) -> Iterator[tuple[str, ...]]:
    for token in report.tokens:
        yield escape(token.path), _coloured(token.standing), *map(escape, cells(token, now))


def _findings(report: EnvironmentReport) -> Iterator[str]:
    """Tell each finding once: first those of the environment, then those of its tokens, with all whom it concerns."""
    for finding in report.findings:
        yield _line((report.name,), finding)
    about: dict[RotationFinding, list[str]] = {}
    for token in report.tokens:
        for finding in token.findings:
            common = replace(finding, remedy=finding.remedy.replace(token.path, _EACH))
            about.setdefault(common, []).append(token.path)
    for common, paths in about.items():
        remedy = common.remedy.replace(_EACH, " ".join(paths))
        yield _line(paths, replace(common, remedy=remedy))


def _line(names: Sequence[str], finding: RotationFinding) -> str:
    remedy = f"\n    [dim]To do:[/] {escape(finding.remedy)}" if finding.remedy else ""
    label = "[dim]note[/]" if finding.standing is Standing.WELL else _coloured(finding.standing)
    return f"  {label}  {escape(', '.join(names))}: {escape(finding.what)}{remedy}"


def _coloured(standing: Standing) -> str:
    return f"[{_COLOURS[standing]}]{standing.word}[/]"
