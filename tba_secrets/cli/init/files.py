"""The files of a new environment, and of a new project around it. Existing files are never changed."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import typer
import yaml

from tba_secrets import __version__
from tba_secrets.cli.init.questions import Answers
from tba_secrets.cli.init.template import environment_text
from tba_secrets.cli.options import PROJECT_FILES
from tba_secrets.errors import TbaError
from tba_secrets.spec.schema import SCHEMA_FILE, schema_text

PROGRAM: Final = '''\
"""The Pulumi program: stacks/STACK.yaml -> components. Everything else is in tba_secrets."""

from pathlib import Path

from tba_secrets.program import run

run(Path(__file__).parent)
'''
"""The program of this project too."""
PLUGIN: Final = """\
#!/bin/sh
# Starts the provider. Pulumi wants the folder that Pulumi.yaml names for it even before `pulumi install`
# has made the virtual environment, so the folder is in the repository.
here=$(dirname "$0")/../{virtualenv}/bin
if [ -x "$here/pulumi-resource-tba" ]; then exec "$here/pulumi-resource-tba" "$@"; fi
if [ -x "$here/python" ]; then exec "$here/python" -m tba_secrets.provider "$@"; fi
exec pulumi-resource-tba "$@"
"""
"""The plugin's place in the repository; in this project too."""
_PROJECT: Final = """\
name: {name}
description: NetSuite credentials, staged, proven by a signed call, then promoted
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {virtualenv}  # `pulumi install` makes it from requirements.txt
stackConfigDir: stacks  # a stack's settings are beside its environment
plugins:
  providers:
    - name: tba
      path: plugin  # starts the provider that is in the virtual environment
"""
_REQUIREMENTS: Final = """\
# What `pulumi install` and the pipelines install. `uv pip compile --generate-hashes` pins all that it brings.
{requirement}
"""
_IGNORED: Final = """\
{virtualenv}/
.tools/
.demo/
__pycache__/
# Where sources of the kind `file` may be; `git add --force` is for encrypted ones.
secrets/
"""
_PRE_COMMIT: Final = """\
# `pre-commit install` (https://pre-commit.com) runs this before each commit.
repos:
  - repo: local
    hooks:
      - id: tba-check
        name: tba check
        description: Find every mistake in the environments' YAML, offline.
        entry: {virtualenv}/bin/tba check
        language: system
        files: ^stacks/(?!Pulumi\\.)[^/]+\\.yaml$
        pass_filenames: false
"""
_SETTINGS: Final = """\
# Pulumi's settings of the stack {env}; {environment} declares what is deployed. Commit both.
# Set your own key for the fingerprints in state before the first `pulumi up`:
#   openssl rand -hex 32 | pulumi config set --secret tba:digestKey
encryptionsalt: ""  # `pulumi stack init` fills this in if a passphrase protects the secrets here
"""


@dataclass(frozen=True)
class NewFile:
    """A file to write."""

    path: Path
    text: str
    what: str
    kept: bool = False
    """Whether an existing file is kept, whatever its contents."""
    remedy: str = ""
    """What to do if the file is in the way."""
    mode: int = 0o666
    """Before the umask is applied."""

    def refuse_existing(self) -> None:
        """Raise TbaError if an existing file would have to be overwritten."""
        if not self.kept and os.path.lexists(self.path) and not self._is_the_same():
            raise TbaError(f"{self.path} exists already and is not overwritten", self.remedy)

    def _is_the_same(self) -> bool:
        return self.path.is_file() and self.path.read_bytes() == self.text.encode()


def stack_steps(name: str) -> list[tuple[str, str]]:
    """Return the commands that make a stack, each with what is to be known of it."""
    kept = "one that you choose and keep; not with Pulumi Cloud or a KMS key (docs/state.md)"
    login = "once, after `pulumi login`"
    return [("export PULUMI_CONFIG_PASSPHRASE=...", kept), (f"pulumi stack init {name}", login)]


