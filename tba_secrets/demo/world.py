"""The demo's own folder, `.demo/`: a Pulumi project, servers, a backend, and the environment to do the same by hand."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tba_secrets.cli.init.files import NewFile, project_files, write
from tba_secrets.demo.credentials import DemoNetSuite
from tba_secrets.demo.stores import STORES, DemoStore
from tba_secrets.errors import TbaError
from tba_secrets.loopback import bypass

_STOP_SECONDS = 10.0
_TBA = "from tba_secrets.cli import main; main()"


@dataclass
class Reading:
    """What a reader saw."""

    calls: int = 0
    accepted: int = 0
    """The calls that NetSuite accepted."""


@dataclass
class World:
    """A running demo: call `close` unless its servers are to stay."""

    root: Path
    """The folder that `.demo/` is in."""
    netsuite: DemoNetSuite
    store: DemoStore
    environment: dict[str, str]
    """What `pulumi` is run with, and what `.demo/env` exports."""
    stack: str

    @property
    def folder(self) -> Path:
        """Everything that the demo leaves behind, and the project that it runs in."""
        return self.root / ".demo"

    def pulumi(self, *arguments: str, quiet: bool = False) -> int:
        """Run the real CLI in the demo's project; its output goes to the terminal unless `quiet`."""
        sink = subprocess.DEVNULL if quiet else None
        return self._run(self._pulumi_path(), *arguments, stdout=sink).returncode

    def tba(self, *arguments: str) -> int:
        """Run this very `tba` in the demo's project; its output goes to the terminal."""
        return self._run(sys.executable, "-c", _TBA, *arguments).returncode

    def certificate(self, name: str) -> str:
        """Return what `tba certificate` prints for a person who uploads it: PEM, and nothing secret."""
        command = (sys.executable, "-c", _TBA, "certificate", self.stack, name)
        ended = self._run(*command, stdout=subprocess.PIPE)
        ended.check_returncode()
        return ended.stdout

    def _run(self, *command: str, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own programs
            command,
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            text=True,
            check=False,
        )

    @contextmanager
    def reader(self, record: str) -> Iterator[Reading]:
        """Let a program sign calls with the record's secret until the block ends; then it says how that went."""
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "tba_secrets.demo.reader", self.stack, record],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        reading = Reading()
        try:
            yield reading
        finally:
            told, _ = process.communicate()
        if process.returncode != 0:
            raise TbaError("the demo's reader failed", "look at what it printed above")
        reading.calls, reading.accepted = json.loads(told).values()

    def export(self) -> Path:
        """Write `.demo/env`, to be sourced by a shell: readable by its owner alone."""
        path = self.folder / "env"
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items()]
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def close(self) -> None:
        """End the servers."""
        stop_servers(self.root)

    def _pulumi_path(self) -> str:
        found = shutil.which("pulumi", path=self.environment["PATH"])
        if found is None:
            raise TbaError("the Pulumi CLI was not found", "run `make tools`, or install Pulumi")
        return found


def open_world(root: Path, kind: str, auth: str) -> World:
    """Start from nothing: a new backend, new credentials, new servers.

    Args:
        root: The folder to make `.demo/` in.
        kind: Which store, a key of `STORES`.
        auth: Which story: tba or oauth2.
    """
    stop_servers(root)
    folder = root / ".demo"
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("home", "state"):
        (folder / part).mkdir(parents=True, mode=0o700)
    stack = STORES[kind].stack + ("" if auth == "tba" else f"-{auth}")
    write(_project(folder, stack))
    netsuite = DemoNetSuite()
    addresses = _start_servers(root, netsuite, kind)
    store = STORES[kind](addresses[kind])
    settings = {**_settings(root), "TBA_SIMULATOR": addresses["netsuite"]}
    variables = {**settings, **store.environment(), **netsuite.exports}
    return World(root, netsuite, store, variables, stack)


def _project(folder: Path, stack: str) -> list[NewFile]:
    """List the project's files: an environment of its own, so that nobody else's folder has one."""
    text = files("tba_secrets.demo").joinpath(f"{stack}.yaml").read_text(encoding="utf-8")
    environment = NewFile(folder / "stacks" / f"{stack}.yaml", text, "the demo's environment")
    return [*project_files(folder, os.path.relpath(sys.prefix, folder)), environment]


def stop_servers(root: Path) -> bool:
    """End the servers of an earlier demo; False where none were left."""
    record = root / ".demo" / "servers.pid"
    if not record.exists():
        return False
    pid = int(record.read_text())
    record.unlink()
    if not _is_ours(pid):
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _is_ours(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return True


def _is_ours(pid: int) -> bool:
    """Return whether the process still is the demo's servers; a pid is used again by others."""
    try:
        command = subprocess.run(  # noqa: S603
            ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except FileNotFoundError:
        command = Path(f"/proc/{pid}/cmdline").read_text() if Path(f"/proc/{pid}").exists() else ""
    return "tba_secrets.demo.servers" in command and "defunct" not in command


def _start_servers(root: Path, netsuite: DemoNetSuite, kind: str) -> dict[str, str]:
    folder = root / ".demo"
    with (folder / "servers.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module, with a kind that was looked up
            [sys.executable, "-m", "tba_secrets.demo.servers", kind],
            env={**os.environ, "PATH": _settings(root)["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    (folder / "servers.pid").write_text(str(process.pid))
    if process.stdin is None or process.stdout is None:
        raise TbaError("the demo's servers have no pipes")
    json.dump(netsuite.simulator_config(), process.stdin)
    process.stdin.close()
    line = process.stdout.readline()
    if not line:
        raise TbaError("the demo's servers did not start", f"look into {folder / 'servers.log'}")
    addresses: dict[str, str] = json.loads(line)
    return addresses


def _settings(root: Path) -> dict[str, str]:
    folder = root / ".demo"
    return {
        "PATH": f"{sysconfig.get_path('scripts')}:{root / '.tools' / 'bin'}:{os.environ['PATH']}",
        "XDG_STATE_HOME": str(folder / "home"),  # the demo's refused logins are nobody else's
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(16),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **bypass(os.environ),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
