"""`tba status`: report every token's age, proof and versions, and what is left to do.

Exit codes (`rotation.Standing`; the worst of all): 0 all well; 10 due soon; 11 overdue; 12 attention:
drift, a pending candidate, or work for a person; 13 failing: the last update failed, there is no
credential, or something cannot be read. As everywhere, 1 is an error and 2 a wrong command line.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Final, assert_never

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.notify import Notified, NotifyWish, Webhook, notify, webhook
from tba_secrets.cli.status_gather import ReadState, gather
from tba_secrets.cli.status_report import EnvironmentReport, Report, TokenReport, versions
from tba_secrets.cli.waiting import waiting
from tba_secrets.errors import SpecError, TbaError
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.rotation import RotationFinding, Standing, span, when
from tba_secrets.spec import stack_names

_AT_ONCE: Final = 8
_WIDTH: Final = 130
"""The width of tables outside a terminal, so that a log keeps its lines whole."""


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


def run(
    project: Path,
    environments: Sequence[str],
    format: StatusFormat | None,
    output: Path | None,
    html: Path | None,
    wish: NotifyWish | None,
) -> None:
    """Report, notify, and exit.

    Args:
        project: The folder that holds Pulumi.yaml and stacks/.
        environments: Their names; none for all of stacks/.
        format: The format; by default that of the file's name, or text.
        output: A file; None for stdout.
        html: A file for the page besides.
        wish: Whom to notify; None for nobody.

    Raises:
        TbaError: An environment does not exist, a file cannot be written, or a webhook's address cannot be used.
    """
    from tba_secrets.engine import exported_resources

    to = None if wish is None else webhook(wish, os.environ)
    chosen = format or _ENDINGS.get(output.suffix.lower() if output else "", StatusFormat.TEXT)
    report = survey(project, environments, exported_resources)
    if html is not None:
        from tba_secrets.cli.status_page import page

        _write(html, page(report))
    if output is not None:
        _write(output, rendered(report, chosen))
        typer.echo(f"{output}: {summary(report)}")
    elif chosen is StatusFormat.TEXT:
        show(report)
    else:
        typer.echo(rendered(report, chosen), nl=False)
    told = wish is None or _notify(report, wish, to)
    raise typer.Exit(ending(report, told=told))


def ending(report: Report, *, told: bool) -> int:
    """Return the exit code: the worst standing's, which a delivery that failed does not hide.

    Args:
        report: What was found.
        told: Whether whoever was to be notified has been.
    """
    return int(report.standing) or int(Exit.DONE if told else Exit.FAILED)


def _notify(report: Report, wish: NotifyWish, to: Webhook | None) -> bool:
    """Tell the webhook, and say on stderr how that ended; return whether it did not fail."""
    if to is None:
        typer.echo(f"{wish.variable} is not set: nobody is notified", err=True)
        return True
    try:
        typer.echo(notify(report, to, Notified.at_home()), err=True)
    except TbaError as error:
        typer.echo(f"error: {error}", err=True)
        return False
    return True


def rendered(report: Report, format: StatusFormat) -> str:
    """Render the whole document."""
    match format:
        case StatusFormat.TEXT:
            return text(report)
        case StatusFormat.JSON:
            return json.dumps(report.plain(), indent=2) + "\n"
        case StatusFormat.OPENMETRICS:
            from tba_secrets.cli.status_metrics import exposition

            return exposition(report)
        case StatusFormat.MARKDOWN:
            from tba_secrets.cli.status_markdown import markdown

            return markdown(report)
        case _:
            assert_never(format)


def survey(
    project: Path, environments: Sequence[str], read_state: ReadState, now: float | None = None
) -> Report:
    """Report on the environments, in the order given; by default on all of stacks/.

    Args:
        project: The folder that holds Pulumi.yaml and stacks/.
        environments: Their names.
        read_state: Returns a stack's resources.
        now: Epoch seconds; None for the clock's time.

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
        raise SpecError(
            f"{project / 'stacks'}: there is no environment {', '.join(unknown)}".rstrip()
            + f" (there: {there})",
            "name one that exists, or create stacks/STACK.yaml",
        )


