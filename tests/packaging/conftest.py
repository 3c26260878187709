"""The wheel, built from this checkout's files, and a virtual environment that has tba-secrets from nowhere else."""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.project import ROOT
from tests.newcomer import Newcomer, newcomer

INTO_THE_WHEEL = ("pyproject.toml", "README.md", "LICENSE")
GUARD_SECONDS = 300


def pip(*arguments: str | Path, python: Path | None = None) -> None:
    """Run this environment's pip, on another environment where one is given; nothing is downloaded."""
    mine = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    other = [f"--python={python}"] if python is not None else []
    subprocess.run(
        [*mine, *other, *arguments],
        check=True,
        timeout=GUARD_SECONDS,
    )


@pytest.fixture
def person() -> Iterator[Newcomer]:
    with newcomer() as one:
        yield one


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources: a build leaves folders behind, and reads those of the last one."""
    source = tmp_path_factory.mktemp("wheel") / "source"
    shutil.copytree(
        ROOT / "tba_secrets", source / "tba_secrets", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in INTO_THE_WHEEL:
        shutil.copy(ROOT / name, source)
    return source


@pytest.fixture(scope="session")
def wheel(source: Path) -> Path:
    """The built wheel."""
    folder = source.parent
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    pip("wheel", *offline, "--wheel-dir", folder, source)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path) -> Path:
    """The bin folder of a fresh environment: the package from the wheel, its dependencies as they are here."""
    environment = wheel.parent / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    # Only the folder itself: the .pth file in it that leads to the checkout is not read from there.
    own, *_ = (environment / "lib").glob("python*/site-packages")
    (own / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    pip("install", "--no-index", "--no-deps", wheel, python=python)
    return python.parent
