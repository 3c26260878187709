"""`tba check`: all problems of all environments at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tba_secrets.cli.options import AsJson, Project, named_or_all, own_stack_names
from tba_secrets.cli.prose import counted, say
from tba_secrets.errors import SpecError
from tba_secrets.netsuite.tba_end import tba_note
from tba_secrets.records import CredentialRecord, credential_records, using_tba
from tba_secrets.spec import InvalidSpecError, load_stack
from tba_secrets.spec.secret_names import prefix_note

Records = tuple[CredentialRecord, ...]


def command(
    environments: Annotated[
        list[str] | None,
        typer.Argument(callback=own_stack_names, help="Stack names; default: all of stacks/."),
    ] = None,
    as_json: AsJson = False,
    project: Project = Path(),
) -> None:
    """Find every mistake in the environments' YAML, offline. Exit codes: 0 none; 1 some."""
    names = named_or_all(project, environments or [])
    valid: dict[str, Records] = {}
    found = {name: _checked(project, name, valid, aloud=not as_json) for name in names}
    shared = _shared_notes(valid)
    for name, note in shared.items():
        found[name]["notes"].append(note)
    if as_json:
        typer.echo(json.dumps({"environments": found}, indent=2))
    else:
        on_tba = using_tba(record for records in valid.values() for record in records)
        for note in filter(None, [*shared.values(), tba_note(on_tba)]):
            say(f"note: {note}", err=True)
    raise typer.Exit(1 if any(report["problems"] for report in found.values()) else 0)


def _checked(project: Path, name: str, valid: dict[str, Records], *, aloud: bool) -> dict[str, Any]:
    """Report how many records there are, the problems, and notes on what is perhaps not meant or not for long."""
    try:
        environment = load_stack(project, name)
        records = credential_records(environment)
    except SpecError as error:
        if aloud:
            say(str(error), err=True)
        return {"tokens": None, "certificates": None, "problems": _problems(error), "notes": []}
    valid[name], own = records, prefix_note(environment)
    certificates = sum(record.certificate is not None for record in records)
    tokens = len(records) - certificates
    if aloud:
        typer.echo(f"{name}: {counted_kinds(tokens, certificates)}, no problem found")
        if own:
            say(f"{name}: note: {own}", err=True)
    return {
        "tokens": tokens,
        "certificates": certificates,
        "problems": [],
        "notes": [note for note in (own, tba_note(using_tba(records))) if note],
    }


def _shared_notes(environments: Mapping[str, Records]) -> dict[str, str]:
    """Say of each environment what it writes that an earlier one writes; one that shares nothing has no note.

    It is no mistake if they run with different accounts, which the YAML need not say.
    """
    first: dict[tuple[str, str, str], str] = {}
    notes = {}
    for name, records in environments.items():
        mine = _secrets(records)
        others = {first[secret] for secret in mine & first.keys()}
        if others:
            other = next(earlier for earlier in environments if earlier in others)
            both = sorted(secret for secret in mine if first.get(secret) == other)
            place = ", ".join(f"the {kind} secret {secret}" for kind, _, secret in both)
            notes[name] = (
                f"{name} writes what {other} writes too, if both run as the same account: {place}; the second to run "
                "is refused. Give each a `prefix` of its own"
            )
        for secret in mine:
            first.setdefault(secret, name)
    return notes


def _secrets(records: Records) -> set[tuple[str, str, str]]:
    """Return where an environment writes: each store's kind, its settings, and the whole name."""
    return {
        (kind, settings.model_dump_json(), settings.prefix + record.secret)
        for record in records
        for kind, settings in (("aws", record.stores.aws), ("vault", record.stores.vault))
        if settings is not None
    }


def counted_kinds(tokens: int, certificates: int) -> str:
    """Count what an environment declares: `2 tokens, 1 certificate`; a kind that it has not is left out."""
    counts = [(tokens, "token")] if tokens or not certificates else []
    counts += [(certificates, "certificate")] if certificates else []
    return ", ".join(counted(count, noun) for count, noun in counts)


def _problems(error: SpecError) -> list[dict[str, Any]]:
    """Return the problems with their places; a missing file has none."""
    if not isinstance(error, InvalidSpecError):
        return [{"what": error.what, "hint": error.remedy}]
    return [{**vars(problem), "file": str(problem.file)} for problem in error.problems]
