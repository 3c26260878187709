"""Where this machine keeps what runs of tba-secrets have to know of each other (XDG Base Directory Specification)."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile


def state_folder(variables: Mapping[str, str] = os.environ) -> Path:
    """Return `$XDG_STATE_HOME/tba-secrets`, by default `~/.local/state/tba-secrets`."""
    if given := variables.get("XDG_STATE_HOME"):
        return Path(given) / "tba-secrets"
    try:
        return Path.home() / ".local" / "state" / "tba-secrets"
    except RuntimeError:  # no HOME, and nobody of that number in /etc/passwd: a container's user
        return Path(os.devnull) / "tba-secrets"  # nothing can be below it


def write_error(file: Path) -> OSError | None:
    """Return why a file of this folder cannot be replaced, or None if nothing is seen that forbids it.

    It is neither written nor made. What stands beside it under its name, a lock or a half-written successor, has to be
    writable too. What only a rename shows stays unseen: a file that is mounted by itself, or made immutable.
    """
    folder = file.parent
    try:
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        with TemporaryFile(dir=nearest, buffering=0) as probe:
            probe.write(b"\n")  # a full disk takes a new file, but nothing in it
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)  # some network mounts have no locks
        for beside in folder.glob(f"{file.stem}.*"):
            if beside != file:
                os.close(os.open(beside, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return error
    return None
