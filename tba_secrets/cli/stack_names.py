"""Which stacks a command is about; a name may be as Pulumi writes it in full, `organization/PROJECT/STACK`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import typer

from tba_secrets.errors import SpecError

_OF_A_BACKEND_OF_ONES_OWN: Final = "organization"
"""The one organization that there is where state is in a bucket or a folder."""


def own_stack_name(context: typer.Context, given: str | None) -> str | None:
    """Return a stack's own name: the callback of an argument.

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


def named_or_all(project: Path, named: Iterable[str]) -> tuple[str, ...]:
    """Return the environments that are named, each once; all of stacks/ where none is.

    Raises:
        SpecError: There is no environment.
    """
    from tba_secrets import spec

    names = tuple(dict.fromkeys(named)) or spec.stack_names(project)
    if not names:
        raise SpecError(
            f"{project / 'stacks'} holds no environment",
            "run this in the folder that holds Pulumi.yaml, or write one: `tba init ENV`",
        )
    return names


def project_name(folder: Path) -> str | None:
    """Return the name in a folder's Pulumi.yaml; None if there is none to be read."""
    import yaml

    try:
        settings = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    name = settings.get("name") if isinstance(settings, dict) else None
    return None if name is None else str(name)
