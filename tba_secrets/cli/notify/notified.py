"""What this machine has told already: an empty file for each key and webhook, for some days.

`$XDG_STATE_HOME/tba-secrets/notified/`, readable by its owner alone; its names are digests. On a machine that keeps
nothing each run tells again, and the keys in the message say so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from tba_secrets.sensitive import fingerprint
from tba_secrets.state_folder import state_folder
from tba_secrets.webhook import Webhook

_MARK: Final = b"tba-secrets: notified"
_KEPT_FOR: Final = timedelta(days=3)
"""Longer than any key is told."""


class Notified:
    """The folder; what cannot be read or written counts as not told.

    Args:
        folder: Where it is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def at_home(cls, variables: Mapping[str, str] = os.environ) -> Notified:
        """Return the current user's folder."""
        return cls(state_folder(variables) / "notified")

    def has(self, to: Webhook, key: str) -> bool:
        """Return whether the webhook has been told."""
        with suppress(OSError):
            return self._file(to, key).exists()
        return False

    def add(self, to: Webhook, keys: list[str], now: float) -> None:
        """Note what it has been told, and forget what is old.

        Args:
            to: The webhook.
            keys: Of what it took.
            now: Epoch seconds.
        """
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for key in keys:
                file = self._file(to, key)
                file.touch(mode=0o600)
                os.utime(file, (now, now))
            for file in self._folder.iterdir():
                with suppress(OSError):  # another run forgets at the same time
                    if file.stat().st_mtime < now - _KEPT_FOR.total_seconds():
                        file.unlink(missing_ok=True)

    def _file(self, to: Webhook, key: str) -> Path:
        return self._folder / fingerprint(_MARK, f"{to.url.reveal()}\n{key}")
