"""`tba init`: write a new environment's files, from flags or a few questions. Nothing is overwritten."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from tba_secrets.cli.exits import UsageError
from tba_secrets.cli.init.answers import answered
from tba_secrets.cli.init.files import (
    NewFile,
    environment_file,
    new_files,
    stack_steps,
    virtualenv_of,
    write,
)
from tba_secrets.cli.init.questions import Answers
from tba_secrets.cli.options import NewProject
from tba_secrets.suggestions import did_you_mean, or_else

_FORGES: Final = ("github", "gitlab")
_VALUES_OF_TBA: Final = ("consumer_key", "consumer_secret", "token_id", "token_secret")
_VALUES_OF_OAUTH2: Final = ("client_id",)
_TO_THE_TOKEN: Final = (("pulumi up", "staged, proven by a signed call, then current"),)
_NOT_TYPED: Final = "Let your password manager set the four variables instead of typing them."
_FROM_THEN_ON: Final = "From then on `tba rotate --due` needs nobody (docs/oauth2.md)."


def command(
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="The new stack's name.")
    ] = None,
    auth: Annotated[
        str | None,
        typer.Option(
            help="tba for tokens, or oauth2 for certificates (docs/oauth2.md); default: tba."
        ),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="The NetSuite account id, for example 1234567_SB1.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="aws or vault.")] = None,
    region: Annotated[str | None, typer.Option(help="AWS: the region.")] = None,
    aws_account: Annotated[
        str | None, typer.Option(help="AWS: the account id to require; default: any.")
    ] = None,
    address: Annotated[str | None, typer.Option(help="Vault: https://HOST:PORT.")] = None,
    mount: Annotated[str | None, typer.Option(help="Vault: the KV mount; default: secret.")] = None,
    prefix: Annotated[
        str | None, typer.Option(help="The prefix of the secrets' names; default: netsuite/ENV/.")
    ] = None,
    integration: Annotated[str | None, typer.Option(help="The integration's name.")] = None,
    role: Annotated[
        str | None, typer.Option(help="The integration's role, as NetSuite shows it.")
    ] = None,
    role_id: Annotated[str | None, typer.Option(help="OAuth 2.0: that role's internal id.")] = None,
    user: Annotated[
        str | None, typer.Option(help="The e-mail address of the user it acts as.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="OAuth 2.0: that user's internal id.")] = None,
    token: Annotated[
        str | None, typer.Option(help="TBA: the token's name; default: INTEGRATION-token.")
    ] = None,
    certificate: Annotated[
        str | None,
        typer.Option(help="OAuth 2.0: the certificate's name; default: INTEGRATION-certificate."),
    ] = None,
    consumer_key_env: Annotated[
        str | None,
        typer.Option(
            help="TBA: the variable with the consumer key; default: named after the integration."
        ),
    ] = None,
    consumer_secret_env: Annotated[
        str | None, typer.Option(help="TBA: the variable with the consumer secret.")
    ] = None,
    token_id_env: Annotated[
        str | None,
        typer.Option(help="TBA: the variable with the token id; default: named after the token."),
    ] = None,
    token_secret_env: Annotated[
        str | None, typer.Option(help="TBA: the variable with the token secret.")
    ] = None,
    client_id_env: Annotated[
        str | None,
        typer.Option(
            help="OAuth 2.0: the variable with the client id; default: named after the integration."
        ),
    ] = None,
    ci: Annotated[
        str | None,
        typer.Option(
            metavar="FORGE",
            help="github or gitlab: write its pipeline too; without ENV, for the environments there.",
        ),
    ] = None,
    project: NewProject = Path(),
) -> None:
    """Write a new, commented environment and, in an empty folder, the whole repository around it.

    On a terminal it asks for what the flags leave open. It overwrites nothing and asks for no secret value.
    """
    given = {
        "auth": auth,
        "account": account,
        "store": store,
        "region": region,
        "aws_account": aws_account,
        "address": address,
        "mount": mount,
        "prefix": prefix,
        "integration": integration,
        "role": role,
        "role_id": role_id,
        "user": user,
        "entity": entity,
        "token": token,
        "certificate": certificate,
        "consumer_key": consumer_key_env,
        "consumer_secret": consumer_secret_env,
        "token_id": token_id_env,
        "token_secret": token_secret_env,
        "client_id": client_id_env,
    }
    run(project, environment, given, ci)


def run(
    project: Path, environment: str | None, given: Mapping[str, str | None], forge: str | None
) -> None:
    """Ask for what the flags leave open, check the answers, write the files, and show the next steps.

    Args:
        project: The folder that holds, or will hold, Pulumi.yaml and stacks/.
        environment: The new stack's name; None writes only the pipeline.
        given: The flags' values by the answer's name; None if the flag is absent.
        forge: Whose pipeline to write too.

    Raises:
        typer.Exit: Answers are missing or wrong; all are reported, and nothing was written.
        TbaError: A file is in the way, or cannot be written.
    """
    flags = {name: value for name, value in given.items() if value is not None}
    if wrong := [*_misused(environment, flags, forge)]:
        raise UsageError(wrong).shown()
    if environment is None:
        _write(project, _pipeline(project, forge))
        return
    environment_file(project, environment).refuse_existing()
    try:
        answers = answered(environment, flags, _ask if sys.stdin.isatty() else None)
    except UsageError as error:
        raise error.shown() from None
    files = new_files(project, answers)
    steps = _next_steps(project, answers)  # before the files are there: what is missing is said
    _write(project, [*_pipeline(project, forge, {environment: files[-1].text}), *files])
    typer.echo("\n" + "\n".join(steps))


def _misused(environment: str | None, flags: Mapping[str, str], forge: str | None) -> Iterator[str]:
    if forge is not None and forge not in _FORGES:
        remedy = or_else(did_you_mean(forge, _FORGES), f"write {' or '.join(_FORGES)}")
        yield f"--ci: there is no pipeline for that; {remedy}"
    if environment is None and forge is None:
        yield "ENV: it is missing; name the new stack, for example `tba init sandbox`"
    if environment is None and flags:
        yield "ENV: it is missing; the other flags are about a new environment"


def _pipeline(
    project: Path, forge: str | None, new: Mapping[str, str] | None = None
) -> list[NewFile]:
    from tba_secrets.cli.init.pipelines import pipeline_file

    return [] if forge is None else [pipeline_file(project, forge, new or {})]


def _write(project: Path, files: list[NewFile]) -> None:
    for file in write(files):
        typer.echo(f"wrote {_shown(project, file)}: {file.what}")


def _ask(question: str, default: str | None, check: Callable[[str], str]) -> str:
    """Ask one question until `check` accepts the answer."""

    def checked(answer: str) -> str:
        try:
            return check(answer)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from None

    return str(typer.prompt(question, default=default, value_proc=checked))


def _shown(project: Path, file: NewFile) -> str:
    return os.path.relpath(file.path, project)


def _next_steps(project: Path, answers: Answers) -> list[str]:
    name, certified = answers["env"], answers["auth"] == "oauth2"
    values = _VALUES_OF_OAUTH2 if certified else _VALUES_OF_TBA
    count = "the client id" if certified else "four values"
    steps = [
        *_to_get_there(project),
        *_to_install(project),
        (f"tba checklist {name}", f"lists the clicks in NetSuite, which shows {count} once"),
        *((f"export {answers[value]}=...", "") for value in values),
        *stack_steps(name),
        (f"tba doctor {name}", "finds what is still missing"),
        ("pulumi preview", "needs no values"),
        *(_to_the_first_certificate(name, answers["certificate"]) if certified else _TO_THE_TOKEN),
    ]
    width = max(len(command) for command, why in steps if why)
    lines = [f"  {command:<{width}}  # {why}" if why else f"  {command}" for command, why in steps]
    return ["Next steps:", *lines, "", _FROM_THEN_ON if certified else _NOT_TYPED]


def _to_the_first_certificate(name: str, certificate: str) -> list[tuple[str, str]]:
    return [
        (
            "pulumi up",
            "makes the key, and ends with an error: the certificate waits for its upload",
        ),
        (
            f"tba certificate {name} {certificate} > {certificate}.pem",
            "prints it, and says where to upload it",
        ),
        ("pulumi up", "proven by an access token and a call with it, then current"),
    ]


def _to_get_there(project: Path) -> list[tuple[str, str]]:
    """List the commands to reach the project and to put this installation on PATH, if needed."""
    scripts = Path(sysconfig.get_path("scripts"))
    found = shutil.which("tba")
    here = found is not None and Path(found).parent == scripts
    path = [] if here else [(f'export PATH="{scripts}:$PATH"', "")]
    elsewhere = project.resolve() != Path.cwd()
    return [*([(f"cd {shlex.quote(str(project))}", "")] if elsewhere else []), *path]


def _to_install(project: Path) -> list[tuple[str, str]]:
    virtualenv = virtualenv_of(project)
    if (project / virtualenv).exists():
        return []
    return [("pulumi install", f"makes {virtualenv} from requirements.txt, in every clone")]
