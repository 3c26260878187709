"""A new token for each of some records: from its source, a person or NetSuite, in one update."""

from __future__ import annotations

import getpass
import webbrowser
from collections.abc import Callable, Iterable
from enum import Enum
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
from tba_secrets.sources import Pair, open_source
from tba_secrets.sources.values import TOKEN_HALVES, make_pair
from tba_secrets.stores.versions import Origin

_A_DAY: Final = 24 * 60 * 60


class NewTokenFrom(Enum):
    """Where the new token comes from."""

    DECLARED = "declared"
    PROMPT = "prompt"
    AUTHORIZE = "authorize"
    GENERATED = "generated"


_ORIGINS: Final = {
    NewTokenFrom.GENERATED: Origin.GENERATED,
    NewTokenFrom.DECLARED: Origin.ROTATED,
    NewTokenFrom.PROMPT: Origin.TYPED,
    NewTokenFrom.AUTHORIZE: Origin.ISSUED,
}


def bring_in(
    engine: Engine,
    records: Iterable[CredentialRecord],
    origin: NewTokenFrom,
    *,
    browser: bool,
    again: bool = False,
    new: bool = False,
    verbose: bool = False,
) -> bool:
    """Rotate these records with one update.

    Returns:
        Whether a rotation waits for a person.

    Raises:
        TbaError: A way that a record cannot take, a source without a new value, or a record that was not rotated.
    """
    records = tuple(records)
    for record in records:
        _refuse_other_kinds(record, origin, new=new)
    engine.check_declared()  # before a person is asked for anything
    intents = {
        record.path: Rotation(
            _obtain(engine, record, _way(record, origin), browser),
            origin=_ORIGINS[_way(record, origin)],
            overlap_seconds=_overlap_seconds(record),
            again=again,
            anew=new,
        )
        for record in records
    }
    # A page that a person opens is announced while it runs: no line may change in place beside that.
    announced = any(_way(record, origin) is NewTokenFrom.AUTHORIZE for record in records)
    return carry_out(engine, intents, "rotated", verbose=verbose or announced)


def _overlap_seconds(record: CredentialRecord) -> int:
    """Return how long a superseded token stays valid: `retire_after`, or a day if the YAML does not say."""
    return int(record.retire_after.total_seconds()) if record.retire_after is not None else _A_DAY


def _way(record: CredentialRecord, asked: NewTokenFrom) -> NewTokenFrom:
    """Return what was asked for, or what the environment declares: its source, or a word for one of the other ways."""
    words = {
        "prompt": NewTokenFrom.PROMPT,
        "authorize": NewTokenFrom.AUTHORIZE,
        "generated": NewTokenFrom.GENERATED,
    }
    if asked is NewTokenFrom.DECLARED and isinstance(record.token_source, str):
        return words.get(record.token_source, asked)
    return asked


def _refuse_other_kinds(record: CredentialRecord, origin: NewTokenFrom, *, new: bool) -> None:
    """Refuse a way that a record of its kind cannot take.

    Raises:
        TbaError: It says which ways there are.
    """
    if record.certificate is not None and origin in (NewTokenFrom.PROMPT, NewTokenFrom.AUTHORIZE):
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
    engine: Engine, record: CredentialRecord, origin: NewTokenFrom, browser: bool
) -> Obtain | None:
    match origin:
        case NewTokenFrom.GENERATED:
            return None  # the provider makes it
        case NewTokenFrom.DECLARED:
            return lambda _obtaining: _from_source(record)
        case NewTokenFrom.PROMPT:
            typed = _prompted(record)  # now: Ctrl-C ends a prompt in this thread alone
            return lambda _obtaining: typed
        case NewTokenFrom.AUTHORIZE:
            return lambda obtaining: _authorized(engine, record, obtaining, browser)


def _from_source(record: CredentialRecord) -> Pair:
    source = open_source(record.token_source)
    pair = source.read()
    if pair is None:
        raise SourceError(
            f"{record.path}: {source.place}: no value",
            "give it the new token, or take another way: --prompt, --authorize",
        )
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
    application = Application(
        record.integration, record.account, obtaining.consumer, record.endpoint
    )
    person = Person(open_page=_opener(browser), announce=typer.echo)
    return authorize(
        application,
        credentials.expected(record),
        person,
        record=f"token {record.path}",
        cancelled=lambda: obtaining.cancelled() or engine.stopping(),
        before_issue=obtaining.about_to_issue,
    )


def _opener(browser: bool) -> Callable[[str], None]:
    def show(url: str) -> None:
        typer.echo(f"  open {url}")

    def open_or_show(url: str) -> None:
        if not webbrowser.open(url):
            show(url)

    return open_or_show if browser else show
