"""`tba rotate`: a new token in, proven, current; the old one stays valid through its overlap."""

from __future__ import annotations

import getpass
import webbrowser
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.carry_out import carry_out
from tba_secrets.cli.retire import retire_due
from tba_secrets.engine import Engine
from tba_secrets.errors import SourceError
from tba_secrets.netsuite import Application, Expected, Person, authorize
from tba_secrets.provider.intents import Rotation
from tba_secrets.records import CredentialRecord
from tba_secrets.sensitive import Sensitive
from tba_secrets.sources import Pair, open_source

_A_DAY: Final = 24 * 60 * 60


class From(Enum):
    """Where the new token comes from."""

    DECLARED = "declared"
    PROMPT = "prompt"
    AUTHORIZE = "authorize"


def run(engine: Engine, tokens: list[str], origin: From, *, browser: bool) -> None:
    """Rotate the tokens named, and retire what an earlier rotation superseded and is due now.

    Raises:
        TbaError: A token that is not declared, a source without a new value, or a record that was not rotated.
    """
    records = credentials.find(engine.project, engine.stack, tokens)
    run_for(engine, records, origin, browser=browser)
    retire_due(engine, records)


def run_for(
    engine: Engine,
    records: Iterable[CredentialRecord],
    origin: From,
    *,
    browser: bool,
) -> None:
    """Rotate these records with one update."""
    engine.check_declared()  # before a person is asked for anything
    intents = {
        record.path: Rotation(
            _obtain(engine, record, _way(record, origin), browser),
            issued=_way(record, origin) is From.AUTHORIZE,
            overlap_seconds=overlap_seconds(record),
        )
        for record in records
    }
    carry_out(engine, intents)
    typer.echo(
        "Rotated. The superseded tokens stay valid through their overlap; then the next `tba rotate` or `tba retire` "
        "revokes them."
    )


def overlap_seconds(record: CredentialRecord) -> int:
    """How long a superseded token stays valid: `retire_after`, a day where nothing is said."""
    return int(record.retire_after.total_seconds()) if record.retire_after is not None else _A_DAY


def _way(record: CredentialRecord, asked: From) -> From:
    """What was asked for; else what the environment declares: its source, or a word for one of the other ways."""
    words = {"prompt": From.PROMPT, "authorize": From.AUTHORIZE}
    if asked is From.DECLARED and isinstance(record.token_source, str):
        return words.get(record.token_source, asked)
    return asked


def _obtain(
    engine: Engine, record: CredentialRecord, origin: From, browser: bool
) -> Callable[[Pair], Pair]:
    match origin:
        case From.DECLARED:
            return lambda _consumer: _from_source(record)
        case From.PROMPT:
            typed = _prompted(record)  # now: Ctrl-C ends a prompt in this thread alone
            return lambda _consumer: typed
        case From.AUTHORIZE:
            return lambda consumer: _authorized(engine, record, consumer, browser)


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
    return Pair(
        Sensitive(getpass.getpass("  token id: ").strip()),
        Sensitive(getpass.getpass("  token secret: ").strip()),
    )


def _authorized(engine: Engine, record: CredentialRecord, consumer: Pair, browser: bool) -> Pair:
    application = Application(record.integration, record.account, consumer, record.endpoint)
    expected = Expected(
        account=record.account,
        role_name=record.role.name,
        role_id=record.role.id,
        user_email=record.user.email,
        entity=record.user.entity,
        permissions=record.role.permissions,
    )
    person = Person(open_page=_opener(browser), announce=typer.echo, cancelled=engine.stopping)
    return authorize(application, expected, person, record=f"token {record.path}")


def _opener(browser: bool) -> Callable[[str], None]:
    def show(url: str) -> None:
        typer.echo(f"  open {url}")

    def open_or_show(url: str) -> None:
        if not webbrowser.open(url):
            show(url)

    return open_or_show if browser else show
