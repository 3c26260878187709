"""`tba check`: all problems of all environments at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tba_secrets.cli.options import AsJson, Project
from tba_secrets.cli.prose import say
from tba_secrets.cli.stack_names import named_or_all, own_stack_names
from tba_secrets.errors import SpecError
from tba_secrets.netsuite.tba_end import tba_note
from tba_secrets.records import credential_records, using_tba
from tba_secrets.spec import InvalidSpecError, load_stack
from tba_secrets.spec.secret_names import prefix_note


def command(
    environments: Annotated[
        list[str] | None,
        typer.Argument(callback=own_stack_names, help="Stack names; default: all of stacks/."),
    ] = None,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Find every mistake in the environments' YAML, offline. Exit codes: 0 none; 1 some."""
    run(project, environments or [], as_json=as_json)


def run(project: Path, environments: list[str], *, as_json: bool) -> None:
    """Print a line for each valid environment, and all problems on stderr; exit with 1 if there are any.

    Args:
        project: The folder that holds stacks/.
        environments: Stack names; all of stacks/ where none is given.
        as_json: Print one object instead. By environment: how many `tokens` and `certificates`, the
            `problems`, and `notes` on what is valid, but perhaps not meant or not for long.

    Raises:
        SpecError: There is no environment to check.
    """
    names = named_or_all(project, environments)
    on_tba: list[str] = []
    found = {name: _checked(project, name, on_tba, aloud=not as_json) for name in names}
    if not as_json and (note := tba_note(on_tba)):
        say(f"note: {note}", err=True)
    if as_json:
        typer.echo(json.dumps({"environments": found}, indent=2))
    raise typer.Exit(1 if any(report["problems"] for report in found.values()) else 0)


def _checked(project: Path, name: str, on_tba: list[str], *, aloud: bool) -> dict[str, Any]:
    try:
        environment = load_stack(project, name)
        records = credential_records(environment)
    except SpecError as error:
        if aloud:
            say(str(error), err=True)
        return {"tokens": None, "certificates": None, "problems": _problems(error), "notes": []}
    own = [note for note in (prefix_note(environment),) if note]
    on_tba += using_tba(records)
    certificates = sum(record.certificate is not None for record in records)
    tokens = len(records) - certificates
    if aloud:
        typer.echo(f"{name}: {counted_kinds(tokens, certificates)}, no problem found")
        for note in own:
            say(f"{name}: note: {note}", err=True)
    return {
        "tokens": tokens,
        "certificates": certificates,
        "problems": [],
        "notes": [*own, *filter(None, [tba_note(using_tba(records))])],
    }


def counted_kinds(tokens: int, certificates: int) -> str:
    """Count what an environment declares: `2 tokens, 1 certificate`; a kind that it has not is left out."""
    counts = [(tokens, "token")] if tokens or not certificates else []
    counts += [(certificates, "certificate")] if certificates else []
    return ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts)


def _problems(error: SpecError) -> list[dict[str, Any]]:
    """Return the problems with their places; a missing file has none."""
    if not isinstance(error, InvalidSpecError):
        return [{"what": error.what, "hint": error.remedy}]
    return [
        {
            "file": str(problem.file),
            "line": problem.line,
            "column": problem.column,
            "what": problem.what,
            "hint": problem.hint,
        }
        for problem in error.problems
    ]
