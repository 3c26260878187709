"""`tba rotate --due`: what is due by its policy, and can be rotated without a person, is rotated; the rest is named.

Unattended is possible only where the source holds a token that was not seen before. Superseded tokens whose overlap is
over are revoked.
"""

from __future__ import annotations

import time
from contextlib import chdir

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.retire import retire_due
from tba_secrets.cli.rotate import From, run_for
from tba_secrets.cli.status_gather import token_states
from tba_secrets.cli.waiting import waiting
from tba_secrets.digest import DigestKeys
from tba_secrets.engine import Engine, exported_resources
from tba_secrets.records import CredentialRecord
from tba_secrets.rotation import Policy, judge_age
from tba_secrets.sources import open_source


def run(engine: Engine) -> None:
    """Rotate what is due, then retire what is due.

    Raises:
        TbaError: Something cannot be read, or a record was not rotated.
        typer.Exit: With `Exit.PERSON` where a token is due and its source has no new value, or a superseded one is left
            for a person to revoke.
    """
    project, environment = engine.project, engine.stack
    with waiting(f"reading the state of {environment}"):
        states = token_states(exported_resources(project, environment))
    due = [
        record
        for record in credentials.find(project, environment, [])
        if record.path in states and _is_due(record, states[record.path].since)
    ]
    with chdir(project):  # paths in the YAML start from there
        unattended = [record for record in due if _has_new_value(record)]
    for record in due:
        if record not in unattended:
            typer.echo(
                f"{record.path}: due, and {open_source(record.token_source).place} has no new token: a person gives "
                f"it one, or runs `tba rotate {environment} {record.token} --authorize`"
            )
    if unattended:
        run_for(engine, unattended, From.DECLARED, browser=False)
    if not due:
        typer.echo(f"{environment}: nothing is due")
    left = retire_due(engine, credentials.find(project, environment, []))
    if left or len(unattended) < len(due):
        raise typer.Exit(Exit.PERSON)


def _is_due(record: CredentialRecord, since: int | None) -> bool:
    policy = Policy(record.rotate_every, record.warn_before, record.retire_after)
    return judge_age(policy, since, time.time()) is not None


def _has_new_value(record: CredentialRecord) -> bool:
    """Return whether the source gives a token that neither is current nor was superseded.

    The journal's digests are compared where the key is derived from public names; under a key of one's own the provider
    compares them, and refuses.
    """
    if record.token_source == "generated":
        return True
    pair = open_source(record.token_source).read()
    held = credentials.current(record)
    if pair is None or pair.identifier == held.back.credential.pair("token").identifier:
        return False
    keys = DigestKeys.of(None, None, record.account, record.path)
    return not any(keys.same(digest, pair) for digest in held.superseded)
