"""Check one stack: that it exists, its lock, what a killed run left, its secrets."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tba_secrets.cli.doctor.finding import DoctorFinding, ok, warning, wrong
from tba_secrets.cli.doctor.machine import Machine
from tba_secrets.cli.doctor.programs import Said, ask
from tba_secrets.cli.options import project_name
from tba_secrets.cli.prose import counted
from tba_secrets.cli.status_state import TokenState, token_states
from tba_secrets.engine import Holder, Life, exported_deployment, life

_PASSPHRASE = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


class Stack:
    """A stack of the project; it has the environment's name."""

    def __init__(self, machine: Machine, name: str) -> None:
        self._machine = machine
        self._name = name
        self.states: dict[str, TokenState] | None = None
        """What its last state says of each record; None if it cannot be read."""

    def look(self) -> Iterator[DoctorFinding]:
        """Check the stack. Raises EngineError if it does not exist, or its state cannot be read."""
        project = self._machine.project
        if not (self._machine.backend and project_name(project)):
            needed = "a Pulumi.yaml and a CLI that is logged in"
            yield warning(f"the stack {self._name} cannot be checked without {needed}")
            return
        deployment = exported_deployment(project, self._name)
        held = deployment.get("resources") or []
        self.states = token_states(held)
        what = f"holds {counted(len(held), 'resource')}" if held else "holds nothing yet"
        yield ok(f"the stack {self._name} exists, and {what}")
        pending = deployment.get("pending_operations") or []
        if pending:
            yield warning(
                f"{counted(len(pending), 'operation')} pending, of a run that is in progress or was killed",
                f"`tba up {self._name}` takes them up, or `pulumi refresh --yes --clear-pending-creates`",
            )
        yield from self._locks()
        yield from self._secrets(deployment)

    def _locks(self) -> Iterator[DoctorFinding]:
        """Find lock files; only a file backend has them (pulumi, pkg/backend/diy/lock.go)."""
        if not self._machine.backend.startswith("file://"):
            return
        root = Path(self._machine.backend.removeprefix("file://")).expanduser()
        stack = f"organization/{project_name(self._machine.project)}/{self._name}"
        for file in sorted((root / ".pulumi" / "locks" / stack).glob("*.json")):
            yield self._locked(file)

    def _locked(self, file: Path) -> DoctorFinding:
        try:
            held = json.loads(file.read_text(encoding="utf-8"))
            names = (held["username"], held["hostname"], int(held["pid"]), held["timestamp"])
        except (OSError, ValueError, KeyError, TypeError):
            return warning(f"{file}, which locks the stack, cannot be read", "`pulumi cancel`")
        holder = Holder(*names)
        if life(self._name, [holder]) is Life.DEAD:
            return warning(
                f"the stack is locked by {holder}, which is dead",
                f"`tba up {self._name}` takes it up",
            )
        return warning(
            f"the stack is being updated by {holder}",
            f"wait for it; if you are sure that it is dead: `tba up {self._name} --take-over`",
        )

    def _secrets(self, deployment: Mapping[str, Any]) -> Iterator[DoctorFinding]:
        """Check what opens the secret configuration, which every update needs."""
        kind = (deployment.get("secrets_providers") or {}).get("type")
        if kind == "passphrase" and (finding := self._bad_passphrase()):
            yield finding
            return
        ended = self._configure("--show-secrets")
        if ended.status != 0:
            what = f"the stack's secret configuration cannot be opened: {ended.complaint}"
            yield wrong(what, "use the passphrase or the key that the stack was created with")
        elif kind == "passphrase":
            yield ok("the stack's passphrase is set, and is the right one")

    def _bad_passphrase(self) -> DoctorFinding | None:
        """Tell what is wrong with the passphrase; None if it is the stack's."""
        variable, variable_of_file = _PASSPHRASE
        passphrase, file = (os.environ.get(name) for name in _PASSPHRASE)
        if passphrase is None and file is None:
            return wrong(
                f"the stack's passphrase is missing: neither {variable} nor {variable_of_file} is set",
                f"`export {variable}=...`, or name a file that holds it in {variable_of_file}: "
                "`tba` and a pipeline cannot ask for it, as pulumi does on a terminal",
            )
        if passphrase is None and file and not (self._machine.project / file).is_file():
            return wrong(
                f"the stack's passphrase is missing: there is no file {file}, which {variable_of_file} names",
                "name one that exists; a relative path starts from the folder that holds Pulumi.yaml",
            )
        if refused := self._refused_passphrase():
            named = f"the file {file}, which {variable_of_file} names,"
            return wrong(
                f"{named if passphrase is None else variable} does not hold the stack's passphrase: {refused}",
                f"give the one with which `pulumi stack init {self._name}` was run",
            )
        return None

    def _refused_passphrase(self) -> str | None:
        """Return why the passphrase does not fit the stack's settings; None if it does.

        The CLI verifies it before it encrypts, and is given a copy of the settings to write to. Without settings any
        passphrase will do: the CLI begins new ones.
        """
        settings = self._machine.settings_folder / f"Pulumi.{self._name}.yaml"
        if not settings.is_file():
            return None
        with TemporaryDirectory() as folder:
            copy = shutil.copy(settings, folder)
            ended = self._configure("set", "--secret", "--config-file", copy, "tba:probe", "probe")
        return None if ended.status == 0 else ended.complaint

    def _configure(self, *words: str) -> Said:
        """Run `pulumi config`, and keep nothing that it prints but a complaint."""
        assert self._machine.pulumi is not None  # noqa: S101 - `look` goes on only with a CLI that is logged in
        more = ("--stack", self._name, "--non-interactive")
        project = self._machine.project
        return ask(self._machine.pulumi, "config", *words, *more, folder=project, keep_output=False)
