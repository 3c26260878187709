"""`tba retire`: superseded tokens whose overlap is over are revoked at NetSuite, and the current ones proven again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.cli import credentials, leftovers
from tba_secrets.cli.carry_out import carry_out
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.options import EnvironmentName, Project, TakeOver, Tokens, Verbose
from tba_secrets.cli.printing import waiting
from tba_secrets.cli.prose import say
from tba_secrets.cli.status_state import token_states
from tba_secrets.engine import Engine, exported_resources
from tba_secrets.lifecycle.superseded import due
from tba_secrets.provider.intents import Retire
from tba_secrets.records import CredentialRecord
from tba_secrets.rotation import Superseded, when
from tba_secrets.stores.interface import Snapshot
from tba_secrets.stores.journal import Retirement


def command(
    environment: EnvironmentName,
    tokens: Tokens = None,
    now: Annotated[
        bool, typer.Option("--now", help="Revoke what is still in its overlap, too.")
    ] = False,
    by_hand: Annotated[
        bool,
        typer.Option("--by-hand", help="You have revoked in NetSuite what was left for a person."),
    ] = False,
    take_over: TakeOver = False,
    verbose: Verbose = False,
    project: Project = Path(),
) -> None:
    """Revoke superseded tokens whose overlap is over, and prove that the current ones still work.

    Exit codes: 0 done, or nothing is due; 1 not every record succeeded; 5 a token is left for
    a person to revoke; 130 interrupted.
    """
    if by_hand and not tokens:
        raise typer.BadParameter("name the tokens that you have revoked by hand")
    engine = Engine(project.resolve(), environment, take_over=take_over)
    tokens = tokens or []
    everybody = credentials.find(engine.project, environment, [])
    deployed = token_states(exported_resources(engine.project, environment))
    left = leftovers.find(engine.project, environment, everybody, deployed, say)
    named = [one for one in left if not tokens or _is_named(one, tokens)]
    declared = [one for one in tokens if not any(_is_named(leftover, [one]) for leftover in named)]
    records = tuple(
        record
        for record in credentials.find(engine.project, environment, declared)
        if (declared or not tokens) and not any(one.record == record.path for one in named)
    )
    done = _carried_out(engine, records, now=now, by_hand=by_hand, verbose=verbose)
    for leftover in named:
        for words in leftovers.retire(leftover, everybody, at_once=now, by_hand=by_hand):
            done = True
            say(f"{leftover.record}: {words}")
    if not done:
        say(f"{environment}: nothing superseded is to be {'noted' if by_hand else 'revoked'} now")
        _say_when(environment, records)
    if _left_for_a_person(records):
        raise typer.Exit(Exit.PERSON)


def _is_named(leftover: leftovers.Leftover, tokens: list[str]) -> bool:
    return leftover.record in tokens or leftover.record.rpartition("/")[2] in tokens


def _say_when(environment: str, records: Sequence[CredentialRecord]) -> None:
    """Say when what is still in its overlap is due."""
    for record in records:
        about = Superseded.of(certified=record.certificate is not None)
        waiting = {
            line.revoke_after: line
            for one in _snapshots(record)
            for line in one.journal
            if line.state is Retirement.OVERLAP
        }
        for due_at in sorted(waiting):
            say(
                f"{record.path}: a superseded {about.noun} stays valid until {when(due_at)}; "
                f"`tba retire {environment} {record.token} --now` revokes it at once"
            )


def retire_due(engine: Engine, records: Sequence[CredentialRecord], *, verbose: bool) -> bool:
    """Revoke what is past its overlap after a rotation; return whether something is left for a person, and say it."""
    _carried_out(engine, records, now=False, by_hand=False, verbose=verbose)
    return _left_for_a_person(records)


def _carried_out(
    engine: Engine, records: Sequence[CredentialRecord], *, now: bool, by_hand: bool, verbose: bool
) -> bool:
    """Return whether there was anything to do."""
    with waiting(f"reading the journals of {engine.stack}"):
        concerned = [
            record
            for record in records
            if (_needs_person(record) if by_hand else _is_due(record, at_once=now))
        ]
    if concerned:
        everybody = credentials.find(engine.project, engine.stack, [])
        intent = Retire(in_use=leftovers.users(everybody), at_once=now, by_hand=by_hand)
        if carry_out(engine, {record.path: intent for record in concerned}, "", verbose=verbose):
            raise typer.Exit(Exit.PERSON)
    return bool(concerned)


def _left_for_a_person(records: Sequence[CredentialRecord]) -> bool:
    left = [record.path for record in records if _needs_person(record)]
    if left:
        say(f"left for a person to revoke in NetSuite: what was superseded of {', '.join(left)}")
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
