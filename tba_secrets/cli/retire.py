"""`tba retire`: superseded tokens whose overlap is over are revoked at NetSuite, and the current ones proven again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import typer

from tba_secrets.cli import credentials
from tba_secrets.engine import carry_out
from tba_secrets.errors import ValueNeededError
from tba_secrets.provider.intents import Retire
from tba_secrets.records import CredentialRecord
from tba_secrets.retire import due
from tba_secrets.sensitive import Sensitive


def run(project: Path, environment: str, tokens: list[str], *, now: bool) -> None:
    """Retire what is due of the tokens named, or of all.

    Raises:
        TbaError: A token that is not declared; a current credential that cannot be read or has failed.
    """
    records = [
        record
        for record in credentials.find(project, environment, tokens)
        if _waiting(record, at_once=now)
    ]
    if not records:
        typer.echo(f"{environment}: no superseded token is due for being revoked")
        return
    everybody = credentials.find(project, environment, [])
    intent = Retire(in_use=_users(everybody), at_once=now)
    carry_out(project, environment, {record.path: intent for record in records}, typer.echo)


def _waiting(record: CredentialRecord, *, at_once: bool) -> bool:
    snapshots = [
        place.store.describe(place.name) for place in credentials.places_of(record).values()
    ]
    moment = time.time()
    return any(one is not None and due(one, moment, at_once=at_once) for one in snapshots)


def _users(records: tuple[CredentialRecord, ...]) -> Callable[[Sensitive], str | None]:
    """Who uses a token id now, by what readers get at this moment."""

    def user(token_id: Sensitive) -> str | None:
        return next((record.path for record in records if _token_id(record) == token_id), None)

    return user


def _token_id(record: CredentialRecord) -> Sensitive | None:
    """What readers get; None where no credential has passed yet. A store that does not answer ends the run."""
    try:
        return credentials.current(record).back.credential.token_id
    except ValueNeededError:
        return None
