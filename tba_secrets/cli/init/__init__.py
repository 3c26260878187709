"""`tba init`: write a new environment's files, from flags or a few questions. Nothing is overwritten."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import typer

from tba_secrets.cli.exits import UsageError
from tba_secrets.cli.init.answers import answered
from tba_secrets.cli.init.files import NewFile, environment_file, new_files, write
from tba_secrets.cli.init.questions import Answers

_PLUGIN: Final = "pulumi-resource-tba"


def run(project: Path, environment: str, given: Mapping[str, str | None]) -> None:
    """Ask for what the flags leave open, check the answers, write the files, and show the next steps.

    Args:
        project: The folder that holds, or will hold, Pulumi.yaml and stacks/.
        environment: The new stack's name.
        given: The flags' values by the answer's name; None if the flag is absent.

    Raises:
        typer.Exit: Answers are missing or wrong; all are reported, and nothing was written.
        TbaError: A file is in the way, or cannot be written.
    """
    environment_file(project, environment).refuse_existing()
    flags = {name: value for name, value in given.items() if value is not None}
    try:
        answers = answered(environment, flags, _ask if sys.stdin.isatty() else None)
    except UsageError as error:
        raise error.shown() from None
    files = new_files(project, answers)
    for file in write(files):
        typer.echo(f"wrote {_shown(project, file)}: {file.what}")
    typer.echo("\n" + "\n".join(_next_steps(project, answers)))


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
    name = answers["env"]
    halves = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    steps = [
        *_to_get_there(project),
        (f"tba checklist {name}", "lists the clicks in NetSuite, which shows four values once"),
        *((f"export {answers[half]}=...", "") for half in halves),
        (f"pulumi stack init {name}", "once, after `pulumi login`"),
        (f"tba doctor {name}", "finds what is still missing"),
        ("pulumi preview", "needs no values"),
        ("pulumi up", "staged, proven by a signed call, then current"),
    ]
    width = max(len(command) for command, why in steps if why)
    lines = [f"  {command:<{width}}  # {why}" if why else f"  {command}" for command, why in steps]
    hint = "Let your password manager set the four variables instead of typing them."
    return ["Next steps:", *lines, "", hint]


def _to_get_there(project: Path) -> list[tuple[str, str]]:
    """List the commands to reach the project and to put this installation on PATH, if needed."""
    scripts = Path(sysconfig.get_path("scripts"))
    found = shutil.which(_PLUGIN)
    here = found is not None and Path(found).parent == scripts
    path = [] if here else [(f'export PATH="{scripts}:$PATH"', "")]
    elsewhere = project.resolve() != Path.cwd()
    return [*([(f"cd {shlex.quote(str(project))}", "")] if elsewhere else []), *path]
