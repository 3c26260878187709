"""tools/install.sh on a machine without Pulumi and Go: it installs the vendor's release, and nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from tests.engine.project import HANG_GUARD_SECONDS, ROOT, Run

COMMANDS: Final = (
    *("awk", "bash", "cp", "curl", "cut", "dirname", "head", "mkdir", "mktemp", "rm", "sed"),
    *("sha256sum", "shasum", "tar", "gzip", "uname"),
)
RELEASED: Final = {
    "pulumi": "#!/bin/sh\necho v0.0.0-the-vendors\n",
    "pulumi-language-python": "#!/bin/sh\n",
}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """No access log."""


@dataclass
class Machine:
    """A checkout's tools/, a PATH without Pulumi and Go, and the vendor's two hosts in one server."""

    folder: Path
    url: str
    served: Path
    version: str = field(init=False)

    def __post_init__(self) -> None:
        tools = self.folder / "tools"
        (tools / "pulumi").mkdir(parents=True)
        (self.folder / "bin").mkdir()
        shutil.copy(ROOT / "tools" / "install.sh", tools)
        shutil.copy(ROOT / "tools" / "pulumi" / "go.mod", tools / "pulumi")
        for name in COMMANDS:
            if found := shutil.which(name):
                (self.folder / "bin" / name).symlink_to(found)
        required = (tools / "pulumi" / "go.mod").read_text().partition("pulumi/pkg/v3 v")[2]
        self.version = required.split()[0]

    def release(self) -> Path:
        """Publish an archive; which system it is for is said by the checksums."""
        archive = self.served / "archive"
        with tarfile.open(archive, "w:gz") as packed:
            for name, text in RELEASED.items():
                entry = tarfile.TarInfo(f"pulumi/{name}")
                entry.size, entry.mode = len(text), 0o755
                packed.addfile(entry, io.BytesIO(text.encode()))
        for system in ("linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"):
            shutil.copy(archive, self.served / self.archive(system))
        return archive

    def archive(self, system: str) -> str:
        """The name of a system's archive."""
        return f"pulumi-v{self.version}-{system}.tar.gz"

    def publish(self, sha256: str) -> None:
        """Publish a SHA-256 for every system's archive."""
        lines = [f"{sha256}  {path.name}\n" for path in self.served.glob("pulumi-v*.tar.gz")]
        (self.served / f"pulumi-{self.version}-checksums.txt").write_text("".join(lines))

    def install(self) -> Run:
        """Run `tools/install.sh pulumi`."""
        done = subprocess.run(
            ["bash", "tools/install.sh", "pulumi"],
            cwd=self.folder,
            env={
                "PATH": str(self.folder / "bin"),
                "HOME": str(self.folder),
                "PULUMI_ARCHIVES": self.url,
                "PULUMI_CHECKSUMS": self.url,
                "NO_PROXY": "127.0.0.1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=HANG_GUARD_SECONDS,
        )
        return Run(done.returncode, done.stdout)

    def installed(self) -> set[str]:
        """What stands in .tools/bin."""
        return {path.name for path in (self.folder / ".tools" / "bin").iterdir()}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    served = tmp_path / "served"
    served.mkdir()
    handler = partial(_Quiet, directory=str(served))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Machine(tmp_path / "checkout", f"http://127.0.0.1:{server.server_port}", served)
        server.shutdown()
        thread.join()


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_release_that_matches_is_installed(machine: Machine) -> None:
    machine.publish(_sha256(machine.release()))

    done = machine.install()

    assert done.status == 0, done.output
    assert machine.installed() == set(RELEASED)
    assert "pulumi: v0.0.0-the-vendors" in done.output
    assert os.access(machine.folder / ".tools" / "bin" / "pulumi", os.X_OK)


def test_one_that_does_not_match_is_not(machine: Machine) -> None:
    machine.release()
    machine.publish("0" * 64)

    done = machine.install()

    assert done.status == 1
    assert "is not what Pulumi published" in done.output
    assert "no Go" not in done.output, "it went on, and tried to build"
    assert machine.installed() == set()


@pytest.mark.parametrize("published", ["", "not a digest"])
def test_one_without_a_published_digest_is_not(machine: Machine, published: str) -> None:
    machine.release()
    if published:
        machine.publish(published)

    done = machine.install()

    assert done.status == 1
    assert "its release cannot be had, and there is no Go to build it with" in done.output
    assert machine.installed() == set()
