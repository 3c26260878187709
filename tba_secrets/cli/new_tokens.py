"""A new token for each of some records: from its source, a person or NetSuite, in one update."""

from __future__ import annotations

import getpass
import webbrowser
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Final

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.carry_out import carry_out
from tba_secrets.engine import Engine
from tba_secrets.errors import SourceError, TbaError
from tba_secrets.netsuite.flow import Person, authorize
from tba_secrets.netsuite.flow_steps import Application
from tba_secrets.provider.intents import Obtain, Obtaining, Rotation
from tba_secrets.records import CredentialRecord
from tba_secrets.sources import Pair, Source, open_source
from tba_secrets.sources.values import TOKEN_HALVES, make_pair
from tba_secrets.stores.versions import Origin

_ORIGINS: Final = {
    "prompt": Origin.TYPED,
    "authorize": Origin.ISSUED,
    "generated": Origin.GENERATED,
}
"""Where a new value comes from, by the word that the environment has in the place of a source."""
_A_DAY: Final = timedelta(days=1)
"""How long a superseded token stays valid if the YAML does not say."""


def bring_in(
    engine: Engine,
    records: Iterable[CredentialRecord],
    asked: Origin | None = None,
    *,
    browser: bool = False,
    again: bool = False,
    new: bool = False,
    verbose: bool = False,
) -> bool:
    """Rotate these records with one update, from where it is asked for, or else from where each declares.

    Returns:
        Whether a rotation waits for a person.

    Raises:
        TbaError: A way that a record cannot take, a source without a new value, or a record that was not rotated.
    """
    records = tuple(records)
    for record in records:
        _refuse_other_kinds(record, asked, new=new)
    engine.check_declared()  # before a person is asked for anything
    origins = {record.path: asked or _declared_origin(record) for record in records}
    intents = {
        record.path: Rotation(
            _obtain(engine, record, origins[record.path], browser),
            origin=origins[record.path],
            overlap_seconds=_overlap_seconds(record),
            again=again,
            anew=new,
        )
        for record in records
    }
    # A page that a person opens is announced while it runs: no line may change in place beside that.
    announced = Origin.ISSUED in origins.values()
    return carry_out(engine, intents, "rotated", verbose=verbose or announced)


def _overlap_seconds(record: CredentialRecord) -> int:
    overlap = _A_DAY if record.retire_after is None else record.retire_after
    return int(overlap.total_seconds())


def _declared_origin(record: CredentialRecord) -> Origin:
    word = record.token_source if isinstance(record.token_source, str) else ""
    return _ORIGINS.get(word, Origin.ROTATED)


def _refuse_other_kinds(record: CredentialRecord, asked: Origin | None, *, new: bool) -> None:
    """Raise `TbaError` for a way that a record of its kind cannot take."""
    if record.certificate is not None and asked is not None:
        raise TbaError(
            f"{record.path} is a certificate: nobody types one, and NetSuite issues none",
            "leave --prompt and --authorize out",
        )
    if new and record.token_source != "generated":
        raise TbaError(
            f"{record.path}: --new makes another key, and this one's is not generated",
            "leave --new out",
        )


def _obtain(
    engine: Engine, record: CredentialRecord, origin: Origin, browser: bool
) -> Obtain | None:
    match origin:
        case Origin.GENERATED:
            return None  # the provider makes it
        case Origin.TYPED:
            typed = _prompted(record)  # now: Ctrl-C ends a prompt in this thread alone
            return lambda _obtaining: typed
        case Origin.ISSUED:
            return lambda obtaining: _authorized(engine, record, obtaining, browser)
        case _:
            remedy = "give it the new token, or take another way: --prompt, --authorize"
            return lambda _: read_new(open_source(record.token_source), record.path, remedy)


def read_new(source: Source, whose: str, remedy: str) -> Pair:
    """Read the pair that a source has now.

    Raises:
        SourceError: It has none, or cannot be read.
    """
    pair = source.read()
    if pair is None:
        raise SourceError(f"{whose}: {source.place}: no value", remedy)
    return pair


def _prompted(record: CredentialRecord) -> Pair:
    typer.echo(f"{record.path}: the new token, as NetSuite showed it (what you type is not shown)")
    texts = getpass.getpass("  token id: "), getpass.getpass("  token secret: ")
    pair = make_pair(TOKEN_HALVES, ("what was typed", "what was typed"), texts)
    if pair is None:
        raise SourceError(f"{record.path}: nothing was typed", "type both halves of the new token")
    for warning in pair.warnings:
        typer.echo(f"  warning: {warning}", err=True)
    return pair


def _authorized(
    engine: Engine, record: CredentialRecord, obtaining: Obtaining, browser: bool
) -> Pair:
    consumer = obtaining.consumer
    return authorize(
        Application(record.integration, record.account, consumer, record.endpoint),
        credentials.expected(record),
        Person(open_page=partial(_open, browser=browser), announce=typer.echo),
        record=f"token {record.path}",
        cancelled=lambda: obtaining.cancelled() or engine.stopping(),
        before_issue=obtaining.about_to_issue,
    )


def _open(url: str, *, browser: bool) -> None:
    if not (browser and webbrowser.open(url)):
        typer.echo(f"  open {url}")
