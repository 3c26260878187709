"""`tba verify ENV TOKEN --account-probe`: what an account answers where our simulator had to guess."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import requests
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tba_secrets.cli import credentials
from tba_secrets.errors import NotAskedError, TbaError
from tba_secrets.netsuite.answers import Answer
from tba_secrets.netsuite.client import Client
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.inferred import POINTS, Exchange, Observed, Point
from tba_secrets.netsuite.lockout import MOST_REFUSALS
from tba_secrets.netsuite.refused_logins import RefusedLogins, mark_of
from tba_secrets.netsuite.transport import HttpSender
from tba_secrets.records import CredentialRecord
from tba_secrets.sensitive import Sensitive

_WIDTH: Final = 150


class ProbeResult(StrEnum):
    """What came of one point."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class ProbeFinding:
    """One point, and what the account says about it."""

    number: int
    does: str
    answered: str
    """Or why it was not asked."""
    result: ProbeResult


@dataclass(frozen=True)
class ProbeOptions:
    """What the person who asks allows."""

    points: frozenset[int]
    """Empty for all."""
    refused_logins: int
    restlet: str | None


def run(
    project: Path, environment: str, names: list[str], options: ProbeOptions, *, as_json: bool
) -> None:
    """Ask, and print every point. A point that differs is news, not a failure."""
    if len(names) != 1:
        raise TbaError("the account probe asks with one token", "name one: tba verify ENV TOKEN")
    record = credentials.find_one(project, environment, names[0])
    found = probe(record, options, RefusedLogins.at_home())
    findings = sorted(found, key=lambda finding: finding.number)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(record, findings)


def probe(
    record: CredentialRecord, options: ProbeOptions, logins: RefusedLogins
) -> Iterator[ProbeFinding]:
    """Ask the points one after another.

    1. The clock first: nothing is signed while it is wrong.
    2. What costs a refused login last, only as far as it is allowed, and never beyond three in 30 minutes.
    3. Each attempt is recorded before it is sent, so that every other run leaves the user alone as well.
    """
    credential = credentials.signing(record)
    Client(credential, record.endpoint, record=record.path).reach()
    watched = _Watched(credential.token_id)
    exchange = Exchange(credential, record.endpoint, _restlet(options.restlet), send=watched)
    account, user, mark = record.account, record.user.email, mark_of(credential)
    for point in sorted(POINTS, key=lambda one: one.refused_logins):
        recent = [one for one in logins.of(account, user) if one.within_window(time.time())]
        left = min(options.refused_logins, MOST_REFUSALS - len(recent))
        if (why := _why_not(point, options, left)) is not None:
            yield ProbeFinding(point.number, point.does, why, ProbeResult.NOT_ASKED)
            continue
        options = replace(options, refused_logins=options.refused_logins - point.refused_logins)
        # A gate for each: what costs a refused login on purpose does not end the user's turn in this run.
        gate = Gate(time.time, logins=logins)
        try:
            with gate.admit(account, user, record.path, mark) as turn:
                watched.refused = bool(point.refused_logins)
                observed = point.ask(exchange) if point.ask is not None else None
                if watched.refused:
                    turn.refused()
        except NotAskedError as error:
            yield ProbeFinding(point.number, point.does, error.what, ProbeResult.NOT_ASKED)
        else:
            yield _found(point, observed)


class _Watched:
    """Sends, and sees refused logins: a token that is revoked is refused where no refusal is asked for.

    A 401 to a request that does not name the token counts for no user.
    """

    def __init__(self, token_id: Sensitive) -> None:
        self._send = HttpSender()
        self._token_id = token_id
        self.refused = False

    def __call__(self, request: requests.PreparedRequest, seconds: float) -> Answer:
        """See `netsuite.transport.Sender`."""
        answer = self._send(request, seconds)
        names_it = self._token_id.reveal() in str(request.headers.get("Authorization", ""))
        self.refused |= answer.status == 401 and names_it
        return answer


def _why_not(point: Point, options: ProbeOptions, left: int) -> str | None:
    """Return why a point is not asked; None if it is."""
    if options.points and point.number not in options.points:
        return "not chosen"
    if point.ask is None:
        return f"by hand: {point.settle}"
    if point.refused_logins > left:
        return (
            f"costs {point.refused_logins} refused login of the user, and five lock the user out for 30 minutes: "
            f"--allow-refused-logins up to {MOST_REFUSALS}, within 30 minutes"
        )
    return None


def _found(point: Point, observed: Observed | None) -> ProbeFinding:
    if observed is None:
        return ProbeFinding(point.number, point.does, f"needs {point.needs}", ProbeResult.NOT_ASKED)
    result = ProbeResult.AGREES if observed.agrees else ProbeResult.DIFFERS
    return ProbeFinding(point.number, point.does, observed.what, result)


def _restlet(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    script, slash, deploy = text.partition("/")
    if not (slash and script and deploy):
        raise TbaError("--probe-restlet is no RESTlet", "write SCRIPT/DEPLOY, such as 6/1")
    return script, deploy


_COLOURS: Final = {
    ProbeResult.AGREES: "green",
    ProbeResult.DIFFERS: "red",
    ProbeResult.NOT_ASKED: "dim",
}


def _show(record: CredentialRecord, findings: list[ProbeFinding]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    table = Table(title=f"{record.account}, asked with {record.path}", title_justify="left")
    for heading in ("#", "what the simulator does", "what the account answered", "result"):
        table.add_column(heading, no_wrap=heading in ("#", "result"))
    for one in findings:
        result = f"[{_COLOURS[one.result]}]{one.result}[/]"
        table.add_row(str(one.number), escape(one.does), escape(one.answered), result)
    console.print(table)
