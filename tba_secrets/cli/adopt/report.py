"""What `tba import` tells: a line for each secret, why one is not imported or not proven, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from tba_secrets.cli.adopt.asking import Asked
from tba_secrets.cli.adopt.found import Unfit
from tba_secrets.cli.adopt.records import NewIntegration
from tba_secrets.cli.adopt.target import Target
from tba_secrets.cli.adopt.writing import FILL_IN
from tba_secrets.cli.exits import Exit


def show(outcomes: Sequence[Asked | Unfit], *, offline: bool) -> None:
    """A line for each secret; the errors behind them to stderr."""
    places = [one.place if isinstance(one, Unfit) else one.found.place for one in outcomes]
    width = max(len(place.name) for place in places)
    for place, one in zip(places, outcomes, strict=True):
        words = "not imported" if isinstance(one, Unfit) else _words(one, offline=offline)
        typer.echo(f"{place.name:<{width}}  {words}")
    for one in outcomes:
        if one.error is not None:
            typer.echo(f"error: {one.error}", err=True)
    typer.echo("")


def next_steps(target: Target, integrations: Sequence[NewIntegration], text: str) -> list[str]:
    """What a person does then.

    Args:
        target: The environment.
        integrations: What was imported.
        text: The YAML that was written or printed.
    """
    name, missing = target.name, text.count(FILL_IN)
    lines = "line" if missing == 1 else "lines"
    check = f"names the {missing} {lines} to be filled in" if missing else "finds no mistake"
    steps = [(f"tba check {name}", check)]
    if target.new:
        steps.append((f"pulumi stack init {name}", "once, after `pulumi login`"))
    steps.append(("pulumi preview", f"on the stack {name}; writes nothing"))
    steps.append(("pulumi up", "each is proven by signed calls, and stays as it is in the store"))
    width = max(len(command) for command, _ in steps)
    token = integrations[0].tokens[0].name
    return [
        "What comes next:",
        *(f"  {command:<{width}}  # {why}" for command, why in steps),
        "",
        f"Later `tba rotate {name} {token} --authorize` has NetSuite issue a new token. To bring values yourself, put",
        "a source in the place of `stored` (docs/sources.md).",
    ]


def _words(one: Asked, *, offline: bool) -> str:
    told = {
        "role": one.role_name,
        "role id": one.role_id,
        "entity": one.entity,
    }
    said = ", ".join(f"{what} {text}" for what, text in told.items() if text is not None)
    refused = {Exit.REFUSED: "NetSuite refused the login", Exit.OTHERWISE: "NetSuite did not tell"}
    why = "not asked" if offline else refused.get(one.exit, "not asked")
    rewritten = one.found.recognised.rewritten
    more = f"; will be written once more by `pulumi up`: {rewritten}" if rewritten else ""
    return f"imported: {said}{more}" if said else f"imported, not proven: {why}{more}"
