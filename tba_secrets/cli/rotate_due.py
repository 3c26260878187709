"""`tba rotate --due`: rotate what is due by its policy and needs no person, and name the rest.

Unattended is possible where the source holds a token that was not seen before, and for a certificate that its
predecessor brings to NetSuite. Readers that `after_promote` could not reach are told, and what was superseded and whose
overlap is over is revoked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import chdir
from functools import cache, partial

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.carry_out import carry_out
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.new_tokens import bring_in
from tba_secrets.cli.printing import waiting
from tba_secrets.cli.retire import retire_due
from tba_secrets.cli.status_state import TokenState, token_states
from tba_secrets.digest import DigestKeys
from tba_secrets.engine import Engine, configured, exported_resources
from tba_secrets.errors import TbaError
from tba_secrets.provider.intents import TellReaders
from tba_secrets.records import CredentialRecord
from tba_secrets.rotation import Policy, end_of, judge_age, judge_validity
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources import open_source

_StackSettings = Callable[[], Mapping[str, Sensitive]]
"""Reads the stack's configuration."""


def run(engine: Engine, *, verbose: bool) -> None:
    """Rotate what is due, tell readers that do not know yet what is current, then retire what is due.

    Raises:
        TbaError: Something cannot be read, a record was not rotated, or one did not pass, whose readers are to be told.
        typer.Exit: With `Exit.PERSON` where something is due and only a person can bring it, or a superseded token is
            left for a person to revoke.
    """
    project, environment = engine.project, engine.stack
    with waiting(f"reading the state of {environment}"):
        states = token_states(exported_resources(project, environment))
    records = credentials.find(project, environment, [])
    deployed = [record for record in records if record.path in states]
    due = [record for record in deployed if _is_due(record, states[record.path])]
    settings = cache(partial(configured, project, environment))
    with chdir(project):  # paths in the YAML start from there
        tasks = {
            record.path: _task(record, environment, settings, states[record.path].valid_until)
            for record in due
        }
    for path, task in tasks.items():
        if task:
            typer.echo(f"{path}: due, and {task}")
    unattended = [record for record in due if not tasks[record.path]]
    untold = {
        record.path: TellReaders()
        for record in deployed
        if record not in unattended and record.after_promote and states[record.path].untold
    }
    waits, failures = False, []
    try:
        waits = bool(unattended) and bring_in(engine, unattended, verbose=verbose)
    except TbaError as error:  # what is revoked may be the place that a certificate lacks
        failures.append(error)
    if not due:
        typer.echo(f"{environment}: nothing is due")
    try:
        if untold and carry_out(engine, untold, "", verbose=verbose):
            waits = True
    except TbaError as error:
        failures.append(error)
    left = retire_due(engine, records, verbose=verbose)
    if failures:
        raise failures[0]
    if left or waits or len(unattended) < len(due):
        raise typer.Exit(Exit.PERSON)


def _is_due(record: CredentialRecord, state: TokenState) -> bool:
    policy, now = Policy(record.rotate_every, record.warn_before, record.retire_after), time.time()
    aged = judge_age(policy, state.since, now)
    return (aged or judge_validity(policy, state.since, state.valid_until, now)) is not None


def _task(
    record: CredentialRecord, environment: str, settings: _StackSettings, valid_until: str | None
) -> str:
    """Return what a person has to do; empty if it can be rotated without."""
    rotate = f"`tba rotate {environment} {record.token}`"
    if record.certificate is not None and record.certificate.by == "person":
        return (
            f"a person brings it to NetSuite: {rotate} makes the next one, and says what to upload"
        )
    if valid_until and end_of(valid_until) <= time.time():
        return (
            f"it ran out on {valid_until}: declare `by: person` for it; then {rotate} makes the next one, and says "
            "what to upload"
        )
    if _has_new_value(record, settings):
        return ""
    place = open_source(record.token_source).place
    if record.certificate is not None:
        return f"{place} has no new key: a person gives it one, with its certificate"
    return f"{place} has no new token: a person gives it one, or runs {rotate[:-1]} --authorize`"


def _has_new_value(record: CredentialRecord, settings: _StackSettings) -> bool:
    """Return whether the source gives a token that neither is current nor was superseded."""
    if record.token_source == "generated":
        return True
    pair = open_source(record.token_source).read()
    held = credentials.current(record)
    if pair is None or pair.identifier == held.back.credential.pair("token").identifier:
        return False
    if not held.superseded:
        return True
    names = ("tba:digestKey", "tba:previousDigestKey")
    key, previous = (
        None if (found := settings().get(name)) is None else found.reveal() for name in names
    )
    keys = DigestKeys.of(key, previous, record.account, record.path)
    return not any(keys.same(digest, pair) for digest in held.superseded)
