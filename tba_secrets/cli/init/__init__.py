"""`tba init`: a new environment's files, from flags or from a few questions; nothing that exists is overwritten."""

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

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.init.answers import RefusedError, answered
from tba_secrets.cli.init.files import NewFile, environment_file, new_files, write
from tba_secrets.cli.init.questions import Answers

_PLUGIN: Final = "pulumi-resource-tba"


def run(project: Path, environment: str, given: Mapping[str, str | None]) -> None:
    """Ask for what no flag gives where stdin is a terminal, check all of it, write, and tell what comes next.

    Args:
        project: The folder that holds, or will hold, Pulumi.yaml and stacks/.
        environment: The new stack's name.
        given: The flags' values by the answer's name; None where the flag is absent.

    Raises:
        typer.Exit: Answers are missing or wrong: all of them are told at once, and nothing was written.
        TbaError: A file is in the way, or cannot be written.
    """
    environment_file(project, environment).refuse_existing()
    flags = {name: value for name, value in given.items() if value is not None}
    try:
        answers = answered(environment, flags, _ask if sys.stdin.isatty() else None)
    except RefusedError as refused:
        for line in refused.lines:
            typer.echo(f"error: {line}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    files = new_files(project, answers)
    for file in write(files):
        typer.echo(f"wrote {_shown(project, file)}: {file.what}")
    typer.echo("\n" + "\n".join(_next_steps(project, answers)))


def _ask(question: str, default: str | None, check: Callable[[str], str]) -> str:
    """One question; it is asked again until `check` lets the answer through."""

    def checked(said: str) -> str:
        try:
            return check(said)
        except RefusedError as refused:
            raise typer.BadParameter(str(refused)) from None

    return str(typer.prompt(question, default=default, value_proc=checked))


def _shown(project: Path, file: NewFile) -> str:
    return os.path.relpath(file.path, project)


def _next_steps(project: Path, answers: Answers) -> list[str]:
    name = answers["env"]
    halves = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    steps = [
        *_to_get_there(project),
        (f"tba checklist {name}", "what to click in NetSuite, which then shows four values once"),
        *((f"export {answers[half]}=...", "") for half in halves),
        (f"pulumi stack init {name}", "once, after `pulumi login`"),
        (f"tba doctor {name}", "finds what is missing yet"),
        ("pulumi preview", "needs no values"),
        ("pulumi up", "staged, proven by a signed call, then current"),
    ]
    width = max(len(command) for command, why in steps if why)
    lines = [f"  {command:<{width}}  # {why}" if why else f"  {command}" for command, why in steps]
    hint = "Have your password manager set the four variables rather than typing them."
    return ["What comes next:", *lines, "", hint]


def _to_get_there(project: Path) -> list[tuple[str, str]]:
    """Pulumi finds the provider and Python by PATH: said where this installation is not there."""
    scripts = Path(sysconfig.get_path("scripts"))
    found = shutil.which(_PLUGIN)
    here = found is not None and Path(found).parent == scripts
    path = [] if here else [(f'export PATH="{scripts}:$PATH"', "")]
    elsewhere = project.resolve() != Path.cwd()
    return [*([(f"cd {shlex.quote(str(project))}", "")] if elsewhere else []), *path]
