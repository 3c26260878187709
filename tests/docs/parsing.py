"""Whether a command line would be taken, without running it: tba by its own parser, make and pulumi by
asking them, pytest by its paths.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from typing import Any, Final

import typer
from typer._click.exceptions import (  # what its parser raises has no public name
    BadOptionUsage,
    MissingParameter,
    UsageError,
)

from tba_secrets.cli import app
from tests.docs.documents import Command
from tests.engine.project import ROOT
from tests.lifecycle import explorer

_TBA: Final[Any] = typer.main.get_command(app)
for _name in list(_TBA.commands):
    _TBA.load(_name)
# The help shows `--plan` only with PULUMI_EXPERIMENTAL.
_NEEDS_NOTHING: Final = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PULUMI_EXPERIMENTAL": "true"}


def complaint(command: Command) -> str:
    """What the program has against the command line; empty where it takes it."""
    return JUDGES[command.words[0]](command)


def options_of_tba() -> set[str]:
    """Every option of every command."""
    found = set()
    for one in (_TBA, *_TBA.commands.values()):
        context = one.make_context("tba", [], resilient_parsing=True)
        found |= {name for parameter in one.get_params(context) for name in parameter.opts}
        found |= {name for parameter in one.params for name in parameter.secondary_opts}
    return found


def _tba(command: Command) -> str:
    _, *words = command.words
    try:
        _parse(words)
    except BadOptionUsage as error:  # a mention may leave an option's value out
        return "" if not command.whole and "requires an argument" in str(error) else str(error)
    except MissingParameter as error:
        return str(error) if command.whole else ""
    except UsageError as error:
        return str(error)
    return ""


def _parse(words: list[str]) -> None:
    context = _TBA.make_context("tba", list(words))
    name, command, rest = _TBA.resolve_command(context, words)
    command.make_context(name, rest, parent=context)


def _make(command: Command) -> str:
    run = subprocess.run(
        ["make", "--dry-run", *command.words[1:]], cwd=ROOT, capture_output=True, text=True
    )
    return run.stderr if run.returncode else ""


def _pulumi(command: Command) -> str:
    words, flags = _split(command.words[1:])
    known = _pulumi_help(words)
    if known is None:
        return f"there is no `pulumi {' '.join(words)}`"
    return ", ".join(f"{flag} is no flag of it" for flag in flags if flag not in known)


def _proof(module: str, words: list[str]) -> str:
    """Look at the source: to import a part of the proof takes seconds."""
    path = ROOT / module.replace(".", "/")
    source = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    if not source.is_file():
        return f"there is no module {module}"
    flags = _flags(words)
    said = source.read_text(encoding="utf-8")
    return ", ".join(f"{flag} is no option of it" for flag in flags if f'"{flag}"' not in said)


def _python(command: Command) -> str:
    _, *words = command.words
    if words[:2] == ["-m", "tests.lifecycle.explorer"]:
        _, unknown = explorer.options().parse_known_args(words[2:])
        return ", ".join(f"{word} is no option of it" for word in unknown)
    if words[:1] == ["-m"] and words[1].startswith(("tests.proof", "bench")):
        return _proof(words[1], words[2:])
    if words[:2] != ["-m", "pytest"]:
        return "only pytest, the explorer, the proof and the benchmarks are run with python"
    return ", ".join(f"there is no {w}" for w in words if "/" in w and not (ROOT / w).exists())


JUDGES: Final = {"tba": _tba, "make": _make, "pulumi": _pulumi, "python": _python}


def _split(words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The subcommand, for as long as there are commands below, and the flags."""
    leading: list[str] = []
    for word in words:
        if word.startswith("-"):
            break
        leading.append(word)
        known = _pulumi_help(tuple(leading))
        if known is None or _GROUP not in known:
            break
    return tuple(leading), _flags(words)


def _flags(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if word.startswith("-")]


_GROUP: Final = "Available Commands:"


@cache
def _pulumi_help(words: tuple[str, ...]) -> set[str] | None:
    """The flags of a command, and `_GROUP` where it has commands below; None where there is no such command."""
    pulumi = shutil.which("pulumi", path=f"{ROOT / '.tools' / 'bin'}:{os.environ['PATH']}")
    assert pulumi is not None, "the Pulumi CLI is missing: run `make tools`"
    said = subprocess.run(
        [pulumi, *words, "--help"], env=_NEEDS_NOTHING, capture_output=True, text=True
    ).stdout
    *above, name = words
    usage = re.search(
        rf"^Usage:\n  pulumi {''.join(f'{w} ' for w in above)}(\S+)", said, re.MULTILINE
    )
    aliases = re.search(r"^Aliases:\n  (.+)$", said, re.MULTILINE)
    if usage is None or name not in [usage[1], *(aliases[1].split(", ") if aliases else [])]:
        return None
    return {*re.findall(r"--?[a-zA-Z][\w-]*", said), *re.findall(_GROUP, said)}
