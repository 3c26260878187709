"""Check whether `after_promote` can tell readers. Nothing runs, and nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from tba_secrets.cli.doctor.finding import DoctorFinding, ok, warning
from tba_secrets.cli.doctor.programs import found_program
from tba_secrets.errors import TbaError
from tba_secrets.records import CredentialRecord
from tba_secrets.spec.model import AfterPromote, ReadersWebhook
from tba_secrets.webhook import webhook


def look(records: Iterable[CredentialRecord]) -> Iterator[DoctorFinding]:
    """Report each hook once, even if several records share it. What is wrong with one fails no `up`."""
    users: dict[AfterPromote, list[str]] = {}
    for record in records:
        if record.after_promote is not None:
            users.setdefault(record.after_promote, []).append(record.path)
    for hook, sharing in users.items():
        whose = ", ".join(sharing)
        if hook.webhook is not None:
            yield _webhook(whose, hook.webhook)
        elif hook.command is not None:
            program = hook.command.argv[0]
            remedy = "install it, or put it on PATH, on each machine that promotes"
            yield found_program(f"{whose}: command {program}", program, warning, remedy)


def _webhook(whose: str, declared: ReadersWebhook) -> DoctorFinding:
    variable = declared.env.url
    try:
        to = webhook(variable, declared.env.key, os.environ)
    except TbaError as error:
        return warning(f"{whose}: {error.what}", error.remedy)
    if to is None:
        return warning(f"{whose}: {variable} is not set", "give it to each job that promotes")
    return ok(f"{whose}: {variable} holds the address of a webhook; nothing was sent")
