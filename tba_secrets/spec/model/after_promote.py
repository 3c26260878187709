"""`after_promote:`, which tells readers that a new version is current: a command or a webhook."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict

from tba_secrets.spec.model.base import EXACTLY_ONE, Model, Remedy
from tba_secrets.spec.model.fields import EnvironmentVariable
from tba_secrets.spec.model.sources import CommandCall


class ReadersCommand(CommandCall):
    """A command that restarts or refreshes readers, for example kubectl or aws. It gets no secret value."""


class WebhookVariables(Model):
    """The environment variables of a webhook, whose address is a secret."""

    url: EnvironmentVariable
    """The variable that holds the webhook's address."""
    key: EnvironmentVariable | None = None
    """The variable that holds a key, which signs the message."""


class ReadersWebhook(Model):
    """A webhook that restarts or refreshes readers: JSON, by POST."""

    env: WebhookVariables
    """The variables that hold its address and the key of its signature."""


class AfterPromote(Model):
    """Exactly one way to tell readers that a new version is current."""

    model_config = ConfigDict(json_schema_extra=EXACTLY_ONE)

    command: ReadersCommand | None = None
    """Run a command on the machine that promotes."""
    webhook: ReadersWebhook | None = None
    """Send a message to a webhook."""


TellsReaders = Annotated[
    AfterPromote | None,
    Remedy("write {command: {argv: [PROGRAM, ARGUMENT]}} or {webhook: {env: {url: NAME}}}"),
]
"""What runs once after each promotion."""
