"""Where this machine keeps what runs of tba-secrets have to know of each other (XDG Base Directory Specification)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_NOWHERE: Final = Path(os.devnull)
"""Nothing can be below it: where the state folder of somebody without a home is."""


def state_folder(variables: Mapping[str, str] = os.environ) -> Path:
    """Return `$XDG_STATE_HOME/tba-secrets`, by default `~/.local/state/tba-secrets`.

    Args:
        variables: The environment.
    """
    given = variables.get("XDG_STATE_HOME")
    return (Path(given) if given else _default()) / "tba-secrets"


def _default() -> Path:
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:  # no HOME, and nobody of that number in /etc/passwd: a container's user
        return _NOWHERE
