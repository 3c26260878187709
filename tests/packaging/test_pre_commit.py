"""The hook `tba-check`, by the real pre-commit, in a repository of somebody else: what a `git commit` does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import block
from tests.engine.project import HANG_GUARD_SECONDS, ROOT

pytestmark = pytest.mark.long

RIGHT = block(ROOT / "README.md", "yaml", "Your first environment")
WRONG = RIGHT.replace("user: integration.bot@example.com", "usr: integration.bot@example.com")
ROLES = ("AUTHOR", "COMMITTER")


class Repository:
    """A git repository, without anything of whoever runs the tests."""

    def __init__(self, folder: Path, home: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._environment = {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PRE_COMMIT_HOME": str(home / "pre-commit"),
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": "a@example.com" for who in ROLES for what in ("NAME", "EMAIL")},
        }
        self.run("git", "init", "--quiet", "--initial-branch=main")

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=HANG_GUARD_SECONDS,
        )

    def commit(self) -> subprocess.CompletedProcess[str]:
        """Everything that is in the folder."""
        self.run("git", "add", "--all")
        return self.run("git", "commit", "--message", "change")

    def commits(self) -> int:
        return int(self.run("git", "rev-list", "--all", "--count").stdout)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One that uses the hook from a repository that holds this checkout's hook file."""
    home = tmp_path / "home"
    home.mkdir()
    ours = Repository(tmp_path / "tba-secrets", home)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", ours.folder)
    ours.commit()
    revision = ours.run("git", "rev-parse", "HEAD").stdout.strip()
    theirs = Repository(tmp_path / "theirs", home)
    (theirs.folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {ours.folder}\n  rev: {revision}\n  hooks:\n  - id: tba-check\n"
    )
    (theirs.folder / "stacks").mkdir()
    installed = theirs.run("pre-commit", "install")
    assert installed.returncode == 0, installed.stdout
    return theirs


def test_a_commit_of_a_right_environment_goes_through(repository: Repository) -> None:
    (repository.folder / "stacks" / "sandbox.yaml").write_text(RIGHT)

    done = repository.commit()

    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout
    assert repository.commits() == 1


def test_a_commit_of_a_wrong_one_is_stopped(repository: Repository) -> None:
    assert WRONG != RIGHT
    (repository.folder / "stacks" / "sandbox.yaml").write_text(WRONG)

    done = repository.commit()

    assert done.returncode != 0
    line = next(n for n, text in enumerate(WRONG.splitlines(), start=1) if "usr:" in text)
    assert f"stacks/sandbox.yaml:{line}:" in done.stdout
    assert repository.commits() == 0


def test_other_files_do_not_wait_for_it(repository: Repository) -> None:
    (repository.folder / "stacks" / "Pulumi.sandbox.yaml").write_text("config: {}\n")

    done = repository.commit()

    assert done.returncode == 0, done.stdout
    assert "Skipped" in done.stdout
