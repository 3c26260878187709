"""Arguments and options that several commands have, and which stacks they name."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from tba_secrets import spec
from tba_secrets.errors import SpecError
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


_OF_A_BACKEND_OF_ONES_OWN: Final = "organization"
"""The one organization that there is where state is in a bucket or a folder."""


def own_stack_name(context: typer.Context, given: str | None) -> str | None:
    """Return a stack's own name: the callback of an argument.

    It may be given as Pulumi writes it in full, `organization/PROJECT/STACK`.

    Raises:
        typer.BadParameter: It is a stack of another project, or its organization has to be chosen in Pulumi.
    """
    if given is None or "/" not in given:
        return given
    organization, *project, own = given.split("/")
    if organization != _OF_A_BACKEND_OF_ONES_OWN:
        raise typer.BadParameter(
            f"write {own}; `pulumi org set-default {organization}` chooses the organization"
        )
    here = project_name(Path(context.params.get("project") or "."))
    if len(project) != 1 or (here is not None and project[0] != here):
        raise typer.BadParameter(
            f"{given} is no stack of this project ({here or 'whose name is not known'}): "
            f"write the stack's own name, or the project's folder with --project"
        )
    return own


def own_stack_names(context: typer.Context, given: list[str] | None) -> list[str] | None:
    """Return the stacks' own names: the callback of an argument. Raises as `own_stack_name`."""
    return None if given is None else [own_stack_name(context, one) or one for one in given]


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
    list[str] | None, typer.Argument(metavar="[TOKEN]...", help="INTEGRATION/TOKEN or TOKEN.")
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


def named_or_all(project: Path, named: Iterable[str]) -> tuple[str, ...]:
    """Return the environments that are named, each once; all of stacks/ if none is.

    Raises:
        SpecError: There is no environment.
    """
    names = tuple(dict.fromkeys(named)) or spec.stack_names(project)
    if not names:
        raise SpecError(
            f"{project / 'stacks'} holds no environment",
            "run this in the folder that holds Pulumi.yaml, or write one: `tba init ENV`",
        )
    return names


def project_name(folder: Path) -> str | None:
    """Return the project's name from a folder's Pulumi.yaml; None if it cannot be read."""
    import yaml

    try:
        settings = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    name = settings.get("name") if isinstance(settings, dict) else None
    return None if name is None else str(name)
