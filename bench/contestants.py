"""Who is measured, and how each does each operation: in a folder, with a prefix in the store and a state of its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from bench.measure import Measured, measured
from bench.world import ACCOUNT, NETSUITE_LIMIT, Credential, World
from tests.engine.project import ROOT, Project, new_project

HERE: Final = Path(__file__).parent
OPERATIONS: Final = (
    "first up",
    "no-op up",
    "preview",
    "one changed",
    "all changed",
    "rotate one",
    "destroy",
)
_YES: Final = ("--yes", "--skip-preview")
_PULUMI: Final = {
    "first up": ("up", *_YES),
    "no-op up": ("up", *_YES),
    "preview": ("preview",),
    "one changed": ("up", *_YES),
    "all changed": ("up", *_YES),
    "destroy": ("destroy", *_YES),
}
_WORK: Final = {
    "first up": "create",
    "no-op up": "look",
    "preview": "look",
    "one changed": "update",
    "all changed": "update",
    "destroy": "delete",
}
_MOST_FOR_A_LOOP: Final = 20
_DYNAMIC: Final = "pulumi-resource-pulumi-python"


class Contestant(ABC):
    """One way to provision the credentials.

    Args:
        folder: Its own, which is removed with all others.
        world: The servers and the credentials.
    """

    name: ClassVar[str]

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.world = world
        self.generations: Counter[str] = Counter()

    def run(self, operation: str) -> Measured | None:
        """Give the sources their values, and measure the operation; None where it has none."""
        if operation not in self.operations:
            return None
        for one in self.touched(operation):
            self.generations[one.name] = (self.generations[one.name] + 1) % len(one.values)
        self.world.take_calls()
        done = self.measure(operation)
        done.calls = self.world.take_calls()
        done.state_bytes = self.state_bytes()
        return done

    def touched(self, operation: str) -> tuple[Credential, ...]:
        """Return the credentials whose source gives other values from now on."""
        every = self.world.credentials
        if operation == "all changed":
            return every
        if operation == "one changed":
            return every[:1]
        return every[-1:] if operation == "rotate one" else ()

    @property
    def operations(self) -> tuple[str, ...]:
        """What it can do."""
        return tuple(_PULUMI)

    @property
    def environment(self) -> dict[str, str]:
        """The sources' variables as they are now."""
        return self.world.environment(self.generations)

    @abstractmethod
    def measure(self, operation: str) -> Measured:
        """Do it, and return what it took."""

    def state_bytes(self) -> int:
        """Return the size of the engine's state."""
        return 0

    def listed(self) -> list[dict[str, str]]:
        """Return the credentials as `by_hand` reads them."""
        return [
            {
                "name": one.name,
                "secret": f"{self.name}/{one.name}".replace(" ", "-"),
                "account": ACCOUNT,
                "consumer": one.integration.upper().replace("-", "_"),
                "token": one.variable,
            }
            for one in self.world.credentials
        ]


class _Stack(Contestant):
    """One that is a Pulumi program."""

    def __init__(self, folder: Path, world: World) -> None:
        super().__init__(folder, world)
        self.project: Project = new_project(folder, {})
        self.project.cold = True
        self.project.stack = "bench"
        self.place()
        self.project.init()

    def place(self) -> None:
        """Put the program's files in place."""

    def measure(self, operation: str) -> Measured:
        words = ("pulumi", *_PULUMI[operation], "--stack", "bench", "--non-interactive")
        return self.command(*words)

    def command(self, *words: str) -> Measured:
        """Measure a command in the project."""
        return measured(words, self.folder, {**self.project.environment, **self.environment})

    def state_bytes(self) -> int:
        states = (self.folder / "state" / ".pulumi" / "stacks").rglob("bench.json")
        return sum(path.stat().st_size for path in states)


class Ours(_Stack):
    """This project: its program, its provider, and `tba rotate`."""

    name = "ours"

    def place(self) -> None:
        prefix = f"{self.name}/".replace(" ", "-")
        self.project.write(environment_yaml(self.world, prefix=prefix))

    @property
    def operations(self) -> tuple[str, ...]:
        return OPERATIONS

    def measure(self, operation: str) -> Measured:
        if operation == "rotate one":
            return self._tba("rotate", "bench", self.touched(operation)[0].name)
        if operation == "destroy":  # which leaves a secret whose superseded token can still sign
            self._tba("retire", "bench", "--now")
            self.world.take_calls()
        return super().measure(operation)

    def _tba(self, *words: str) -> Measured:
        return self.command(str(self.folder / ".venv" / "bin" / "tba"), *words)


class SavedOnce(Ours):
    """The same, with the engine saving its state at the end alone, as under `tba up`; `tba rotate` is so anyway."""

    name = "saved once"

    def place(self) -> None:
        super().place()
        self.project.environment["PULUMI_SKIP_CHECKPOINTS"] = "true"

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(_PULUMI)


