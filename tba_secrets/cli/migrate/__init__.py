"""`tba migrate`: write the OAuth 2.0 integration beside a TBA one. It writes YAML and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.cli import verify
from tba_secrets.cli.migrate.place import put_after, refuse_other_changes
from tba_secrets.cli.migrate.steps import told
from tba_secrets.cli.migrate.successor import Successor
from tba_secrets.cli.options import EnvironmentName, Project
from tba_secrets.cli.printing import waiting
from tba_secrets.errors import TbaError
from tba_secrets.records import CredentialRecord, credential_records
from tba_secrets.spec import Environment, load_stack
from tba_secrets.spec.model import MOST_ACTIVE, Integration, Verify
from tba_secrets.spec.text import read_text
from tba_secrets.suggestions import did_you_mean, or_else


def command(
    environment: EnvironmentName,
    integration: Annotated[str, typer.Argument(help="An integration that uses TBA.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the change and the steps.")
    ] = False,
    project: Project = Path(),
) -> None:
    """Write the OAuth 2.0 integration beside a TBA one, and list the steps until TBA can go.

    It changes the environment's YAML alone, shows how, and asks for no secret value. For ids that the YAML does not
    declare it asks NetSuite once for each token.
    """
    declared = load_stack(project, environment)
    number, found = _found(declared, environment, integration)
    records = tuple(one for one in credential_records(declared) if one.integration == found.name)
    successor = Successor(found, records)
    if there := [one for one in declared.integrations if one.name == successor.name]:
        successor = replace(successor, role_id=there[0].role.id or "")
        typer.echo(f"{environment} has {successor.name} already: nothing is written\n")
        typer.echo("\n".join(told(environment, successor)))
        return
    role_id, entities = _identities(records)
    successor = replace(successor, role_id=role_id, entities=entities)
    path = project / "stacks" / f"{environment}.yaml"
    text = read_text(path)
    extended = put_after(text, number, successor.lines())
    refuse_other_changes(declared, extended, number)
    shown = os.path.relpath(path, project)
    lines = (text.split("\n"), extended.split("\n"))
    typer.echo("\n".join(unified_diff(*lines, shown, shown, lineterm="")))
    if dry_run:
        typer.echo("\nnothing was written (--dry-run)\n")
    else:
        _write(path, extended)
        typer.echo(f"\nwrote {shown}: {successor.name} beside {found.name}, which stays as it is\n")
    typer.echo("\n".join(told(environment, successor)))


def _found(declared: Environment, environment: str, name: str) -> tuple[int, Integration]:
    """Return a TBA integration and its place in the file.

    Raises:
        TbaError: There is no such integration, or it has too many tokens.
    """
    there = {
        one.name: (number, one)
        for number, one in enumerate(declared.integrations)
        if isinstance(one, Integration)
    }
    if name not in there:
        rule = f"take one of: {', '.join(there) or 'none'}"
        remedy = or_else(did_you_mean(name, there), rule)
        raise TbaError(f"{environment} has no TBA integration {name}", remedy)
    number, integration = there[name]
    if len(integration.tokens) >= MOST_ACTIVE:
        raise TbaError(
            f"{name} has {len(integration.tokens)} tokens, and an integration record takes {MOST_ACTIVE} active "
            f"certificates, one of which a rotation needs: {MOST_ACTIVE - 1} can move",
            "make another integration record in NetSuite for some of the programs, and declare it as an integration of "
            "its own with `auth: oauth2`",
        )
    return number, integration


def _identities(records: Sequence[CredentialRecord]) -> tuple[str, dict[str, str]]:
    """Return the role's id, and the users' by the token's name: as declared, or else as NetSuite answers."""
    roles = {record.role.id for record in records if record.role.id is not None}
    entities = {one.token: one.user.entity for one in records if one.user.entity is not None}
    open_ones = [one for one in records if not roles or one.token not in entities]
    for record, role_id, entity in map(_told, _asked(open_ones)):
        roles.add(role_id)
        entities.setdefault(record.token, entity)
    if len(roles) > 1:
        raise TbaError(
            f"{records[0].integration}: its tokens act in roles with different ids: {', '.join(sorted(roles))}",
            "declare one integration for each role; NetSuite maps a certificate to one role",
        )
    return roles.pop(), entities


def _asked(records: Sequence[CredentialRecord]) -> Sequence[verify.CheckedRecord]:
    """Ask tokeninfo with what readers have now."""
    only = Verify(checks=("tokeninfo",))
    asking = tuple(replace(record, verify=only) for record in records)
    if not asking:
        return []
    with waiting("asking NetSuite whose the tokens are"):
        return verify.check(asking)


def _told(answer: verify.CheckedRecord) -> tuple[CredentialRecord, str, str]:
    """Return the role's id and the user's entity id that NetSuite named."""
    record, seen = answer.record, answer.verification
    what = f"{record.path}: its role's id and its user's entity id are not declared"
    if seen is None:
        assert answer.error is not None  # noqa: S101 - one of the two is there
        raise TbaError(
            f"{what}, and NetSuite did not tell them: {answer.error.what}", answer.error.remedy
        )
    if seen.role_id is None or seen.entity is None:
        raise TbaError(
            f"{what}, and NetSuite does not tell them",
            "declare `role: {name: ..., id: ...}` and `user: {email: ..., entity: ...}`",
        )
    return record, seen.role_id, seen.entity


def _write(path: Path, text: str) -> None:
    """Replace the file whole, with the line ends and the mode that it has; where that fails, it is as it was."""
    real = path.resolve()
    new = real.with_name(f".{real.name}.new")
    try:
        ends = "\r\n" if b"\r\n" in real.read_bytes() else "\n"
        new.write_text(text, encoding="utf-8", newline=ends)
        shutil.copymode(real, new)
        new.replace(real)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise TbaError(f"{path}: cannot be written ({error.strerror})", "correct that") from None
