"""`tba status --notify-env`: tell a webhook what calls for somebody, once a day."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

import typer

from tba_secrets.cli.notify.news import news
from tba_secrets.cli.notify.shapes import MessageShape, body, shape_for
from tba_secrets.cli.prose import counted
from tba_secrets.cli.status_report import Report
from tba_secrets.sensitive import fingerprint
from tba_secrets.state_folder import state_folder
from tba_secrets.webhook import Webhook, deliver

__all__ = ["MessageShape", "Notified", "notify", "refuse_odd_options"]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MARK: Final = b"tba-secrets: notified"
_KEPT_FOR: Final = timedelta(days=3)
"""Longer than any key is told."""


def refuse_odd_options(variable: str | None, key: str | None, shape: MessageShape | None) -> None:
    """Refuse options that are wrong. What they hold is not repeated: it may be the address itself.

    Raises:
        typer.BadParameter: Which one.
    """
    for option, name in (("--notify-env", variable), ("--notify-key-env", key)):
        if name is not None and not _NAME.fullmatch(name):
            raise typer.BadParameter(f"{option} takes the name of a variable, never its value")
    if variable is None and (shape is not None or key is not None):
        raise typer.BadParameter("name the webhook's variable with --notify-env")


class Notified:
    """What this machine has told already: an empty file for each key and webhook, for some days.

    `$XDG_STATE_HOME/tba-secrets/notified/`, readable by its owner alone; its names are digests. On a machine that keeps
    nothing each run tells again, and the keys in the message say so. What cannot be read or written counts as not told.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def at_home(cls) -> Notified:
        """Return the current user's folder."""
        return cls(state_folder(os.environ) / "notified")

    def has(self, to: Webhook, key: str) -> bool:
        """Return whether the webhook has been told."""
        with suppress(OSError):
            return self._file(to, key).exists()
        return False

    def add(self, to: Webhook, keys: list[str], now: float) -> None:
        """Note what it has been told, and forget what is old."""
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


def notify(
    report: Report,
    to: Webhook,
    notified: Notified,
    shape: MessageShape | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Send what is new, if anything is, and say what was done; no shape is that of the address.

    Raises:
        TbaError: The message was not taken.
    """
    items = news(report)
    new = [item for item in items if not notified.has(to, item.key)]
    if not new:
        why = "all of it has been told today" if items else "there is nothing to tell"
        return f"{to.variable}: {why}"
    deliver(to, body(shape or shape_for(to.url.reveal()), report, new), sleep)
    notified.add(to, [item.key for item in new], report.at)
    return f"{to.variable}: {counted(len(new), 'finding')} sent"
