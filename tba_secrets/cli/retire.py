"""`tba retire`: superseded tokens whose overlap is over are revoked at NetSuite, and the current ones proven again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.carry_out import carry_out
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.waiting import waiting
from tba_secrets.engine import Engine
from tba_secrets.errors import ValueNeededError
from tba_secrets.lifecycle.settle import due
from tba_secrets.provider.intents import Retire
from tba_secrets.records import CredentialRecord
from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.interface import Snapshot
from tba_secrets.stores.journal import Retirement


def run(engine: Engine, tokens: list[str], *, now: bool, by_hand: bool) -> None:
    """Retire what is due of the tokens named, or of all.

    Raises:
        TbaError: A token that is not declared; a current credential that cannot be read or has failed.
        typer.Exit: With `Exit.PERSON` where a token is left for a person to revoke.
    """
    records = credentials.find(engine.project, engine.stack, tokens)
    if not _carried_out(engine, records, now=now, by_hand=by_hand):
        typer.echo(
            f"{engine.stack}: no superseded token is to be {'noted' if by_hand else 'revoked'}"
        )
    if _left_for_a_person(records):
        raise typer.Exit(Exit.PERSON)


def retire_due(engine: Engine, records: Sequence[CredentialRecord]) -> bool:
    """After a rotation: revoke what is past its overlap, and say what is left for a person.

    Returns:
        Whether something is.
    """
    _carried_out(engine, records, now=False, by_hand=False)
    return _left_for_a_person(records)


def _carried_out(
    engine: Engine,
    records: Sequence[CredentialRecord],
    *,
    now: bool,
    by_hand: bool,
) -> bool:
    """Whether there was anything to do."""
    with waiting(f"reading the journals of {engine.stack}"):
        concerned = [
            record
            for record in records
            if (_needs_person(record) if by_hand else _is_due(record, at_once=now))
        ]
    if concerned:
        everybody = credentials.find(engine.project, engine.stack, [])
        intent = Retire(in_use=_users(everybody), at_once=now, by_hand=by_hand)
        carry_out(engine, {record.path: intent for record in concerned})
    return bool(concerned)


def _left_for_a_person(records: Sequence[CredentialRecord]) -> bool:
    left = [record.path for record in records if _needs_person(record)]
    if left:
        typer.echo(
            f"left for a person to revoke in NetSuite: a superseded token of {', '.join(left)}"
        )
    return bool(left)


def _is_due(record: CredentialRecord, *, at_once: bool) -> bool:
    moment = time.time()
    return any(due(one, moment, at_once=at_once) for one in _snapshots(record))


def _needs_person(record: CredentialRecord) -> bool:
    return any(
        entry.state is Retirement.PERSON for one in _snapshots(record) for entry in one.journal
    )


def _snapshots(record: CredentialRecord) -> list[Snapshot]:
    places = credentials.places_of(record).values()
    found = [place.store.describe(place.name) for place in places]
    return [one for one in found if one is not None]


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