def _waiting(names: Sequence[str]) -> str:
    return f"reading state and stores of {', '.join(names)}"


def _write(path: Path, document: str) -> None:
    """Replace a file whole, so that nobody reads half of it; what is no file (a pipe, a device) is written to."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(document, encoding="utf-8")
            return
        target = path.resolve()
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


# --- for people ---------------------------------------------------------------------------------------

_COLOURS: Final = {
    Standing.WELL: "green",
    Standing.DUE_SOON: "yellow",
    Standing.OVERDUE: "red",
    Standing.ATTENTION: "magenta",
    Standing.FAILING: "red",
}
HEADINGS: Final = ("token", "state", "age and due date", "current and previous", "last proof")
"""Of the table of an environment."""


def show(report: Report) -> None:
    """Print on the terminal; elsewhere without colours, at a fixed width."""
    console = Console(highlight=False)
    _print(report, console if console.is_terminal else Console(highlight=False, width=_WIDTH))


def text(report: Report) -> str:
    """Render plain text."""
    file = StringIO()
    _print(report, Console(file=file, width=_WIDTH, color_system=None, highlight=False))
    return file.getvalue()


def _print(report: Report, console: Console) -> None:
    """Print a table for each environment, then the findings, each with what to do."""
    for environment in report.environments:
        if environment.tokens:
            console.print(_table(environment, report.at))
        for name, finding in environment.all_findings:
            console.print(_line(name, finding), soft_wrap=True)
        if environment.note:
            console.print(f"  [dim]note[/]  {escape(environment.note)}", soft_wrap=True)
        console.print()
    console.print(summary(report))


def _table(report: EnvironmentReport, now: float) -> Table:
    title = f"{escape(report.name)}: account {escape(report.account or '?')}"
    table = Table(title=title, title_justify="left", show_lines=True)
    for heading in HEADINGS:
        table.add_column(heading, no_wrap=heading in ("token", "state"), overflow="fold")
    for token in report.tokens:
        table.add_row(
            escape(token.path), _coloured(token.standing), *map(escape, cells(token, now))
        )
    return table


def cells(token: TokenReport, now: float) -> tuple[str, ...]:
    """Return what the table has under the headings behind the state."""
    age, due = token.age(now), token.policy.due_at(token.since)
    previous = versions(token, "previous")
    proof = [] if token.proof is None else [token.proof.at[:10], token.proof.who]
    return (
        _lines(
            "" if age is None else span(age),
            "" if due is None else f"due {_day(due)}",
            "" if token.valid_until is None else f"valid until {token.valid_until}",
        ),
        _lines(
            versions(token, "current"),
            token.fingerprint or "",
            f"before: {previous}" if previous else "",
        ),
        _lines(*proof),
    )


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _day(at: float) -> str:
    return when(at).partition(" ")[0]


def _line(name: str, finding: RotationFinding) -> str:
    remedy = f"\n    [dim]To do:[/] {escape(finding.remedy)}" if finding.remedy else ""
    return f"  {_coloured(finding.standing)}  {escape(name)}: {escape(finding.what)}{remedy}"


def _coloured(standing: Standing) -> str:
    return f"[{_COLOURS[standing]}]{standing.word}[/]"


def summary(report: Report) -> str:
    """Count the tokens by state."""
    counted = [
        f"{count} {standing.word}"
        for standing in reversed(Standing)
        if (count := sum(token.standing is standing for token in report.tokens))
    ]
    unread = sum(bool(environment.findings) for environment in report.environments)
    if unread:
        counted.append(f"{unread} environment{'' if unread == 1 else 's'} not read completely")
    tokens = len(report.tokens)
    total = f"{tokens} token{'' if tokens == 1 else 's'}: {', '.join(counted) or 'none'}"
    return f"{total}; exit code {int(report.standing)}"
