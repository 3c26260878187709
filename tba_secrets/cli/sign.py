"""`tba sign`: print the Authorization header or TokenPassport of one call. No other command prints a signature."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tba_secrets.cli.options import Account, Form, Method, Project, Record, Stack
from tba_secrets.errors import TbaError
from tba_secrets.netsuite import account as accounts, signing
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import Once, Parameter
from tba_secrets.netsuite.soap import token_passport
from tba_secrets.sensitive import Sensitive

_VARIABLES = ("TBA_CONSUMER_KEY", "TBA_CONSUMER_SECRET", "TBA_TOKEN_ID", "TBA_TOKEN_SECRET")
_NONCE_LENGTHS = range(6, 65)


@dataclass(frozen=True)
class Whose:
    """The credential that signs: the named record's, or that of the four variables."""

    record: str | None
    environment: str | None
    project: Path
    account: str | None

    def credential(self, url: str) -> TbaCredential:
        """Return the credential, with the account given, or else the stored one, or that of the URL's host.

        Raises:
            TbaError: There is no credential, or its account is not known.
        """
        if self.record is not None:
            from tba_secrets.cli import credentials  # brings the stores

            found = credentials.find_one(self.project, self.environment, self.record)
            stored = credentials.signing(found)
            return replace(stored, account=accounts.realm(self.account or stored.account))
        return _from_environment(self.account or _account_of(url))


def _from_environment(account: str) -> TbaCredential:
    """Raise `TbaError` where one of the four variables is missing, or has white space around its value."""
    values = {name: os.environ.get(name, "") for name in _VARIABLES}
    if missing := [name for name, value in values.items() if not value]:
        raise TbaError(
            f"no value in {', '.join(missing)}",
            "set the four TBA_ variables, or name a record in a store: --record INTEGRATION/TOKEN --env STACK",
        )
    if ragged := [name for name, value in values.items() if value != value.strip()]:
        raise TbaError(f"white space around the value of {', '.join(ragged)}", "remove it")
    return TbaCredential(accounts.realm(account), *map(Sensitive, values.values()))


def _account_of(url: str) -> str:
    found = accounts.of_host(urlsplit(url).hostname or "")
    if found is None:
        raise TbaError(
            "the URL does not name the account", "add --account, for example 1234567_SB1"
        )
    return found[0]


def command(
    method: Method,
    url: Annotated[str, typer.Argument(help="The whole URL, including the query.")],
    soap: Annotated[
        bool, typer.Option("--soap", help="Print the TokenPassport of a SOAP call instead.")
    ] = False,
    nonce: Annotated[
        str | None, typer.Option(help="6 to 64 letters and digits; default: random.")
    ] = None,
    timestamp: Annotated[
        int | None, typer.Option(min=1, help="Epoch seconds; default: now.")
    ] = None,
    form: Form = None,
    account: Account = None,
    record: Record = None,
    env: Stack = None,
    project: Project = Path(),
) -> None:
    """Print the Authorization header of one NetSuite call.

    It signs with TBA_CONSUMER_KEY, TBA_CONSUMER_SECRET, TBA_TOKEN_ID and TBA_TOKEN_SECRET, or with the stored
    credential of --record. For five minutes the output is as secret as a password.
    """
    if nonce is not None and not (len(nonce) in _NONCE_LENGTHS and nonce.isalnum()):
        raise TbaError("NetSuite refuses this nonce", "give 6 to 64 letters and digits")
    canonical = checked(url)
    credential = Whose(record, env, project, account).credential(url)
    if soap:
        now = Once.now(timestamp)
        once = now if nonce is None else replace(now, nonce=nonce)
        typer.echo(token_passport(credential, once))
        return
    pairs = [pair(text) for text in form or []]
    typer.echo(signing.sign(credential, method, canonical, pairs, nonce=nonce, timestamp=timestamp))
    if canonical != url:
        typer.echo(f"signed for exactly this URL: {canonical}", err=True)


def checked(url: str) -> str:
    """Return the URL in the form that is signed and sent.

    Raises:
        TbaError: It cannot be signed.
    """
    try:
        return signing.canonical_url(url)
    except ValueError as error:
        raise TbaError(str(error)) from None


def pair(text: str) -> Parameter:
    """Parse a form field, `NAME=VALUE`.

    Raises:
        TbaError: The `=` is missing.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise TbaError("a form field has no `=`", "write --form NAME=VALUE")
    return name, value
