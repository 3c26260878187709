"""Real Vault servers for the tests: a dev server once a run, and servers on files that can be sealed and killed.

`vault` must be on PATH or in .tools/bin (`make tools` puts it there). Where it is missing the tests fail.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import requests

PROJECT: Final = Path(__file__).parents[2]
ROOT_TOKEN: Final = "obviously-fake-root-token"
_PATH: Final = os.environ.get("PATH", "")
"""The run's own: some tests give their programs another one."""
_PORTS_TO_TRY: Final = 5
_SECONDS_TO_START: Final = 60.0


def vault_binary(project: Path = PROJECT, path: str = _PATH) -> str:
    """The Vault to run, from PATH or built in the project.

    Raises:
        FileNotFoundError: There is none: a failure, never a reason to skip.
    """
    here = project / ".tools" / "bin" / "vault"
    found = shutil.which("vault", path=path) or (str(here) if here.is_file() else None)
    if found is None:
        raise FileNotFoundError(f"no vault on PATH or at {here}: run `make tools`")
    return found


class Api:
    """Calls of an administrator, with a token of their own.

    Args:
        url: The server.
        token: Whose calls they are.
    """

    def __init__(self, url: str, token: str = ROOT_TOKEN) -> None:
        self.url = url
        self.token = token
        self._session = requests.Session()
        self._session.trust_env = False

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expected: tuple[int, ...] = (200, 204),
        **headers: str,
    ) -> dict[str, Any]:
        """The JSON of an answer whose status must be one that is expected."""
        sent = {"X-Vault-Token": self.token, **headers}
        url = f"{self.url}/v1/{path}"
        answer = self._session.request(method, url, json=body, headers=sent, timeout=30)
        assert answer.status_code in expected, (
            f"{method} {path}: {answer.status_code} {answer.text}"
        )
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    def data(self, path: str) -> dict[str, Any] | None:
        """What is at a path, by GET; None where nothing is."""
        told = self.call("GET", path, expected=(200, 404))
        return told.get("data")

    def mount_kv(self, version: int = 2, **options: str) -> str:
        """A new KV mount; its name."""
        name = f"kv-{uuid.uuid4().hex[:12]}"
        body = {"type": "kv", "options": {"version": str(version), **options}}
        self.call("POST", f"sys/mounts/{name}", body)
        if version == 2:
            _until(lambda: self._upgraded(name), f"the mount {name} is ready")
        return name

    def token_for(self, rules: str, **settings: Any) -> str:
        """A token with one policy of its own, beside `default`."""
        policy = f"policy-{uuid.uuid4().hex[:12]}"
        self.call("PUT", f"sys/policies/acl/{policy}", {"policy": rules})
        made = self.call("POST", "auth/token/create", {"policies": [policy], **settings})
        return str(made["auth"]["client_token"])

    def _upgraded(self, mount: str) -> bool:
        self._session.headers["X-Vault-Token"] = self.token
        answer = self._session.get(f"{self.url}/v1/{mount}/config", timeout=30)
        return answer.status_code == 200


@dataclass
class VaultProcess:
    """One running `vault server`."""

    url: str
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]
    """Ends the server when this process has ended without doing so, as after a kill: the pipe between them closes."""
    log: Path

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.terminate()
        self._ended()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self._ended()

    def _ended(self) -> None:
        self.process.wait(timeout=30)
        self.guard.kill()  # before its pipe closes: another process may have the server's pid by then
        self.guard.communicate()


_SHARED: Final = pytest.StashKey[VaultProcess]()


@pytest.fixture(scope="session", name="vault")
def shared_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> VaultProcess:
    """The dev server of this run: one, whichever modules import the fixture."""
    stash = request.config.stash
    if _SHARED not in stash:
        stash[_SHARED] = dev_server(tmp_path_factory.mktemp("vault"))
        request.config.add_cleanup(stash[_SHARED].stop)
    return stash[_SHARED]


