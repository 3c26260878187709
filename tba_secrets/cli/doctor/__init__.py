"""`tba doctor`: check everything that an `up` needs, without changes or logins to NetSuite.

Each area stands alone: a problem in one is a finding, and the next area is checked all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import chdir, nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from tba_secrets.cli.check import counted_kinds
from tba_secrets.cli.doctor import netsuite, oauth2, readers, sources, stores
from tba_secrets.cli.doctor.finding import (
    Area,
    DoctorFinding,
    FindingSeverity,
    examined,
    ok,
    warning,
    wrong,
)
from tba_secrets.cli.doctor.machine import Machine
from tba_secrets.cli.doctor.stack import Stack
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.options import AsJson, Project, own_stack_name
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.spec import InvalidSpecError, load_stack


def command(
    environment: Annotated[
        str | None,
        typer.Argument(
            metavar="ENV",
            callback=own_stack_name,
            help="A stack's name; default: check only this machine.",
        ),
    ] = None,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Check everything that `up` needs, and show what is wrong and how to fix it.

    It changes nothing and never logs in to NetSuite.

    Exit codes: 0 nothing is wrong; 1 something is wrong.
    """
    project = project.resolve()
    report: list[tuple[str, DoctorFinding]] = []
    waiting = Console(stderr=True, highlight=False)
    folder = chdir(project) if project.is_dir() else nullcontext()
    with folder, waiting.status("") as status:  # a source's path is relative to the project
        for title, look in _areas(project, environment):
            status.update(f"checking {escape(title)}")
            found = examined(look)
            report += [(title, finding) for finding in found]
            if not as_json:
                status.stop()
                _show(title, found)
                status.start()
    severities = [finding.severity for _, finding in report]
    code = Exit.FAILED if FindingSeverity.WRONG in severities else Exit.DONE
    if as_json:
        plain = [
            {"area": area, "level": one.severity, "what": one.what, "remedy": one.remedy}
            for area, one in report
        ]
        answer = {"environment": environment, "findings": plain, "exit_code": code}
        typer.echo(json.dumps(answer, indent=2))
    else:
        counts = ", ".join(f"{severities.count(level)} {level}" for level in FindingSeverity)
        typer.echo(f"{counts}; exit code {int(code)}")
    raise typer.Exit(code)


def _areas(project: Path, environment: str | None) -> Iterator[Area]:
    machine = Machine(project)
    yield "the engine", machine.engine
    yield "the project", machine.code
    yield "the backend", machine.login
    yield "this machine's memory", machine.memory
    if environment is not None:
        yield from _of_environment(machine, environment)


def _of_environment(machine: Machine, name: str) -> Iterator[Area]:
    """Yield the areas in the order in which an `up` would meet them; later ones use what earlier ones found."""
    records: list[CredentialRecord] = []
    stack = Stack(machine, name)
    yield f"the YAML of {name}", lambda: _yaml(machine.project, name, records)
    yield f"the stack {name}", stack.look
    if not records:
        unknown = warning("not checked until the YAML is valid")
        yield "sources, stores and NetSuite", lambda: [unknown]
        return
    yield "sources", lambda: sources.look(records, stack.states)
    if any(record.certificate is not None for record in records):
        yield "OAuth 2.0", lambda: oauth2.look(records)
    yield "stores", lambda: stores.look(records)
    yield "NetSuite", lambda: netsuite.look(records, stack.states or {})
    if any(record.after_promote is not None for record in records):
        yield "readers", lambda: readers.look(records)


def _yaml(project: Path, name: str, records: list[CredentialRecord]) -> Iterator[DoctorFinding]:
    """Check the YAML, and collect its records."""
    try:
        records += credential_records(load_stack(project, name))
    except InvalidSpecError as error:
        yield from (wrong(str(problem)) for problem in error.problems)
        return
    certificates = sum(record.certificate is not None for record in records)
    counts = counted_kinds(len(records) - certificates, certificates)
    yield ok(f"stacks/{name}.yaml: {counts}, no problem found")


_COLOURS: Final = {
    FindingSeverity.OK: "green",
    FindingSeverity.WARNING: "yellow",
    FindingSeverity.WRONG: "red",
}
_WIDEST: Final = max(map(len, FindingSeverity))


def _show(title: str, findings: list[DoctorFinding]) -> None:
    console = Console(highlight=False)
    console.print(f"[bold]{escape(title)}[/]")
    indent = "\n" + " " * (_WIDEST + 4)
    for finding in findings:
        word = f"[{_COLOURS[finding.severity]}]{finding.severity:{_WIDEST}}[/]"
        console.print(f"  {word}  {escape(finding.what.replace(chr(10), indent))}", soft_wrap=True)
        if finding.remedy:
            remedy = escape(finding.remedy.replace("\n", indent))
            console.print(f"{indent[1:]}[dim]Fix:[/] {remedy}", soft_wrap=True)
