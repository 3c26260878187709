"""Write the project's files to a folder of ours, without touching anyone else's files.

A mark at the folder's root, outside the deployed part, names the environment and our files. The
SuiteCloud CLI's project.json beside it (`suitecloud account:setup`) is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tba_secrets.errors import TbaError

MARK: Final = ".tba-roles.json"
CLI_SETTINGS: Final = "project.json"
_NAMED: Final = 5
"""How many an error names; more are counted."""


@dataclass(frozen=True)
class Written:
    """What a run changed; paths are relative to the folder."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    """Of roles that are no longer declared."""


def write(folder: Path, environment: str, files: Mapping[str, bytes]) -> Written:
    """Make the folder, which belongs to one environment, hold exactly our files; an unchanged one is not written.

    A run that is cut off leaves a mark that names the files of both runs, so the next run can repair it.

    Raises:
        TbaError: The folder holds files that are not ours, or belongs to another environment: nothing
            was written. Or it cannot be read or written.
    """
    try:
        before = _marked(folder, environment)
        existing = inside(folder) if before else _top(folder)
        _refuse_foreign(folder, existing, before)
        _mark(folder, environment, before | files.keys())
        changed = tuple(path for path, content in files.items() if _put(folder / path, content))
        removed = tuple(sorted((before & existing.keys()) - files.keys()))
        for path in removed:
            existing[path].unlink()
        _mark(folder, environment, files)
    except OSError as error:
        what = f"{error.filename or folder}: {error.strerror}"
        raise TbaError(what, "choose another folder") from None
    return Written(changed, removed)


def inside(folder: Path) -> dict[str, Path]:
    """Return every file and link in a folder, by its relative path."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


def _top(folder: Path) -> dict[str, Path]:
    """List foreign entries at the folder's top level only: it may be a home folder."""
    if folder.exists() and not folder.is_dir():
        raise TbaError(f"{folder} is not a folder", "choose another name")
    return {path.name: path for path in sorted(folder.iterdir())} if folder.exists() else {}


def _refuse_foreign(folder: Path, existing: Mapping[str, Path], ours: Iterable[str]) -> None:
    allowed = {*ours, MARK, CLI_SETTINGS} if MARK in existing else set()
    foreign = [name for name, path in existing.items() if name not in allowed or path.is_symlink()]
    if foreign:
        more = f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
        what = f"{folder} holds files that `tba roles` did not write: {', '.join(foreign[:_NAMED])}{more}"
        raise TbaError(what, "take a new or empty folder, or move these away")


def _mark(folder: Path, environment: str, files: Iterable[str]) -> None:
    note = "written by `tba roles`, which rewrites these files"
    content = {"note": note, "environment": environment, "files": sorted(files)}
    _put(folder / MARK, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def _marked(folder: Path, environment: str) -> frozenset[str]:
    """Return the files that the folder's mark names; none without a mark. It must be this environment's."""
    path = folder / MARK
    if not path.is_file():
        return frozenset()
    with suppress(ValueError, TypeError, KeyError):
        content = json.loads(path.read_bytes())
        owner, files = str(content["environment"]), frozenset(map(str, content["files"]))
        if owner != environment:
            raise TbaError(
                f"{folder} holds the roles of {owner}, not of {environment}",
                "take a folder for each environment",
            )
        return files
    raise TbaError(f"{path} was not written by `tba roles`", "remove the folder, or choose another")


def _put(path: Path, content: bytes) -> bool:
    """Write a file if its content differs; return whether it did."""
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True
