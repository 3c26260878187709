"""`tba import`: write the YAML for credentials that a store already has. Nothing is written to a store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tba_secrets.cli.exits import Exit, UsageError, worst
from tba_secrets.cli.import_ import declare
from tba_secrets.cli.import_.identify import Identified, identify, remember
from tba_secrets.cli.import_.secrets import Importable, NotImportable, look
from tba_secrets.cli.import_.target import (
    ImportTarget,
    emails_of,
    is_email,
    secret_names,
    target_of,
)
from tba_secrets.cli.init.files import NewFile, new_files, next_steps, stack_steps, write_aloud
from tba_secrets.cli.init.questions import EXAMPLES
from tba_secrets.cli.options import EnvironmentName, NewProject
from tba_secrets.cli.printing import waiting
from tba_secrets.errors import NetSuiteError, StoreError, TbaError


def command(
    environment: EnvironmentName,
    secrets: Annotated[
        list[str] | None,
        typer.Argument(metavar="SECRET", help="Names in the store; default: all under the prefix."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="The NetSuite account id, for example 1234567_SB1.")
    ] = None,
    aws: Annotated[
        str | None, typer.Option(metavar="REGION", help="The secrets are in AWS Secrets Manager.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="AWS: a profile of the shared configuration.")
    ] = None,
    role_arn: Annotated[str | None, typer.Option(help="AWS: a role to assume.")] = None,
    vault: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The secrets are in Vault; VAULT_TOKEN logs in."),
    ] = None,
    mount: Annotated[str | None, typer.Option(help="Vault: the KV mount; default: secret.")] = None,
    prefix: Annotated[
        str | None, typer.Option(help="The prefix of the secrets' names: netsuite/prod/.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(help="One address for all NetSuite services, for example a proxy's."),
    ] = None,
    user: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SECRET=EMAIL",
            help="The user that a token acts as, which NetSuite does not reveal.",
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask NetSuite.")] = False,
    project: NewProject = Path(),
) -> None:
    """Write the YAML for credentials that a store already has; `pulumi up` takes them over unchanged.

    It reads the store, asks NetSuite once for each token whose it is, and writes to neither.
    If stacks/ENV.yaml exists, it fixes account and store, and the new part is printed.

    Exit codes: 0 done; 1 a secret cannot be imported, or NetSuite could not be asked; 2 usage;
    3 a login was refused; 4 an answer does not identify a token.
    """
    flags = {
        "account": account,
        "aws": aws,
        "profile": profile,
        "role-arn": role_arn,
        "vault": vault,
        "mount": mount,
        "prefix": prefix,
        "endpoint": endpoint,
    }
    try:
        target = target_of(project, environment, flags, secrets or ())
        names = secret_names(target, secrets or ())
        emails = emails_of(user or (), names, target.prefix)
    except UsageError as error:
        raise error.shown() from None
    with waiting("reading the store"):
        looked = look(target.environment.store, names, target.environment.account)
        found = [_declarable(target, secret) for secret in looked]
    importable = [secret for secret in found if isinstance(secret, Importable)]
    with waiting("asking NetSuite whose the tokens are"):
        answers = iter(
            map(Identified, importable) if offline else _asked(target, importable, emails)
        )
    outcomes = [next(answers) if isinstance(secret, Importable) else secret for secret in found]
    identified = [outcome for outcome in outcomes if isinstance(outcome, Identified)]
    emails = complete_emails(identified, emails, _prompt if sys.stdin.isatty() else None)
    remember(identified, emails)
    _show(outcomes, offline=offline)
    if identified:
        _deliver(project, target, declare.grouped(identified, emails, target.taken))
    raise typer.Exit(worst(outcome.exit for outcome in outcomes))


def complete_emails(
    identified: Sequence[Identified],
    emails: Mapping[str, str],
    ask: Callable[[str], str | None] | None,
) -> dict[str, str]:
    """Return the e-mail addresses by secret; a user's known address holds for all of its tokens.

    `ask` asks for the others, in words that describe the user; it is None without a terminal, and
    returns None if the address stays unknown.
    """
    complete: dict[str, str] = {}
    for entity, members in declare.users(identified):
        names = [member.secret.name for member in members]
        email = next((emails[name] for name in names if name in emails), None)
        if email is None and ask is not None:
            whose = "" if entity is None else f" (entity {entity})"
            email = ask(f"E-mail of the user of {', '.join(names)}{whose}")
        if email is not None:
            complete |= {name: emails.get(name, email) for name in names}
    return complete


def _declarable(
    target: ImportTarget, secret: Importable | NotImportable
) -> Importable | NotImportable:
    """Let the spec judge the secret's name and keys, which the store fixes."""
    if isinstance(secret, NotImportable) or (finding := declare.refusal(target, secret)) is None:
        return secret
    what = f"{secret.place} cannot be declared: {finding.what}"
    return NotImportable(secret.place, StoreError(what, finding.hint))