class ByHand(_Stack):
    """by_hand/: one dynamic resource for each credential."""

    name = "by hand"

    def place(self) -> None:
        for path in (HERE / "by_hand").glob("*.*"):
            shutil.copy(path, self.folder / path.name)
        (self.folder / "credentials.json").write_text(json.dumps(self.listed()))
        self._place_plugin()

    def _place_plugin(self) -> None:
        """Write the plugin of dynamic resources, as a release of Pulumi has it; a CLI built with Go has none."""
        settings = self.project.environment
        if shutil.which(_DYNAMIC, path=settings["PATH"]) is None:
            plugin = self.folder / "home" / _DYNAMIC
            plugin.write_text('#!/bin/sh\nexec python3 -u -m pulumi.dynamic "$@"\n')
            plugin.chmod(0o755)
            settings["PATH"] = f"{plugin.parent}:{settings['PATH']}"


class EmptyEngine(_Stack):
    """A program that declares nothing: what the engine costs by itself."""

    name = "empty engine"

    @property
    def operations(self) -> tuple[str, ...]:
        return ("first up", "no-op up", "preview", "destroy")

    def place(self) -> None:
        shutil.copy(HERE / "by_hand" / "Pulumi.yaml", self.folder / "Pulumi.yaml")
        (self.folder / "__main__.py").write_text("import pulumi\n")


class Floor(Contestant):
    """floor.py: the calls alone."""

    name = "calls alone"

    def measure(self, operation: str) -> Measured:
        touched = self.touched(operation)
        every = self.listed()
        chosen = [one for one in every if not touched or one["name"] in {t.name for t in touched}]
        self.folder.mkdir(exist_ok=True)
        file = self.folder / "credentials.json"
        file.write_text(json.dumps(chosen))
        words = (sys.executable, "-m", "bench.floor", _WORK[operation], str(file))
        return measured(words, ROOT, {**_bare(self.folder), **self.environment})


class Loop(Contestant):
    """loop.sh: one credential after another, with the command line tools that are on PATH."""

    name = "shell loop"

    @property
    def operations(self) -> tuple[str, ...]:
        """Writes, for few: it takes seconds for each."""
        if len(self.world.credentials) > _MOST_FOR_A_LOOP:
            return ()
        return ("first up", "one changed", "all changed", "destroy")

    def measure(self, operation: str) -> Measured:
        self.folder.mkdir(exist_ok=True)
        touched = {one.name for one in self.touched(operation)}
        given = self.environment
        lines = [
            " ".join(
                (
                    one["secret"],
                    one["account"],
                    given[f"{one['consumer']}_KEY"],
                    given[f"{one['consumer']}_SECRET"],
                    given[f"{one['token']}_ID"],
                    given[f"{one['token']}_SECRET"],
                )
            )
            for one in self.listed()
            if not touched or one["name"] in touched
        ]
        words = ("bash", str(HERE / "loop.sh"), _WORK[operation])
        settings = {**_bare(self.folder), **self.world.settings}
        return measured(words, self.folder, settings, "\n".join(lines) + "\n")


def missing_tools(store: str) -> list[str]:
    """Return what the shell loop needs and PATH has not."""
    tools = ("curl", "openssl", "jq", "aws" if store == "aws" else "vault")
    return [tool for tool in tools if shutil.which(tool) is None]


def contestants(folder: Path, world: World, *, loop: bool) -> list[Contestant]:
    """Return all that can run here.

    Args:
        folder: Each gets one in it.
        world: The servers and the credentials.
        loop: With the shell loop, if its tools are here.
    """
    kinds = [Ours, SavedOnce, ByHand, EmptyEngine, Floor]
    if loop and not missing_tools(world.store):
        kinds.append(Loop)
    return [kind(folder / kind.name.replace(" ", "-"), world) for kind in kinds]


def _bare(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}


def environment_yaml(world: World, account: str = ACCOUNT, prefix: str = "ours/") -> str:
    """Return the YAML of an environment that has all of the world's credentials."""
    return "\n".join(_yaml(world, account, prefix)) + "\n"


def _yaml(world: World, account: str, prefix: str) -> Iterator[str]:
    yield "version: 1"
    yield f'account: "{account}"'
    yield "endpoint: {env: TBA_SIMULATOR}"
    yield f"concurrency: {NETSUITE_LIMIT}"  # which by hand and the calls alone know as well
    yield "store:"
    if world.store == "aws":
        yield f"  aws: {{region: us-east-1, prefix: {prefix}}}"
    else:
        yield f"  vault: {{address: {{env: VAULT_ADDR}}, mount: {world.mount}, prefix: {prefix}}}"
    yield "integrations:"
    for name in world.consumers:
        variable = name.upper().replace("-", "_")
        yield f"  - name: {name}"
        yield f"    consumer: {{env: {{key: {variable}_KEY, secret: {variable}_SECRET}}}}"
        yield f"    role: {{name: {name} role, permissions: [REST Web Services]}}"
        yield "    tokens:"
        for one in world.credentials:
            if one.integration == name:
                yield f"      - name: {one.name}"
                yield f"        user: {one.user}"
                yield f"        token: {{env: {{id: {one.variable}_ID, secret: {one.variable}_SECRET}}}}"