def next_steps(steps: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines that tell commands, and in one column what is to be known of each."""
    width = max(len(command) for command, why in steps if why)
    lines = (f"  {command:<{width}}  # {why}" if why else f"  {command}" for command, why in steps)
    return ["Next steps:", *lines]


def environment_file(project: Path, name: str, text: str = "") -> NewFile:
    """Return the file stacks/ENV.yaml."""
    return NewFile(
        project / "stacks" / f"{name}.yaml",
        text,
        "the environment",
        remedy=f"edit that file and run `tba check {name}`, or choose another name",
    )


def new_files(project: Path, answers: Answers) -> list[NewFile]:
    """List all files needed; the environment is last, so that a failed run can be repeated."""
    name = answers["env"]
    around = [] if _project_file(project) else [*new_project(project)]
    return [
        *around,
        NewFile(project / SCHEMA_FILE, schema_text(), "for editors that check YAML", kept=True),
        _settings(project, name),
        environment_file(project, name, environment_text(answers)),
    ]


def new_project(project: Path) -> Iterator[NewFile]:
    """Yield the files of a new repository but for its environments."""
    virtualenv, requirement = virtualenv_of(project), _requirement()
    yield from project_files(project, virtualenv)
    for name, template, what in (
        ("requirements.txt", _REQUIREMENTS, "what to install"),
        (".gitignore", _IGNORED, "what is not committed"),
        (".pre-commit-config.yaml", _PRE_COMMIT, "`tba check` before each commit"),
    ):
        text = template.format(virtualenv=virtualenv, requirement=requirement)
        yield NewFile(project / name, text, what, kept=True)


def project_files(project: Path, virtualenv: str) -> Iterator[NewFile]:
    """Yield the files that Pulumi needs; the virtual environment is relative to the project."""
    remedy = "run it in an empty folder (--project FOLDER), or in one with your own Pulumi.yaml"
    yield NewFile(project / "__main__.py", PROGRAM, "the Pulumi program", remedy=remedy)
    path, plugin = project / "plugin" / "pulumi-resource-tba", PLUGIN.format(virtualenv=virtualenv)
    yield NewFile(path, plugin, "starts the provider", remedy=remedy, mode=0o777)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", project.resolve().name).strip("-.")[:100]
    text = _PROJECT.format(name=name or "netsuite", virtualenv=virtualenv)
    yield NewFile(project / "Pulumi.yaml", text, "the Pulumi project")


def virtualenv_of(project: Path) -> str:
    """Return the virtual environment inside the project that runs this, else `.venv`."""
    prefix, folder = Path(sys.prefix), project.resolve()
    return prefix.relative_to(folder).as_posix() if prefix.is_relative_to(folder) else ".venv"


def _project_file(project: Path) -> Path | None:
    return next((project / name for name in PROJECT_FILES if (project / name).exists()), None)


def _requirement() -> str:
    """Name this very version: the commit if it was installed from one, else the release."""
    origin = json.loads(distribution("tba-secrets").read_text("direct_url.json") or "{}")
    if (vcs := origin.get("vcs_info")) is not None:
        return f"tba-secrets[cli] @ {vcs['vcs']}+{origin['url']}@{vcs['commit_id']}"
    return f"tba-secrets[cli]=={__version__}"


def _settings(project: Path, name: str) -> NewFile:
    folder = project / _settings_folder(project)
    environment = os.path.relpath(project / "stacks" / f"{name}.yaml", folder)
    text = _SETTINGS.format(env=name, environment=environment)
    what = "Pulumi's settings of the stack"
    return NewFile(folder / f"Pulumi.{name}.yaml", text, what, kept=True)


def _settings_folder(project: Path) -> str:
    """Return the project's `stackConfigDir`; stacks/ in a new project."""
    file = _project_file(project)
    if file is None:
        return "stacks"
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        raise TbaError(f"{file} cannot be read", "correct it first: `pulumi about`") from None
    folder = found.get("stackConfigDir") if isinstance(found, dict) else None
    return folder if isinstance(folder, str) else ""


def write(files: Sequence[NewFile]) -> list[NewFile]:
    """Write the missing files, or none at all if one is in the way; return those that were written.

    Raises:
        TbaError: A file is in the way, or cannot be written.
    """
    for file in files:
        file.refuse_existing()
    written = [file for file in files if not os.path.lexists(file.path)]
    for file in written:
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            opener = partial(os.open, mode=file.mode)
            with open(file.path, "x", encoding="utf-8", opener=opener) as opened:
                opened.write(file.text)
        except OSError as error:
            why = f"{file.path}: cannot be written ({error.strerror})"
            raise TbaError(why, "correct that, then run the command again") from None
    return written


def write_aloud(project: Path, files: Sequence[NewFile]) -> None:
    """Write the missing files as `write` does, and say which."""
    for file in write(files):
        typer.echo(f"wrote {os.path.relpath(file.path, project)}: {file.what}")