def _asked(
    target: ImportTarget, secrets: Sequence[Importable], emails: Mapping[str, str]
) -> list[Identified | NotImportable]:
    try:
        return identify(secrets, target.environment.endpoint_url, emails)
    except NetSuiteError as error:
        remedy = f"{error.remedy}; or leave NetSuite out with --offline"
        raise TbaError(error.what, remedy) from None


def _deliver(
    project: Path, target: ImportTarget, integrations: Sequence[declare.NewIntegration]
) -> None:
    if target.new:
        text = declare.file_text(_with_aws_account(target, integrations), integrations)
        write_aloud(project, _files(project, target.name, text))
    else:
        where = "under `integrations:` of" if target.has_records else "at the end of"
        text = "\n".join(declare.records_lines(target, integrations))
        typer.echo(f"Paste this {where} stacks/{target.name}.yaml:\n\n{text}")
    typer.echo("\n" + "\n".join(_next_steps(target, integrations, text)))


def _files(project: Path, name: str, text: str) -> list[NewFile]:
    """Return the files of `tba init`, with `text` as the environment, which comes last."""
    *around, environment = new_files(project, {**EXAMPLES, "env": name})
    return [*around, replace(environment, text=text)]


def _with_aws_account(
    target: ImportTarget, integrations: Sequence[declare.NewIntegration]
) -> ImportTarget:
    """Fix the AWS account to the one in which the secrets were found."""
    aws = target.given["store"].get("aws")
    arn = integrations[0].tokens[0].identified.secret.location.split(":")
    if aws is None or len(arn) < 5:
        return target
    store = {"aws": {"region": aws["region"], "account_id": arn[4], **aws}}
    return replace(target, given={**target.given, "store": store})


def _prompt(words: str) -> str | None:
    def checked(answer: str) -> str:
        if answer and not is_email(answer):
            raise typer.BadParameter("write an e-mail address, or nothing")
        return answer

    return str(typer.prompt(f"{words}; empty to fill it in later", "", value_proc=checked)) or None


def _show(outcomes: Sequence[Identified | NotImportable], *, offline: bool) -> None:
    """Print a line for each secret, and the errors to stderr."""
    places = [o.place if isinstance(o, NotImportable) else o.secret.place for o in outcomes]
    width = max(len(place.name) for place in places)
    for place, outcome in zip(places, outcomes, strict=True):
        typer.echo(f"{place.name:<{width}}  {_words(outcome, offline=offline)}")
    for outcome in outcomes:
        if outcome.error is not None:
            typer.echo(f"error: {outcome.error}", err=True)
    typer.echo("")


def _words(outcome: Identified | NotImportable, *, offline: bool) -> str:
    if isinstance(outcome, NotImportable):
        return "not imported"
    known = {"role": outcome.role_name, "role id": outcome.role_id, "entity": outcome.entity}
    identity = ", ".join(f"{what} {text}" for what, text in known.items() if text is not None)
    refused = {Exit.REFUSED: "NetSuite refused the login", Exit.OTHERWISE: "NetSuite did not tell"}
    why = "not asked" if offline else refused.get(outcome.exit, "not asked")
    rewritten = outcome.secret.recognised.rewritten
    more = f"; `pulumi up` will rewrite it once: {rewritten}" if rewritten else ""
    return f"imported: {identity}{more}" if identity else f"imported, not proven: {why}{more}"


def _next_steps(
    target: ImportTarget, integrations: Sequence[declare.NewIntegration], text: str
) -> list[str]:
    name, missing = target.name, text.count(declare.FILL_IN)
    lines = "line" if missing == 1 else "lines"
    found = f"names the {missing} {lines} to fill in" if missing else "finds no mistake"
    steps = [(f"tba check {name}", found)]
    if target.new:
        steps += stack_steps(name)
    steps += [
        ("pulumi preview", f"on the stack {name}; writes nothing"),
        ("pulumi up", "proves each by signed calls; the stored secret stays as it is"),
    ]
    token = integrations[0].tokens[0].name
    return [
        *next_steps(steps),
        "",
        f"Later `tba rotate {name} {token} --authorize` has NetSuite issue a new token. To bring values yourself,",
        "replace `stored` by a source (docs/sources.md).",
    ]
