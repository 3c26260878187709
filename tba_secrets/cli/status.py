"""`tba status`: how old every token is, whether it is proven and where it is, and what waits to be done. Reads only.

Exit codes (`rotation.Standing`; of several the worst): 0 all well; 10 due soon; 11 overdue; 12 attention: drift, a
pending candidate, or something waits for a person; 13 failing: the last update failed, there is no credential, or
something cannot be read. 1 and 2 as everywhere: an error, and a wrong command line.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tba_secrets.cli.status_gather import ReadState, gather
from tba_secrets.cli.status_report import EnvironmentReport, Report, TokenReport
from tba_secrets.cli.waiting import waiting
from tba_secrets.errors import SpecError, TbaError
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.rotation import Finding, Standing, short, span, when
from tba_secrets.spec import stack_names

_AT_ONCE: Final = 8
_WIDTH: Final = 130
"""Of the tables where they do not go to a terminal: a log keeps its lines whole."""


def run(project: Path, environments: Sequence[str], *, as_json: bool, html: Path | None) -> None:
    """Report, and end with the worst standing's exit code.

    Raises:
        TbaError: An environment that does not exist, or a file that cannot be written.
    """
    from tba_secrets.engine import exported_resources

    report = survey(project, environments, exported_resources)
    if html is not None:
        _write(html, report)
    if as_json:
        typer.echo(json.dumps(report.plain(), indent=2))
    else:
        show(report)
    raise typer.Exit(int(report.standing))


def survey(
    project: Path, environments: Sequence[str], read_state: ReadState, now: float | None = None
) -> Report:
    """All environments, side by side, in the order given; all of stacks/ where none is given.

    Args:
        project: The folder that holds Pulumi.yaml and stacks/.
        environments: Their names.
        read_state: Gives a stack's resources.
        now: Epoch seconds; the clock's where absent.

    Raises:
        SpecError: One does not exist, or there are none.
    """
    names = tuple(dict.fromkeys(environments)) or stack_names(project)
    _refuse_unknown(project, names)
    at, refused = time.time() if now is None else now, RefusedLogins.at_home()
    found: dict[str, EnvironmentReport] = {}
    with waiting(_waiting(names)) as status, ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = [pool.submit(gather, project, name, at, read_state, refused) for name in names]
        for done in as_completed(asked):
            one = done.result()
            found[one.name] = one
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
            "take one that exists, or create stacks/STACK.yaml",
        )


def _waiting(names: Sequence[str]) -> str:
    return f"reading state and stores of {', '.join(names)}"


def _write(path: Path, report: Report) -> None:
    from tba_secrets.cli.status_page import page

    try:
        path.write_text(page(report), encoding="utf-8")
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
_HEADINGS: Final = ("token", "state", "age and due date", "current and previous", "last proof")


def show(report: Report) -> None:
    """A table for each environment, and below it what was found, each with what to do."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    for one in report.environments:
        if one.tokens:
            console.print(_table(one, report.at))
        for name, findings in (
            (one.name, one.findings),
            *((t.path, t.findings) for t in one.tokens),
        ):
            for finding in findings:
                console.print(_line(name, finding), soft_wrap=True)
        console.print()
    console.print(_summary(report))


def _table(report: EnvironmentReport, now: float) -> Table:
    title = f"{escape(report.name)}: account {escape(report.account or '?')}"
    table = Table(title=title, title_justify="left", show_lines=True)
    for heading in _HEADINGS:
        table.add_column(heading, no_wrap=heading in ("token", "state"), overflow="fold")
    for token in report.tokens:
        table.add_row(
            escape(token.path), _coloured(token.standing), *map(escape, _cells(token, now))
        )
    return table


def _cells(token: TokenReport, now: float) -> tuple[str, ...]:
    age, due = token.age(now), token.policy.due_at(token.since)
    previous = versions(token, "previous")
    proof = [] if token.proof is None else [token.proof.at[:10], token.proof.who]
    return (
        _lines("" if age is None else span(age), "" if due is None else f"due {_day(due)}"),
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


def versions(token: TokenReport, part: str) -> str:
    """The version that plays a part: once where all stores have the same, else by store."""
    held = {store.kind: getattr(store, part) for store in token.stores}
    if len(set(held.values())) == 1:
        return short(next(iter(held.values())) or "")
    return ", ".join(f"{kind} {short(version or 'none')}" for kind, version in held.items())


def _line(name: str, finding: Finding) -> str:
    remedy = f"\n    [dim]To do:[/] {escape(finding.remedy)}" if finding.remedy else ""
    return f"  {_coloured(finding.standing)}  {escape(name)}: {escape(finding.what)}{remedy}"


def _coloured(standing: Standing) -> str:
    return f"[{_COLOURS[standing]}]{standing.word}[/]"


def _summary(report: Report) -> str:
    counted = [
        f"{count} {standing.word}"
        for standing in reversed(Standing)
        if (count := sum(token.standing is standing for token in report.tokens))
    ]
    unread = sum(bool(one.findings) for one in report.environments)
    if unread:
        counted.append(f"{unread} environment{'' if unread == 1 else 's'} not wholly read")
    tokens = len(report.tokens)
    said = f"{tokens} token{'' if tokens == 1 else 's'}: {', '.join(counted) or 'none'}"
    return f"{said}; exit code {int(report.standing)}"
