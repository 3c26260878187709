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
from tba_secrets.spec import Environment, load_stack
from tba_secrets.spec.model import AnyIntegration, OAuth2Integration


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
    run(project, environment, sdf)


def run(project: Path, environment: str, folder: Path) -> None:
    """Write the project, validate what is on disk, and say what remains.

    Raises:
        SpecError: The environment has a mistake, or a role that cannot be written.
        TbaError: The folder is not ours, or SDF would refuse what was written.
    """
    declared = load_stack(project, environment)
    roles = roles_project(declared)
    written = write(folder, environment, roles.files())
    validate(folder)
    typer.echo("\n".join(_told(declared, environment, folder, roles, written)))


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
    yield from (f"  {line}" for line in _deploying(folder))
    yield (
        "This creates a role whose script id is new to the account, and updates the one that has it. A role made by\n"
        "hand has another script id: compare with `suitecloud object:list --type role` first."
    )


def _by_hand(declared: Environment, environment: str, roles: RolesProject) -> Iterator[str]:
    features = ", ".join(FEATURES[feature] for feature in roles.features)
    yield f"By hand in account {declared.account}, where it is not done yet; SDF can do none of it:"
    yield f"  before  enable {features}: Setup > Company > Enable Features > SuiteCloud"
    for integration in declared.integrations:
        yield f"  before  integration record {integration.name}{_boxes(integration)}"
    for integration in declared.integrations:
        for token in integration.tokens:
            user = token.user if isinstance(token.user, str) else token.user.email
            where = f"{integration.name}/{token.name}"
            yield f"  after   give {integration.role.name} to {user}, then issue the token {where}"
        if isinstance(integration, OAuth2Integration):
            for certificate in integration.certificates:
                where = f"{integration.name}/{certificate.name}"
                yield (
                    f"  after   give {integration.role.name} to {certificate.user.email}, then "
                    f"upload the certificate {where}"
                )
    yield f"`tba checklist {environment}` says where to click for each."


def _boxes(integration: AnyIntegration) -> str:
    if not isinstance(integration, OAuth2Integration):
        return ""
    return ", with Client Credentials (Machine to Machine) Grant and its scopes ticked"


def _deploying(folder: Path) -> tuple[str, ...]:
    return (
        f"cd {shlex.quote(str(folder))}",
        "suitecloud account:setup       # once; it opens a browser and writes project.json",
        "suitecloud project:validate    # changes nothing",
        "suitecloud project:deploy",
    )
