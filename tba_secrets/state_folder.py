"""Where this machine keeps what runs of tba-secrets have to know of each other (XDG Base Directory Specification)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def state_folder(variables: Mapping[str, str] = os.environ) -> Path:
    """Return `$XDG_STATE_HOME/tba-secrets`, by default `~/.local/state/tba-secrets`."""
    if given := variables.get("XDG_STATE_HOME"):
        return Path(given) / "tba-secrets"
    try:
        return Path.home() / ".local" / "state" / "tba-secrets"
    except RuntimeError:  # no HOME, and nobody of that number in /etc/passwd: a container's user
        return Path(os.devnull) / "tba-secrets"  # nothing can be below it
