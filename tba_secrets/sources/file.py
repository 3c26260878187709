"""Source `file`: strings of a JSON file that only its owner can read.

The file is opened first and checked through the descriptor, so the file that was checked is the file
that is read. Symbolic links are followed; the owner and mode of the target count.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from tba_secrets.errors import SourceError
from tba_secrets.sources.json_object import JsonSource
from tba_secrets.sources.values import PairMaker

MAXIMUM_BYTES: Final = 1 << 20
_ROOT: Final = 0


class FileSource(JsonSource):
    """Reads one file; a relative path is resolved against the current working directory."""

    def __init__(self, make: PairMaker, path: Path, keys: tuple[str, ...]) -> None:
        super().__init__(make, keys)
        self._path = path

    @property
    def place(self) -> str:
        return f"file {self._path}"

    def _text(self) -> bytes | None:
        try:
            with open(self._path, "rb", opener=_without_waiting) as file:
                require_private(self.place, os.fstat(file.fileno()))
                data = file.read(MAXIMUM_BYTES + 1)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name is not valid"
            raise SourceError(
                f"{self.place}: it cannot be read ({reason})", "name a file that you can read"
            ) from None
        if len(data) > MAXIMUM_BYTES:
            raise SourceError(f"{self.place}: it is larger than 1 MiB", "name the right file")
        return data


def require_private(place: str, status: os.stat_result) -> None:
    """Refuse a file that another user could have written or could read.

    `status` is fstat's, of the open file: the path may lead to another one by now.

    Raises:
        SourceError: It is not a regular file, belongs to a user other than us or root, or its mode
            gives its group or others any access.
    """
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(
            f"{place}: this is not a regular file",
            "name a file, or use `command` for anything else",
        )
    if status.st_uid not in (os.geteuid(), _ROOT):
        raise SourceError(
            f"{place}: it belongs to another user (uid {status.st_uid})",
            "own it yourself: whoever owns it can change what is signed with",
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SourceError(
            f"{place}: its group or others have access to it (mode {mode:04o})",
            _private(place.removeprefix("file ")),
        )


def _private(path: str) -> str:
    return (
        f"chmod 600 {path}; where Kubernetes mounts it for a group (fsGroup) and that group is yours alone, let "
        f"`command: {{argv: [cat, {path}]}}` read it, or give the Secret's keys as variables to `env`"
    )


def _without_waiting(path: str, flags: int) -> int:
    """Open `path` without blocking on a named pipe that has no writer."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
