"""Arguments and options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from tba_secrets.cli.stack_names import own_stack_name
from tba_secrets.suggestions import did_you_mean, or_else

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


def _found_project(context: typer.Context, given: Path) -> Path:
    """Return the folder given; by default the nearest one, from here upwards, that holds a project, as pulumi does.

    Where there is none, or stacks/ is here, it is this folder.
    """
    source = context.get_parameter_source("project")
    if source is None or source.name != "DEFAULT":
        return given
    here = Path.cwd()
    for folder in (here, *here.parents):
        if any((folder / name).is_file() for name in PROJECT_FILES):
            return Path() if folder == here else folder
        if folder == here and (here / "stacks").is_dir():
            return given
    return given


Project = Annotated[
    Path,
    typer.Option(
        is_eager=True,
        callback=_found_project,
        show_default=False,
        help="The folder that holds Pulumi.yaml and stacks/; default: this one or the nearest above.",
    ),
]
NewProject = Annotated[
    Path, typer.Option(is_eager=True, help="The folder that holds Pulumi.yaml and stacks/.")
]
"""Of a command that writes them: no other folder than this one."""
Method = Annotated[str, typer.Argument(help="GET, POST, ...")]
Record = Annotated[
    str | None,
    typer.Option(
        help="INTEGRATION/TOKEN whose current credential signs; default: the four TBA_ variables."
    ),
]
Stack = Annotated[
    str | None, typer.Option(callback=own_stack_name, help="The stack that declares --record.")
]
Account = Annotated[
    str | None,
    typer.Option(
        "--account", "--realm", help="The account id (realm); default: the record's or the URL's."
    ),
]
Form = Annotated[
    list[str] | None,
    typer.Option(help="NAME=VALUE of a form body, which is also signed. Repeatable."),
]

EnvironmentName = Annotated[
    str, typer.Argument(metavar="ENV", callback=own_stack_name, help="The stack's name.")
]
Tokens = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TOKEN]...", help="INTEGRATION/TOKEN or TOKEN."),
]
TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over",
        help="Cancel the update that holds the stack's lock: you are sure that it is dead.",
    ),
]

Verbose = Annotated[bool, typer.Option("--verbose", help="Show each step, on standard error.")]
AsJson = Annotated[bool, typer.Option("--json", help="A report for programs.")]

Word = TypeVar("Word", bound=StrEnum)


def one_of(kind: type[Word], given: str | None, option: str) -> Word | None:
    """Return the word that an option gives; None if it is not given.

    Raises:
        typer.BadParameter: It is not one of the words.
    """
    if given is None or given in list(kind):
        return None if given is None else kind(given)
    rule = f"write one of {', '.join(kind)}"
    raise typer.BadParameter(or_else(did_you_mean(given, kind), rule), param_hint=option)
