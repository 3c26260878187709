"""`tba init`: write a new environment's files, from flags or a few questions. Nothing is overwritten."""

from __future__ import annotations

import shlex
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Final

import typer

from tba_secrets.cli.exits import UsageError
from tba_secrets.cli.init.files import (
    NewFile,
    environment_file,
    new_files,
    next_steps,
    stack_steps,
    virtualenv_of,
    write_aloud,
)
from tba_secrets.cli.init.pipelines import FORGES, pipeline_file
from tba_secrets.cli.init.questions import QUESTIONS, Answers, answered
from tba_secrets.cli.options import NewProject
from tba_secrets.suggestions import did_you_mean, or_else

_VALUES_OF_TBA: Final = ("consumer_key", "consumer_secret", "token_id", "token_secret")
_NOT_TYPED: Final = "Let your password manager set the four variables instead of typing them."
_FROM_THEN_ON: Final = "From then on `tba rotate --due` needs nobody (docs/oauth2.md)."


def _asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the questions' flags, which it takes as `**given`: Typer reads them from its signature."""
    flags = (
        Parameter(
            question.name,
            Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, typer.Option(question.flag, help=question.help)],
        )
        for question in QUESTIONS
    )
    declared = signature(command, eval_str=True)
    environment, *others, _given = declared.parameters.values()
    vars(command)["__signature__"] = declared.replace(parameters=[environment, *flags, *others])
    return command


@_asking
def command(
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="The new stack's name.")
    ] = None,
    *,
    ci: Annotated[
        str | None,
        typer.Option(
            metavar="FORGE",
            help="github or gitlab: write its pipeline too; without ENV, for the environments there.",
        ),
    ] = None,
    project: NewProject = Path(),
    **given: str | None,
) -> None:
    """Write a new, commented environment and, in an empty folder, the whole repository around it.

    On a terminal it asks for what the flags leave open. It overwrites nothing and asks for no secret value.
    """
    flags = {name: value for name, value in given.items() if value is not None}
    if wrong := [*_misused(environment, flags, ci)]:
        raise UsageError(wrong).shown()
    if environment is None:
        write_aloud(project, _pipeline(project, ci, {}))
        return
    environment_file(project, environment).refuse_existing()
    try:
        answers = answered(environment, flags, _ask if sys.stdin.isatty() else None)
    except UsageError as error:
        raise error.shown() from None
    files = new_files(project, answers)
    steps = _next_steps(project, answers)  # before the files are there: what is missing is said
    write_aloud(project, [*_pipeline(project, ci, {environment: files[-1].text}), *files])
    typer.echo("\n" + "\n".join(steps))


def _misused(environment: str | None, flags: Mapping[str, str], forge: str | None) -> Iterator[str]:
    if forge is not None and forge not in FORGES:
        remedy = or_else(did_you_mean(forge, FORGES), f"write {' or '.join(FORGES)}")
        yield f"--ci: there is no pipeline for that; {remedy}"
    if environment is None and forge is None:
        yield "ENV: it is missing; name the new stack, for example `tba init sandbox`"
    if environment is None and flags:
        yield "ENV: it is missing; the other flags are about a new environment"


def _pipeline(project: Path, forge: str | None, new: Mapping[str, str]) -> list[NewFile]:
    return [] if forge is None else [pipeline_file(project, forge, new)]


def _ask(question: str, default: str | None, check: Callable[[str], str]) -> str:
    """Ask one question until `check` accepts the answer."""

    def checked(answer: str) -> str:
        try:
            return check(answer)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from None

    return str(typer.prompt(question, default=default, value_proc=checked))


def _next_steps(project: Path, answers: Answers) -> list[str]:
    name, certified = answers["env"], answers["auth"] == "oauth2"
    values = ("client_id",) if certified else _VALUES_OF_TBA
    count = "the client id" if certified else "four values"
    steps = [
        *_to_get_there(project),
        *_to_install(project),
        (f"tba checklist {name}", f"lists the clicks in NetSuite, which shows {count} once"),
        *((f"export {answers[value]}=...", "") for value in values),
        *stack_steps(name),
        (f"tba doctor {name}", "finds what is still missing"),
        ("pulumi preview", "needs no values"),
    ]
    if certified:
        steps += _to_the_first_certificate(name, answers["certificate"])
    else:
        steps.append(("pulumi up", "staged, proven by a signed call, then current"))
    return [*next_steps(steps), "", _FROM_THEN_ON if certified else _NOT_TYPED]


def _to_the_first_certificate(name: str, certificate: str) -> list[tuple[str, str]]:
    waits = "makes the key, and ends with an error: the certificate waits for its upload"
    prints = f"tba certificate {name} {certificate} > {certificate}.pem"
    return [
        ("pulumi up", waits),
        (prints, "prints it, and says where to upload it"),
        ("pulumi up", "proven by an access token and a call with it, then current"),
    ]


def _to_get_there(project: Path) -> Iterator[tuple[str, str]]:
    """List the commands to reach the project and to put this installation on PATH, if needed."""
    if project.resolve() != Path.cwd():
        yield f"cd {shlex.quote(str(project))}", ""
    scripts, found = Path(sysconfig.get_path("scripts")), shutil.which("tba")
    if found is None or Path(found).parent != scripts:
        yield f'export PATH="{scripts}:$PATH"', ""


def _to_install(project: Path) -> Iterator[tuple[str, str]]:
    virtualenv = virtualenv_of(project)
    if not (project / virtualenv).exists():
        yield "pulumi install", f"makes {virtualenv} from requirements.txt, in every clone"
