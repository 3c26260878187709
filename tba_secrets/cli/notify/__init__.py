"""`tba status --notify-env`: tell a webhook what calls for somebody, once a day."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import typer

from tba_secrets.cli.notify.news import news
from tba_secrets.cli.notify.notified import Notified
from tba_secrets.cli.notify.shapes import MessageShape, body, shape_for
from tba_secrets.cli.status_report import Report
from tba_secrets.cli.words import counted
from tba_secrets.netsuite.transport import Sender
from tba_secrets.webhook import Webhook, deliver

__all__ = ["MessageShape", "Notified", "NotifyWish", "notify", "notify_wish"]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class NotifyWish:
    """What the command line says."""

    variable: str
    """The variable that holds the webhook's address."""
    key_variable: str | None = None
    """The variable that holds the key of the signature."""
    shape: MessageShape | None = None
    """None: by the address."""


def notify_wish(
    variable: str | None, shape: MessageShape | None, key: str | None
) -> NotifyWish | None:
    """Return what the options say; None if nobody is to be notified.

    Raises:
        typer.BadParameter: They are wrong. What they hold is not repeated: it may be the address itself.
    """
    for option, name in (("--notify-env", variable), ("--notify-key-env", key)):
        if name is not None and not _NAME.fullmatch(name):
            raise typer.BadParameter(f"{option} takes the name of a variable, never its value")
    if variable is None:
        if shape is not None or key is not None:
            raise typer.BadParameter("name the webhook's variable with --notify-env")
        return None
    return NotifyWish(variable, key, shape)


def notify(
    report: Report,
    to: Webhook,
    notified: Notified,
    shape: MessageShape | None = None,
    send: Sender | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Send what is new, if anything is, and say what was done.

    Args:
        report: What to tell of.
        to: Whom to tell.
        notified: What was told before.
        shape: Who reads the message; None: by the address.
        send: Sends one request; None for the network.
        sleep: Waits between tries.

    Raises:
        TbaError: The message was not taken.
    """
    items = news(report)
    new = [item for item in items if not notified.has(to, item.key)]
    if not new:
        why = "all of it has been told today" if items else "there is nothing to tell"
        return f"{to.variable}: {why}"
    deliver(to, body(shape or shape_for(to.url.reveal()), report, new), send, sleep)
    notified.add(to, [item.key for item in new], report.at)
    return f"{to.variable}: {counted(len(new), 'finding')} sent"
