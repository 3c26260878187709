"""`tba roles`: the roles of an environment as a project that the SuiteCloud CLI deploys."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.cli.options import EnvironmentName, Project
from tba_secrets.cli.prose import counted
from tba_secrets.netsuite.sdf import RolesProject, Written, roles_project, validate, write
from tba_secrets.netsuite.sdf.permissions import FEATURES
from tba_secrets.records import credential_records
from tba_secrets.spec import Environment, load_stack
from tba_secrets.spec.model import OAuth2Integration


def command(
    environment: EnvironmentName,
    sdf: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder to write, which holds nothing else.")
    ],
    project: Project = Path(),
) -> None:
    """Write the declared roles as a project that the SuiteCloud CLI can deploy, and validate it. Offline.

    A later run rewrites its own files; a folder with other files is refused.
    """
    declared = load_stack(project, environment)
    roles = roles_project(declared)
    written = write(sdf, environment, roles.files())
    validate(sdf)
    typer.echo("\n".join(_told(declared, environment, sdf, roles, written)))


def _told(
    declared: Environment, environment: str, folder: Path, roles: RolesProject, written: Written
) -> Iterator[str]:
    state = "written" if written.changed or written.removed else "up to date"
    count = counted(len(roles.roles), "role")
    yield f"{folder}: {state}, {count}; SDF's documented rules are kept"
    for role in roles.roles:
        yield f"  {role.path}  {role.name}: {counted(len(role.grants), 'permission')}"
    yield from (f"  {path}  removed here; NetSuite keeps the role" for path in written.removed)
    yield from (f"  not written: {name}, no permissions declared" for name in roles.left_out)
    yield ""
    yield from _by_hand(declared, environment, roles)
    yield ""
    yield "To deploy, with the SuiteCloud CLI (npm install -g @oracle/suitecloud-cli):"
    yield f"  cd {shlex.quote(str(folder))}"
    yield "  suitecloud account:setup       # once; it opens a browser and writes project.json"
    yield "  suitecloud project:validate    # changes nothing"
    yield "  suitecloud project:deploy"
    yield (
        "This creates a role whose script id is new to the account, and updates the one that has it. A role made by\n"
        "hand has another script id: compare with `suitecloud object:list --type role` first."
    )


def _by_hand(declared: Environment, environment: str, roles: RolesProject) -> Iterator[str]:
    features = ", ".join(FEATURES[feature] for feature in roles.features)
    yield f"By hand in account {declared.account}, where it is not done yet; SDF can do none of it:"
    yield f"  before  enable {features}: Setup > Company > Enable Features > SuiteCloud"
    grant = ", with Client Credentials (Machine to Machine) Grant and its scopes ticked"
    for integration in declared.integrations:
        boxes = grant if isinstance(integration, OAuth2Integration) else ""
        yield f"  before  integration record {integration.name}{boxes}"
    for record in credential_records(declared):
        then = "issue the token" if record.certificate is None else "upload the certificate"
        who = f"{record.role.name} to {record.user.email}"
        yield f"  after   give {who}, then {then} {record.path}"
    yield f"`tba checklist {environment}` says where to click for each."
