"""`after_promote:` tells readers that a new version of their credential is current.

Input: who is to be told, and names, places and version ids. Output: who was told, or why not. It gets no secret value,
and whatever comes of it, nothing is moved back. State remembers who is still to be told (ADR 11).
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from threading import Event

from tba_secrets.command import CaptureLimitError, CommandError, run_command
from tba_secrets.errors import TbaError
from tba_secrets.spec.model import AfterPromote, ReadersCommand, ReadersWebhook
from tba_secrets.stores.versions import short
from tba_secrets.webhook import deliver, webhook


@dataclass(frozen=True)
class PromotedSecret:
    """What one store's readers get now."""

    store: str
    """`aws` or `vault`."""
    secret: str
    """The ARN (AWS) or path (Vault)."""
    version: str
    previous: str
    """The version that was current before; empty if there was none."""


@dataclass(frozen=True)
class PromotedCredential:
    """What readers are told of: facts, no value."""

    environment: str
    integration: str
    name: str
    stores: tuple[PromotedSecret, ...]

    def variables(self) -> dict[str, str]:
        """Return it as the environment variables of a command."""
        found = {
            "TBA_ENVIRONMENT": self.environment,
            "TBA_INTEGRATION": self.integration,
            "TBA_NAME": self.name,
            "TBA_STORES": " ".join(one.store for one in self.stores),
        }
        for one in self.stores:
            ending = one.store.upper()
            found[f"TBA_SECRET_{ending}"] = one.secret
            found[f"TBA_VERSION_{ending}"] = one.version
            found[f"TBA_PREVIOUS_VERSION_{ending}"] = one.previous
        return found


def tell(
    promoted: PromotedCredential, hook: AfterPromote, withheld: Collection[str], cancelled: Event
) -> str:
    """Tell readers once, in the way that is declared; return who was told.

    A command does not get the variables that are `withheld`. `cancelled` is set when the run is to end.

    Raises:
        TbaError: They were not told, or it is not known.
    """
    if hook.command is not None:
        environ = {**_without(os.environ, withheld), **promoted.variables()}
        return _run(hook.command, environ, cancelled)
    assert hook.webhook is not None  # noqa: S101 - the inputs have exactly one
    return _post(hook.webhook, promoted, cancelled)


def _run(command: ReadersCommand, environ: Mapping[str, str], cancelled: Event) -> str:
    place = f"command {command.argv[0]}"
    try:
        run_command(command.argv, command.timeout, environ, cancelled.is_set)
    except CaptureLimitError as error:
        remedy = f"{error.remedy}; `timeout:` is its time limit"
        raise TbaError(f"{place}: {error.what}", remedy) from None
    except CommandError as error:
        raise TbaError(f"{place}: {error.what}", error.remedy) from None
    return place


def _post(declared: ReadersWebhook, promoted: PromotedCredential, cancelled: Event) -> str:
    variable = declared.env.url
    to = webhook(variable, declared.env.key, os.environ)
    if to is None:
        raise TbaError(f"{variable} is not set", f"put the webhook's whole address into {variable}")

    def pause(seconds: float) -> None:
        if cancelled.wait(seconds):
            raise TbaError("the run was cancelled", "run it again")

    deliver(to, json.dumps(asdict(promoted)).encode(), sleep=pause)
    return f"the webhook in {variable}"


def not_told(record: str, version: str, why: str) -> str:
    """Say that readers do not know yet what is current."""
    return f"{record}: readers were not told of version {short(version)}: {why}"


def _without(environ: Mapping[str, str], withheld: Collection[str]) -> dict[str, str]:
    """Return an environment without some variables, nor any other that holds the value of one of them."""
    values = {environ[name] for name in withheld if environ.get(name)}
    return {
        name: value
        for name, value in environ.items()
        if name not in withheld and value not in values
    }
