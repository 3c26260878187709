"""`tba environments`: list the project's environments, for people and for a matrix of jobs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape

from tba_secrets.cli.check import counted_kinds
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.options import Project, named_or_all
from tba_secrets.cli.printing import report_console, show_table
from tba_secrets.cli.prose import counted
from tba_secrets.errors import SpecError
from tba_secrets.records import credential_records
from tba_secrets.spec import Environment, load_stack
from tba_secrets.spec.model import AwsSettings, VaultSettings

HEADINGS: Final = ("environment", "account", "declares", "stores", "file")


@dataclass(frozen=True)
class ListedEnvironment:
    """One environment: the keys of `--json`."""

    environment: str
    """Its name, and its stack's."""
    file: str
    """Relative to the project's folder."""
    account: str
    """The NetSuite account id."""
    tokens: int
    certificates: int
    stores: dict[str, dict[str, str | None]]
    """By kind, in the order of promotion: where it is."""


def command(
    as_json: Annotated[
        bool, typer.Option("--json", help="One array on one line, as a matrix of jobs takes it.")
    ] = False,
    project: Project = Path(),
) -> None:
    """List the project's environments, offline: account, tokens, certificates, stores, file.

    Exit codes: 0 done; 1 an environment's YAML has a mistake, and nothing is listed.
    """
    found, wrong = list[ListedEnvironment](), False
    for name in named_or_all(project, ()):
        try:
            found.append(_listed(name, load_stack(project, name)))
        except SpecError as error:
            typer.echo(str(error), err=True)
            wrong = True
    if wrong:
        raise typer.Exit(Exit.FAILED)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found]))
    else:
        title = counted(len(found), "environment")
        show_table(report_console(), title, HEADINGS, map(_cells, found))


def _listed(name: str, environment: Environment) -> ListedEnvironment:
    records = credential_records(environment)
    certificates = sum(record.certificate is not None for record in records)
    return ListedEnvironment(
        environment=name,
        file=f"stacks/{name}.yaml",
        account=environment.account,
        tokens=len(records) - certificates,
        certificates=certificates,
        stores={kind: _where(store) for kind, store in environment.store.listed.items()},
    )


def _where(store: AwsSettings | VaultSettings) -> dict[str, str | None]:
    """Return what a job needs of a store to get at it; it has an identity of its own."""
    if isinstance(store, AwsSettings):
        place: dict[str, str | None] = {"region": store.region, "account_id": store.account_id}
    else:
        place = {"address": store.address_url, "mount": store.mount}
    return {**place, "prefix": store.prefix}


def _cells(one: ListedEnvironment) -> tuple[str, ...]:
    places = (
        f"{kind} {where.get('region') or where.get('address')}"
        for kind, where in one.stores.items()
    )
    declares = counted_kinds(one.tokens, one.certificates)
    cells = (one.environment, one.account, declares, ", ".join(places), one.file)
    return tuple(map(escape, cells))
