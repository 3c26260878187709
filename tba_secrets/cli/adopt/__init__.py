"""`tba import`: the YAML for credentials that a store has already. It reads; nothing is written to a store."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import typer

from tba_secrets.cli.adopt.asking import Asked, ask, remember
from tba_secrets.cli.adopt.found import Found, Unfit, look
from tba_secrets.cli.adopt.options import Flags, emails_of, is_email, target_of, wanted
from tba_secrets.cli.adopt.records import NewIntegration, grouped, users
from tba_secrets.cli.adopt.report import next_steps, show
from tba_secrets.cli.adopt.target import RefusedError, Target
from tba_secrets.cli.adopt.writing import file_text, records_lines, refusal
from tba_secrets.cli.exits import Exit, worst
from tba_secrets.cli.init.files import NewFile, new_files, write
from tba_secrets.cli.init.questions import QUESTIONS
from tba_secrets.cli.waiting import waiting
from tba_secrets.errors import NetSuiteError, StoreError, TbaError

Person: TypeAlias = Callable[[str], str | None]
"""Asked for the e-mail address of a user, which the words describe; None where it is not told."""


@dataclass(frozen=True)
class Wish:
    """What the command line says."""

    environment: str
    names: tuple[str, ...]
    flags: Flags
    users: tuple[str, ...]
    """NAME=EMAIL."""
    offline: bool


def run(project: Path, wish: Wish) -> None:
    """Look, ask, tell, and write a new environment's file, or print what belongs into the one that is there.

    Raises:
        typer.Exit: At the end, with the worst outcome of all secrets; or the command line is wrong.
        TbaError: The environment has problems, secrets cannot be listed, or a file is in the way.
    """
    try:
        target = target_of(project, wish.environment, wish.flags, wish.names)
        names = wanted(target, wish.names)
        emails = emails_of(wish.users, names, target.prefix)
    except RefusedError as refused:
        for line in refused.lines:
            typer.echo(f"error: {line}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    with waiting("reading the store"):
        judged = [
            _judged(target, one) for one in look(target.stores, names, target.environment.account)
        ]
    fit = [one for one in judged if isinstance(one, Found)]
    with waiting("asking NetSuite whose the tokens are"):
        answers = [Asked(one) for one in fit] if wish.offline else _asked(target, fit, emails)
    outcomes = _outcomes(judged, answers)
    asked = [one for one in outcomes if isinstance(one, Asked)]
    whole = told(asked, emails, _prompt if sys.stdin.isatty() else None)
    remember(asked, whole)
    show(outcomes, offline=wish.offline)
    if asked:
        _deliver(project, target, grouped(asked, whole, target.taken))
    raise typer.Exit(worst(_exit(one) for one in outcomes))


def told(
    asked: Sequence[Asked], emails: Mapping[str, str], person: Person | None
) -> dict[str, str]:
    """The e-mail addresses by the secret's name: one that is known for a user is that of all the user's tokens.

    Args:
        asked: What NetSuite said.
        emails: Those that the command line says.
        person: Asked for the others; None where there is nobody to ask.
    """
    found: dict[str, str] = {}
    for entity, members in users(asked):
        names = [one.found.name for one in members]
        email = next((emails[name] for name in names if name in emails), None)
        if email is None and person is not None:
            whose = "" if entity is None else f" (entity {entity})"
            email = person(f"E-mail of the user of {', '.join(names)}{whose}")
        if email is not None:
            found |= {name: emails.get(name, email) for name in names}
    return found


def _judged(target: Target, one: Found | Unfit) -> Found | Unfit:
    if isinstance(one, Unfit) or (finding := refusal(target, one)) is None:
        return one
    what = f"{one.place} cannot be declared: {finding.what}"
    return Unfit(one.place, StoreError(what, finding.hint))


def _asked(target: Target, found: Sequence[Found], emails: Mapping[str, str]) -> list[Asked]:
    try:
        return ask(found, target.environment.endpoint_url, emails)
    except NetSuiteError as error:
        remedy = f"{error.remedy}; or leave NetSuite out with --offline"
        raise TbaError(error.what, remedy) from None


def _outcomes(judged: Sequence[Found | Unfit], answers: Sequence[Asked]) -> list[Asked | Unfit]:
    """One for each secret, in their order; the token of another account is unfit after all."""
    by_name = {one.found.name: one for one in answers}
    outcomes: list[Asked | Unfit] = []
    for one in judged:
        answer = by_name[one.name] if isinstance(one, Found) else one
        if isinstance(answer, Asked) and answer.elsewhere and answer.error is not None:
            answer = Unfit(answer.found.place, answer.error)
        outcomes.append(answer)
    return outcomes


def _exit(one: Asked | Unfit) -> Exit:
    return Exit.FAILED if isinstance(one, Unfit) else one.exit


def _deliver(project: Path, target: Target, integrations: Sequence[NewIntegration]) -> None:
    if target.new:
        text = file_text(_with_aws_account(target, integrations), integrations)
        for file in write(_files(project, target.name, text)):
            typer.echo(f"wrote {os.path.relpath(file.path, project)}: {file.what}")
    else:
        where = "under `integrations:` of" if target.has_records else "at the end of"
        text = "\n".join(records_lines(target, integrations))
        typer.echo(f"Paste this {where} stacks/{target.name}.yaml:\n\n{text}")
    typer.echo("\n" + "\n".join(next_steps(target, integrations, text)))


def _files(project: Path, name: str, text: str) -> list[NewFile]:
    """Those of `tba init`, of which the environment comes last: with this text in it."""
    examples = {question.name: question.example for question in QUESTIONS}
    *around, environment = new_files(project, {**examples, "env": name})
    return [*around, replace(environment, text=text)]


def _with_aws_account(target: Target, integrations: Sequence[NewIntegration]) -> Target:
    """The AWS account that the secrets were found in is the one that it must be from now on."""
    aws = target.given["store"].get("aws")
    arn = integrations[0].tokens[0].asked.found.location.split(":")
    if aws is None or len(arn) < 5:
        return target
    store = {"aws": {"region": aws["region"], "account_id": arn[4], **aws}}
    return replace(target, given={**target.given, "store": store})


def _prompt(words: str) -> str | None:
    def checked(said: str) -> str:
        if said and not is_email(said):
            raise typer.BadParameter("write an e-mail address, or nothing")
        return said

    return str(typer.prompt(f"{words}; empty to fill it in later", "", value_proc=checked)) or None
