"""A Pulumi project of its own for a test: the real CLI, a file backend, and an environment with nothing else in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.warm import VENV, warm_venv
from tests.netsuite_account import CONSUMERS, TOKENS, NetSuiteAccount

ROOT = Path(__file__).parents[2]
HANG_GUARD_SECONDS = 300  # nothing takes so long, on a busy machine either
STACK = "test"
AWS = "  aws: {region: us-east-1, prefix: netsuite/test/}"


@dataclass(frozen=True)
class Run:
    """What a command did."""

    status: int
    output: str
    """stdout and stderr, as a person would see them."""


@dataclass
class Project:
    """One project folder; `pulumi` runs in it with `environment` and nothing else."""

    folder: Path
    environment: dict[str, str]
    stack: str = STACK
    unset: set[str] = field(default_factory=set)
    cold: bool = False
    """Its programs always start as in the field: they are measured, or show what a newcomer would see."""

    def write(self, text: str, stack: str | None = None) -> None:
        """Put an environment's YAML in place."""
        (self.folder / "stacks" / f"{stack or self.stack}.yaml").write_text(text)

    def pulumi(self, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
        """Run the CLI to its end."""
        process = self.start(*arguments, env=env)
        output, _ = process.communicate(timeout=HANG_GUARD_SECONDS)
        return Run(process.returncode, output)

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, cold: bool = False
    ) -> subprocess.Popen[str]:
        """Start the CLI in a process group of its own; see `link_venv` about `cold`."""
        self.link_venv(cold=cold)
        pulumi = shutil.which("pulumi", path=self.environment["PATH"])
        assert pulumi is not None, "the Pulumi CLI is missing: run `make tools`"
        return subprocess.Popen(
            [pulumi, *arguments, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def link_venv(self, *, cold: bool) -> None:
        """Link the virtual environment whose programs are forked (`tests.engine.warm`), or start cold, as in the field.

        Cold, each of them is a child of whoever starts it, and comes after its imports. Whatever kills, interrupts or
        watches processes needs that. A project without a virtual environment finds its programs on PATH, cold.
        """
        link, wanted = self.folder / ".venv", VENV if cold or self.cold else warm_venv()
        if link.is_symlink() and (now := link.readlink()) != wanted:
            link.unlink()
            link.symlink_to(wanted)
            self.environment["PATH"] = self.environment["PATH"].replace(str(now), str(wanted))

    def on_a_new_machine(self) -> None:
        """Forget what is kept outside the project: refused logins, and attempts of runs that were killed."""
        shutil.rmtree(self.environment["XDG_STATE_HOME"], ignore_errors=True)

    def init(self) -> None:
        """Make the stack: all that a new stack needs beside its YAML."""
        run = self.pulumi("stack", "init", self.stack)
        assert run.status == 0, run.output

    def up(self, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
        """`pulumi up` without a preview or a question."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, env=env)

    def resources(self) -> dict[str, dict[str, Any]]:
        """State by `Type name`, such as `SmokeTest orders-bot`."""
        run = self.pulumi("stack", "export")
        assert run.status == 0, run.output
        deployment = json.loads(run.output)["deployment"]
        return {
            f"{one['type'].rpartition(':')[2]} {one['urn'].rpartition('::')[2]}": one
            for one in deployment.get("resources", [])
        }

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        run = self.pulumi("stack", "output", "--json")
        assert run.status == 0, run.output
        outputs: dict[str, Any] = json.loads(run.output)
        return outputs


def new_project(folder: Path, environment: Mapping[str, str]) -> Project:
    """The project's own files, copied: stacks/ is empty, and the backend is in the folder."""
    (folder / "stacks").mkdir(parents=True)
    (folder / "home").mkdir()
    (folder / "state").mkdir()
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "plugin", folder / "plugin")
    (folder / ".venv").symlink_to(VENV)
    return Project(folder, {**_settings(folder, VENV / "bin"), **environment})


def _settings(folder: Path, scripts: Path) -> dict[str, str]:
    return {
        "PATH": f"{scripts}:{ROOT / '.tools' / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "XDG_STATE_HOME": str(folder / "home" / ".local" / "state"),
        "PULUMI_HOME": str(folder / "home" / ".pulumi"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # The language host lists the installed packages in each run, to find plugins that they name: none does, and pip
        # is faster where there is nothing to list.
        "PIP_PATH": str(folder / "home"),
        "GOGC": "400",  # the CLI lives for a second: it need not collect its garbage
    }


def environment_yaml(
    account: NetSuiteAccount,
    *,
    extra: str = "",
    tokens: tuple[str, ...] = TOKENS,
    adopt: bool = False,
    store: str = AWS,
) -> str:
    """The test environment: the consumers' tokens, the lines under `store:`, the simulator as endpoint."""
    lines = [
        "version: 1",
        f'account: "{account.id}"',
        "endpoint: {env: TBA_SIMULATOR}",
        "store:",
        *store.splitlines(),
        *extra.splitlines(),
        "integrations:",
    ]
    for consumer in CONSUMERS:
        mine = [token for token in tokens if account.consumer_of(token) == consumer]
        if mine:
            lines += [
                f"  - name: {consumer}",
                f"    consumer: {{env: {{key: {consumer.upper()}_KEY, secret: {consumer.upper()}_SECRET}}}}",
                f"    role: {{name: {consumer} role, permissions: [REST Web Services]}}",
                "    tokens:",
                *(line for token in mine for line in _token_lines(account, token, adopt)),
            ]
    return "\n".join(lines) + "\n"


def _token_lines(account: NetSuiteAccount, token: str, adopt: bool) -> list[str]:
    variable = token.upper()
    return [
        f"      - name: {token}",
        f"        user: {account.user_of(token)}",
        f"        token: {{env: {{id: {variable}_TOKEN_ID, secret: {variable}_TOKEN_SECRET}}}}",
        *(["        adopt: true"] if adopt else []),
    ]
