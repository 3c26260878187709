"""`tba rollback`: what was current before is current again, tested before and after."""

from __future__ import annotations

import time

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.carry_out import carry_out
from tba_secrets.cli.exits import Exit
from tba_secrets.engine import Engine
from tba_secrets.provider.intents import Rollback
from tba_secrets.records import CredentialRecord
from tba_secrets.rotation import Superseded, retired_after


def run(engine: Engine, token: str) -> None:
    """Roll one token back.

    Raises:
        TbaError: It is not declared, has no previous credential, or the previous one is revoked or has failed.
        typer.Exit: With `Exit.PERSON` where it waits for a person.
    """
    record = credentials.find_one(engine.project, engine.stack, token)
    if carry_out(engine, {record.path: Rollback()}):
        raise typer.Exit(Exit.PERSON)
    typer.echo(rolled_back_words(record, time.time()))


def rolled_back_words(record: CredentialRecord, now: float) -> str:
    """Say what becomes of the credential that a record had until now: under a policy it is retired like any other."""
    about = Superseded.of(certified=record.certificate is not None)
    if record.certificate is None and record.retire_after is None:
        return (
            f"{record.path}: rolled back; the {about.noun} that it had until now stays valid in NetSuite, and nothing "
            f"is going to revoke it: do so there ({about.page}) if nobody is to use it any more"
        )
    overlap = 0.0 if record.retire_after is None else record.retire_after.total_seconds()
    goes = retired_after(now + overlap)
    return f"{record.path}: rolled back; the {about.noun} that it had until now {goes}"
