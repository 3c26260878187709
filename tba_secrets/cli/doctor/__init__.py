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
from tba_secrets.cli.status_state import TokenState, token_states
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.spec import InvalidSpecError, load_stack

Report = dict[str, list[DoctorFinding]]
"""The findings by area, in order."""


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
    run(project.resolve(), environment, as_json=as_json)


def run(project: Path, environment: str | None, *, as_json: bool) -> None:
    """Check, report, and exit with `Exit.FAILED` if something is wrong.

    Args:
        project: The folder that should hold Pulumi.yaml and stacks/.
        environment: A stack's name; None checks only the machine.
        as_json: Print JSON for programs.
    """
    report: Report = {}
    waiting = Console(stderr=True, highlight=False)
    folder = chdir(project) if project.is_dir() else nullcontext()
    with folder, waiting.status("") as status:  # a source's path is relative to the project
        for area in _areas(project, environment):
            status.update(f"checking {escape(area.title)}")
            report[area.title] = examined(area)
            if not as_json:
                status.stop()
                _show(area.title, report[area.title])
                status.start()
    if as_json:
        typer.echo(json.dumps(_plain(environment, report), indent=2))
    else:
        _summary(report)
    raise typer.Exit(_exit(report))


def _areas(project: Path, environment: str | None) -> Iterator[Area]:
    machine = Machine(project)
    yield Area("the engine", machine.engine)
    yield Area("the project", machine.code)
    yield Area("the backend", machine.login)
    yield Area("this machine's memory", machine.memory)
    if environment is not None:
        yield from _Environment(machine, environment).areas()


class _Environment:
    """One environment, area by area; later areas use what earlier ones found."""

    def __init__(self, machine: Machine, name: str) -> None:
        self._project = machine.project
        self._name = name
        self._stack = Stack(machine, name)
        self._records: tuple[CredentialRecord, ...] = ()

    def areas(self) -> Iterator[Area]:
        """Yield the areas in the order in which an `up` would meet them."""
        yield Area(f"the YAML of {self._name}", self._yaml)
        yield Area(f"the stack {self._name}", self._stack.look)
        if not self._records:
            yield Area("sources, stores and NetSuite", _not_looked_at)
            return
        yield Area("sources", lambda: sources.look(self._records, self._proven()))
        if any(record.certificate is not None for record in self._records):
            yield Area("OAuth 2.0", lambda: oauth2.look(self._records))
        yield Area("stores", lambda: stores.look(self._records))
        yield Area("NetSuite", lambda: netsuite.look(self._records, self._states() or {}))
        if any(record.after_promote is not None for record in self._records):
            yield Area("readers", lambda: readers.look(self._records))

    def _yaml(self) -> Iterator[DoctorFinding]:
        try:
            self._records = credential_records(load_stack(self._project, self._name))
        except InvalidSpecError as error:
            yield from (wrong(str(problem)) for problem in error.problems)
            return
        certificates = sum(record.certificate is not None for record in self._records)
        counts = counted_kinds(len(self._records) - certificates, certificates)
        yield ok(f"stacks/{self._name}.yaml: {counts}, no problem found")

    def _states(self) -> dict[str, TokenState] | None:
        deployment = self._stack.deployment
        return None if deployment is None else token_states(deployment.get("resources") or [])

    def _proven(self) -> set[str] | None:
        states = self._states()
        return (
            None if states is None else {path for path, state in states.items() if state.verified}
        )


def _not_looked_at() -> list[DoctorFinding]:
    return [warning("not checked until the YAML is valid")]


# --- the report ---------------------------------------------------------------------------------------

_COLOURS: Final = {
    FindingSeverity.OK: "green",
    FindingSeverity.WARNING: "yellow",
    FindingSeverity.WRONG: "red",
}
_WIDEST: Final = max(len(level.value) for level in FindingSeverity)


def _show(title: str, findings: list[DoctorFinding]) -> None:
    console = Console(highlight=False)
    console.print(f"[bold]{escape(title)}[/]")
    for finding in findings:
        word = f"[{_COLOURS[finding.severity]}]{finding.severity.value:{_WIDEST}}[/]"
        indent = "\n" + " " * (_WIDEST + 4)
        console.print(f"  {word}  {escape(finding.what.replace(chr(10), indent))}", soft_wrap=True)
        if finding.remedy:
            remedy = escape(finding.remedy.replace("\n", indent))
            console.print(f"{indent[1:]}[dim]Fix:[/] {remedy}", soft_wrap=True)


def _summary(report: Report) -> None:
    all_ = [finding.severity for findings in report.values() for finding in findings]
    levels = ", ".join(f"{all_.count(level)} {level.value}" for level in FindingSeverity)
    typer.echo(f"{levels}; exit code {int(_exit(report))}")


def _exit(report: Report) -> Exit:
    bad = any(
        finding.severity is FindingSeverity.WRONG
        for findings in report.values()
        for finding in findings
    )
    return Exit.FAILED if bad else Exit.DONE


def _plain(environment: str | None, report: Report) -> dict[str, object]:
    """Return the report as plain data for `--json`, without values."""
    return {
        "environment": environment,
        "findings": [
            {
                "area": title,
                "level": finding.severity.value,
                "what": finding.what,
                "remedy": finding.remedy,
            }
            for title, findings in report.items()
            for finding in findings
        ],
        "exit_code": int(_exit(report)),
    }
