"""The files of a new environment, and of a new project around it; what exists is left as it is, or in the way."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tba_secrets.cli.init.questions import Answers
from tba_secrets.cli.init.template import environment_text
from tba_secrets.errors import TbaError
from tba_secrets.spec.schema import SCHEMA_FILE, schema_text

PROGRAM: Final = '''\
"""The Pulumi program: stacks/STACK.yaml -> components. Everything else is in tba_secrets."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pulumi

from tba_secrets.components import SHOWN, Environment, export_credentials
from tba_secrets.errors import SpecError
from tba_secrets.spec import load_stack

# When a resource fails, the language host interrupts this program; the reason has been shown.
signal.signal(signal.SIGINT, lambda *_: os._exit(SHOWN))

try:
    spec = load_stack(Path(__file__).parent, pulumi.get_stack())
except SpecError as error:
    pulumi.log.error(str(error))
    os._exit(SHOWN)

export_credentials(Environment(pulumi.get_stack(), spec))
'''
"""As this project's own."""
_PROJECT: Final = """\
name: {name}
description: NetSuite TBA credentials, staged, proven by a signed call, then promoted
{runtime}
stackConfigDir: stacks  # the settings of a stack stand beside its environment
"""
_PYTHON_ON_PATH: Final = """\
# Python with tba-secrets in it, and the provider, the command pulumi-resource-tba, are found by PATH.
runtime: python"""
_PYTHON_HERE: Final = """\
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {virtualenv}
plugins:
  providers:
    - name: tba  # the command pulumi-resource-tba
      path: {scripts}"""
_SETTINGS: Final = """\
# Pulumi's settings of the stack {env}; what is deployed stands in {environment}. Both belong into version control.
# A key of your own behind the fingerprints in state, to be set before the first `pulumi up`:
#   openssl rand -hex 32 | pulumi config set --secret tba:digestKey
encryptionsalt: ""  # `pulumi stack init` fills it in where a passphrase protects what is secret here
"""
_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


@dataclass(frozen=True)
class NewFile:
    """A file that is to be."""

    path: Path
    text: str
    what: str
    kept: bool = False
    """One that is there already, with whatever in it, does as well."""
    remedy: str = ""
    """What to do where one is there that does not."""

    def refuse_existing(self) -> None:
        """Raises:
        TbaError: There is one that would have to be overwritten.
        """
        if not self.kept and os.path.lexists(self.path) and not self._is_the_same():
            raise TbaError(f"{self.path} is there already, and is not overwritten", self.remedy)

    def _is_the_same(self) -> bool:
        return self.path.is_file() and self.path.read_bytes() == self.text.encode()


def environment_file(project: Path, name: str, text: str = "") -> NewFile:
    """stacks/ENV.yaml."""
    return NewFile(
        project / "stacks" / f"{name}.yaml",
        text,
        "the environment",
        remedy=f"edit that file, which `tba check {name}` checks, or take another name for the new one",
    )


def new_files(project: Path, answers: Answers) -> list[NewFile]:
    """All that it takes to deploy it; the environment comes last, so that a failure can be run again."""
    name = answers["env"]
    return [
        *([] if _project_file(project) else _project_files(project)),
        NewFile(project / SCHEMA_FILE, schema_text(), "for editors that check YAML", kept=True),
        _settings(project, name),
        environment_file(project, name, environment_text(answers)),
    ]


def _project_file(project: Path) -> Path | None:
    return next((project / name for name in _PROJECT_FILES if (project / name).exists()), None)


def _project_files(project: Path) -> Iterator[NewFile]:
    remedy = "run it in an empty folder (--project FOLDER), or beside a Pulumi.yaml of your own"
    yield NewFile(project / "__main__.py", PROGRAM, "the Pulumi program", remedy=remedy)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", project.resolve().name).strip("-.")[:100]
    text = _PROJECT.format(name=name or "netsuite", runtime=_runtime(project.resolve()))
    yield NewFile(project / "Pulumi.yaml", text, "the Pulumi project")


def _runtime(project: Path) -> str:
    """A virtual environment within the project is named, so that it works without being activated."""
    prefix, scripts = Path(sys.prefix), Path(sysconfig.get_path("scripts"))
    if not prefix.is_relative_to(project):
        return _PYTHON_ON_PATH
    return _PYTHON_HERE.format(
        virtualenv=prefix.relative_to(project).as_posix(),
        scripts=scripts.relative_to(project).as_posix(),
    )


def _settings(project: Path, name: str) -> NewFile:
    folder = project / _settings_folder(project)
    environment = os.path.relpath(project / "stacks" / f"{name}.yaml", folder)
    text = _SETTINGS.format(env=name, environment=environment)
    return NewFile(
        folder / f"Pulumi.{name}.yaml", text, "Pulumi's settings of the stack", kept=True
    )


def _settings_folder(project: Path) -> str:
    """`stackConfigDir` of the project; stacks/ in a new one."""
    file = _project_file(project)
    if file is None:
        return "stacks"
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        raise TbaError(f"{file} cannot be read", "put it right first: `pulumi about`") from None
    folder = found.get("stackConfigDir") if isinstance(found, dict) else None
    return folder if isinstance(folder, str) else ""


def write(files: Sequence[NewFile]) -> list[NewFile]:
    """Write those that are not there, or none at all where one is in the way.

    Returns:
        What was written.

    Raises:
        TbaError: A file is in the way, or cannot be written.
    """
    for file in files:
        file.refuse_existing()
    written = [file for file in files if not os.path.lexists(file.path)]
    for file in written:
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            with file.path.open("x", encoding="utf-8") as opened:
                opened.write(file.text)
        except OSError as error:
            why = f"{file.path}: cannot be written ({error.strerror})"
            raise TbaError(why, "put that right, and run it again") from None
    return written
