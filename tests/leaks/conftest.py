"""A world whose every value is a canary: usual and odd ones, from variables, files and commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tests.engine.conftest import World
from tests.engine.project import HANG_GUARD_SECONDS, Run, environment_yaml, new_project
from tests.engine.tba import start
from tests.leaks.canaries import odd, odd_values
from tests.leaks.processes import Watch
from tests.leaks.scanner import Artefact, Canary, files, text
from tests.netsuite_account import NetSuiteAccount, Values

_PRINT_A_FILE = """import pathlib, sys, time
time.sleep(0.15)  # long enough to be seen among the processes
sys.stdout.write(pathlib.Path(sys.argv[1]).read_text())
"""
_PRINT_TO_STANDARD_ERROR = """import pathlib, sys
sys.stderr.write(pathlib.Path(sys.argv[1]).read_text())
sys.exit(3)
"""


@dataclass
class WatchedWorld:
    """A world, what it must not show, and what it has shown so far."""

    world: World
    sources: Path
    """Holds the files that values come from, and nothing that is searched."""
    values: dict[str, Values] = field(default_factory=dict)
    """Every pair that a source has given."""
    shown: list[Artefact] = field(default_factory=list)
    """What commands printed, and how their processes looked."""
    _watched_before: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """The project: with PULUMI_HOME, the backend and TMPDIR in it."""
        return self.world.project.folder

    def run(self, *arguments: str, **variables: str) -> Run:
        """Run the real CLI; what it prints and how its processes look is kept."""
        environment = {**self.world.project.environment, **variables}
        cold = self._is_new(arguments[0])
        process = self.world.project.start(*arguments, env=variables, cold=cold)
        return self._watched(process, "pulumi " + " ".join(arguments[:3]), environment)

    def tba(self, *arguments: str) -> Run:
        """Run `tba`, likewise."""
        process = start(self.world, *arguments, cold=self._is_new(f"tba {arguments[0]}"))
        return self._watched(process, "tba " + arguments[0], self.world.project.environment)

    def _is_new(self, command: str) -> bool:
        """Whether it is the first of its kind, all of whose processes are to be seen."""
        new = command not in self._watched_before
        self._watched_before.add(command)
        return new

    def _watched(
        self, process: subprocess.Popen[str], command: str, environment: Mapping[str, str]
    ) -> Run:
        with Watch(process.pid) as watch:
            output, _ = process.communicate(timeout=HANG_GUARD_SECONDS)
        self.shown.append(text(f"what `{command}` printed", output))
        self.shown += [*watch.arguments(), *watch.environments(environment)]
        return Run(process.returncode, output)

    def canaries(self) -> list[Canary]:
        """Both halves of every pair."""
        return [
            Canary(f"{name}, {half}", value)
            for name, pair in self.values.items()
            for half, value in (("identifier", pair.identifier), ("secret", pair.secret))
        ]

    def artefacts(self) -> list[Artefact]:
        """All that anybody could look at."""
        return [*self.shown, *files(self.folder)]

    def give(self, token: str, values: Values, told: str) -> None:
        """From here on the source of a token, whichever it is, gives these values."""
        self.values[told] = values
        if token == "orders":
            self.world.project.environment |= {
                name: value
                for name, value in self.world.account.environment(orders=values).items()
                if name.startswith(("ORDERS_", "WAREHOUSE_"))
            }
        else:
            self.put(f"{token}.json", token_id=values.identifier, token_secret=values.secret)

    def put(self, name: str, **content: str) -> None:
        """Write a source's file, 0600."""
        self.spill(name, json.dumps(content))

    def spill(self, name: str, content: str) -> None:
        """Write a source's file as it is, 0600."""
        path = self.sources / name
        path.touch(mode=0o600)
        path.write_text(content)


def _account() -> NetSuiteAccount:
    return NetSuiteAccount(
        consumers={"warehouse": odd_values(), "billing": Values()},
        tokens={"orders": Values(), "stock": odd_values(), "invoices": odd_values()},
        spares={"orders": odd_values(), "stock": Values(), "invoices": Values()},
    )


def _with_all_kinds_of_sources(yaml: str, sources: Path) -> str:
    """`orders` and its consumer from variables, `stock` from a file, `invoices` and its consumer from commands."""
    command = f"{{command: {{argv: [{sys.executable}, {sources}/give.py, {sources}/NAME.json]}}}}"
    for variables, kind in {
        "{env: {id: STOCK_TOKEN_ID, secret: STOCK_TOKEN_SECRET}}": f"{{file: {{path: {sources}/stock.json}}}}",
        "{env: {id: INVOICES_TOKEN_ID, secret: INVOICES_TOKEN_SECRET}}": command.replace(
            "NAME", "invoices"
        ),
        "{env: {key: BILLING_KEY, secret: BILLING_SECRET}}": command.replace("NAME", "billing"),
    }.items():
        assert variables in yaml
        yaml = yaml.replace(variables, kind)
    return yaml


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedWorld]:
    account = _account()
    sources = tmp_path / "sources"
    sources.mkdir(mode=0o700)
    (sources / "give.py").write_text(_PRINT_A_FILE)
    (sources / "complain.py").write_text(_PRINT_TO_STANDARD_ERROR)
    config = SimulatorConfig.from_dict(account.simulator_config())
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        settings = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "TBA_SIMULATOR": netsuite.url,
            "TMPDIR": str(tmp_path / "project" / "tmp"),
        }
        project = new_project(tmp_path / "project", settings)
        (project.folder / "tmp").mkdir()
        project.write(_with_all_kinds_of_sources(environment_yaml(account), sources))
        project.init()
        world = WatchedWorld(World(account, netsuite, aws, project), sources)
        yield world


@pytest.fixture
def value() -> str:
    """One odd value."""
    return odd()
