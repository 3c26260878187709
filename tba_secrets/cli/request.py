"""`tba request`: one signed call, shown as `curl -v` shows it, the body on stdout. It is sent once, never again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import requests
import typer

from tba_secrets.cli import credentials
from tba_secrets.cli.exits import Exit
from tba_secrets.cli.options import Account, Form, Method, Project, Record, Stack
from tba_secrets.cli.redaction import Redactor
from tba_secrets.cli.sign import Whose, checked, pair
from tba_secrets.errors import CheckFailedError, NetSuiteUnreachableError, TbaError
from tba_secrets.loopback import is_loopback
from tba_secrets.netsuite import account as accounts
from tba_secrets.netsuite.account import Service
from tba_secrets.netsuite.answers import Answer, AnswerKind, outcome, said
from tba_secrets.netsuite.check_context import CheckContext
from tba_secrets.netsuite.circumstances import Circumstances
from tba_secrets.netsuite.client import Client, SignedCall
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.evidence import Expected
from tba_secrets.netsuite.gate import Gate
from tba_secrets.netsuite.refused_logins import mark_of
from tba_secrets.netsuite.transport import HttpSender

_CUT_OFF: Final = 1 << 20
_NOT_YOURS: Final = {"authorization", "cookie", "proxy-authorization", "host", "content-length"}


@dataclass(frozen=True)
class Target:
    """Where the call goes, and whom it is expected to be from."""

    credential: TbaCredential
    expected: Expected
    endpoint: str | None
    known: Circumstances
    name: str


def command(
    method: Method,
    url: Annotated[
        str, typer.Argument(help="The whole URL; or the path alone, on the record's account.")
    ],
    record: Record = None,
    env: Stack = None,
    account: Account = None,
    json: Annotated[str | None, typer.Option(help="A JSON body; it is not signed.")] = None,
    form: Form = None,
    header: Annotated[list[str] | None, typer.Option(help="'Name: value'. Repeatable.")] = None,
    project: Project = Path(),
) -> None:
    """Send one signed call and show it as curl -v would, without a secret; the body goes to stdout.

    Exit codes: 0 accepted; 1 not asked, or no answer; 2 usage; 3 the login was refused; 4 any other failure.
    """
    target = _target(url, Whose(record, env, project, account))
    service, endpoint, path = _address(url, target)
    fields = tuple(pair(text) for text in form or [])
    headers = _headers(header or [])
    call = SignedCall(service, method.upper(), path, form=fields, json=json, headers=headers)
    redactor = Redactor(target.credential.secrets)
    typer.echo(f"* signed with {target.name}, account {target.expected.account}", err=True)
    client = Client(target.credential, endpoint, record=target.name, sender=ShowingSender(redactor))
    answer = _asked_once(client, call, target)
    typer.echo(redactor(answer.body_text), nl=False)
    if len(answer.body_text) > _CUT_OFF:
        typer.echo("\n* the body is longer than 1 MiB, and was cut off", err=True)
    raise typer.Exit(_judged(client, call, answer, target))


class ShowingSender:
    """Sends, and writes the request and the answer's head to stderr."""

    def __init__(self, redactor: Redactor) -> None:
        self._send = HttpSender()
        self._redactor = redactor

    def __call__(self, request: requests.PreparedRequest, seconds: float) -> Answer:
        """See `netsuite.transport.Sender`."""
        if "Authorization" not in request.headers:
            answer = self._send(request, seconds)
            skew = answer.skew_seconds
            clock = "not known" if skew is None else f"{skew:+.1f} s"
            typer.echo(f"* this machine's clock against the server's: {clock}", err=True)
            return answer
        for line in self._redactor.request(request):
            typer.echo(line, err=True)
        answer = self._send(request, seconds)
        for line in self._redactor.answer(answer):
            typer.echo(line, err=True)
        return answer


def _target(url: str, whose: Whose) -> Target:
    if whose.record is None:
        credential = whose.credential(url)
        nobody = Expected(credential.account, "", None, f"token {mark_of(credential)}", None)
        return Target(credential, nobody, None, Circumstances(), "the credential")
    record = credentials.find_one(whose.project, whose.environment, whose.record)
    held = credentials.current(record)
    for account in (whose.account, held.back.credential.account):
        if account is not None and accounts.realm(account) != record.account:
            raise TbaError(
                f"{record.path} is declared for account {record.account}, not for {accounts.realm(account)}",
                "leave --account out, or store the credential of the declared account",
            )
    return Target(
        credentials.signing(record),
        credentials.expected(record),
        record.endpoint,
        Circumstances(passed_before=held.passed_before),
        record.path,
    )


def _headers(given: list[str]) -> dict[str, str]:
    """Raise `TbaError` for a header that has no colon, or is one that the signed call makes itself."""
    named = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or name.strip().lower() in _NOT_YOURS:
            raise TbaError(
                "this header cannot be given", "write 'Name: value', and no login of your own"
            )
        named[name.strip()] = value.strip()
    return named


def _address(url: str, target: Target) -> tuple[Service, str | None, str]:
    """Return service, origin and path; the origin, which stands for all services, where it is not the account's own.

    Raises:
        TbaError: The host is neither the account's, nor declared, nor this machine.
    """
    parts = urlsplit(checked(url if "://" in url else _base(url, target) + url))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if path.startswith("/services/NetSuitePort_"):
        raise TbaError(
            "SOAP is signed inside its envelope, not in a header",
            "put the output of `tba sign --soap` into the envelope's Header",
        )
    origin, account = f"{parts.scheme}://{parts.netloc}", target.expected.account
    for service in Service:
        if origin == accounts.base_url(account, service):
            return service, None, path
    if is_loopback(origin) or origin == (target.endpoint or "").rstrip("/"):
        return _service_of(path), origin, path
    raise TbaError(
        f"{parts.netloc} over {parts.scheme} is no host of account {account}: a signed call would show it the "
        "consumer key and the token id",
        "ask the account's own host over https, or declare the address as `endpoint:`",
    )


def _base(path: str, target: Target) -> str:
    return accounts.base_url(target.expected.account, _service_of(path), target.endpoint)


def _service_of(path: str) -> Service:
    return Service.SUITETALK if path.startswith("/services/") else Service.RESTLETS


def _asked_once(client: Client, call: SignedCall, target: Target) -> Answer:
    """Send within the limits that keep the user from being locked out (five refused logins in 30 minutes)."""
    account, user = target.expected.account, target.expected.user_email
    with Gate(time.time).admit(account, user, target.name, mark_of(target.credential)) as turn:
        answer = client.call_once(call)
        if outcome(answer, call.protocol) is AnswerKind.REFUSED:
            turn.refused()
        return answer


def _judged(client: Client, call: SignedCall, answer: Answer, target: Target) -> Exit:
    kind = outcome(answer, call.protocol)
    if kind is AnswerKind.BUSY:
        typer.echo(
            f"error: {said(answer, call.protocol)}: NetSuite is busy or has failed. "
            "This says nothing about the credential",
            err=True,
        )
        return Exit.OTHERWISE
    context = CheckContext(client, target.expected, str(call), clues=target.known.clues)
    try:
        context.accepted(answer, call.protocol)
    except (CheckFailedError, NetSuiteUnreachableError) as error:
        typer.echo(f"error: {error}", err=True)
        return Exit.REFUSED if kind is AnswerKind.REFUSED else Exit.OTHERWISE
    return Exit.DONE
