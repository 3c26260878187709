"""`tba certificate`: what a person uploads to NetSuite, and where. It is public; its key stays in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.options import EnvironmentName, Project
from tba_secrets.errors import TbaError, ValueNeededError
from tba_secrets.lifecycle.look import Looked, look
from tba_secrets.netsuite.oauth2.causes import M2M_PAGE
from tba_secrets.netsuite.oauth2.credential import OAuth2Credential
from tba_secrets.records import CredentialRecord


def command(
    environment: EnvironmentName,
    name: Annotated[str, typer.Argument(help="INTEGRATION/CERTIFICATE or CERTIFICATE.")],
    project: Project = Path(),
) -> None:
    """Print the certificate to upload to NetSuite, or the current one if none waits for its upload.

    A certificate is public. Its id, its user and role, and where to upload it go to standard error.
    """
    record = credentials.find_one(project, environment, name)
    if record.certificate is None:
        raise TbaError(f"{record.path} is a token, and has no certificate", "name a certificate")
    held, waits = _held(record)
    standing = "waits for its upload, or for its proof" if waits else "is current"
    role = f"{record.role.name} ({record.role.id})"
    for line in (
        f"{record.path}: the certificate {held.certificate_id} {standing}; it is valid until {held.valid_until}",
        f"upload it under {M2M_PAGE}",
        f"  application: the integration record with the client id of {record.integration}",
        f"  entity: {record.user.email} ({record.user.entity}); role: {role}",
    ):
        typer.echo(line, err=True)
    typer.echo(held.certificate, nl=False)


def _held(record: CredentialRecord) -> tuple[OAuth2Credential, bool]:
    """Return the credential whose certificate waits, else the current one; and whether it waits."""
    places = credentials.places_of(record)
    looked = Looked()
    for kind, sight in look(looked, places).items():
        for version in (sight.pending, sight.current):
            needed = {kind: [version] if version is not None else []}
            seen = look(looked, {kind: places[kind]}, [record.format], needed)[kind]
            credential = seen.credential(version)
            if isinstance(credential, OAuth2Credential):
                return credential, version == sight.pending
    raise ValueNeededError(
        f"{record.path}: there is no certificate yet", "run `pulumi up`, which makes one"
    )