def dev_server(folder: Path) -> VaultProcess:
    """`vault server -dev`: in memory, unsealed, with a root token."""
    options = ["-dev", "-dev-no-store-token", f"-dev-root-token-id={ROOT_TOKEN}"]

    def arguments(port: int) -> list[str]:
        return [*options, f"-dev-listen-address=127.0.0.1:{port}"]

    return _start(folder, arguments, (200,))


@dataclass
class FileServer:
    """A server on files: what it holds outlives it."""

    folder: Path
    running: VaultProcess
    key: str
    token: str
    port: int
    processes: list[VaultProcess] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address; the same after each start."""
        return self.running.url

    @property
    def api(self) -> Api:
        """As root."""
        return Api(self.url, self.token)

    def unseal(self) -> None:
        """With the one key share."""
        self.api.call("PUT", "sys/unseal", {"key": self.key})
        _until(
            lambda: (
                self.api.call("GET", "sys/health", expected=(200, 429, 503))["sealed"] is False
                and self.api.call("GET", "sys/health", expected=(200, 429, 503))["standby"] is False
            ),
            "the server is active",
        )

    def seal(self) -> None:
        """As an operator in an emergency."""
        self.api.call("PUT", "sys/seal")

    def start_again(self) -> None:
        """At the same address, with the same files, sealed as every Vault that starts."""
        self.running = _launch(self.folder, _file_arguments(self.folder), self.port, (503,))


@contextmanager
def file_server(folder: Path) -> Iterator[FileServer]:
    """A server on files, initialised with one key share and unsealed."""
    running = _start(folder, lambda port: _configured(folder, port), (501,))
    port = int(running.url.rpartition(":")[2])
    made = Api(running.url).call("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    server = FileServer(folder, running, made["keys_base64"][0], made["root_token"], port)
    try:
        server.unseal()
        yield server
    finally:
        server.running.kill()


def uninitialised_server(folder: Path) -> VaultProcess:
    """A server on files that nobody has initialised."""
    return _start(folder, lambda port: _configured(folder, port), (501,))


def _configured(folder: Path, port: int) -> list[str]:
    config = f"""
        storage "file" {{ path = "{folder / "data"}" }}
        listener "tcp" {{ address = "127.0.0.1:{port}", tls_disable = true }}
        api_addr = "http://127.0.0.1:{port}"
        disable_mlock = true
    """
    (folder / "vault.hcl").write_text(config)
    return _file_arguments(folder)


def _file_arguments(folder: Path) -> list[str]:
    return [f"-config={folder / 'vault.hcl'}"]


def _start(folder: Path, arguments: Any, healthy: tuple[int, ...]) -> VaultProcess:
    """On a free port. Vault takes no port 0, so another process may be quicker: then another port is tried."""
    for _ in range(_PORTS_TO_TRY - 1):
        port = _free_port()
        with suppress(ChildProcessError):
            return _launch(folder, arguments(port), port, healthy)
    port = _free_port()
    return _launch(folder, arguments(port), port, healthy)


def _launch(
    folder: Path, arguments: list[str], port: int, healthy: tuple[int, ...]
) -> VaultProcess:
    log = folder / "server.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [vault_binary(), "server", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(folder),
        )
    guard = subprocess.Popen(
        ["/bin/sh", "-c", f"read _; kill -9 {process.pid}"], stdin=subprocess.PIPE
    )
    running = VaultProcess(f"http://127.0.0.1:{port}", process, guard, log)
    try:
        _until(lambda: _answers(running, healthy), "vault answers")
    except BaseException:
        running.kill()
        raise
    return running


def _answers(running: VaultProcess, healthy: tuple[int, ...]) -> bool:
    if running.process.poll() is not None:
        raise ChildProcessError(running.log.read_text(errors="replace")[-2000:])
    with requests.Session() as session:
        session.trust_env = False
        try:
            status = session.get(f"{running.url}/v1/sys/health", timeout=2).status_code
        except (requests.ConnectionError, requests.Timeout):
            return False
    return status in healthy


def _environment(folder: Path) -> Mapping[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("VAULT_")}
    return {**kept, "HOME": str(folder)}


def _until(reached: Any, what: str) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not reached():
        assert time.monotonic() < deadline, f"not within {_SECONDS_TO_START:g} s: {what}"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
