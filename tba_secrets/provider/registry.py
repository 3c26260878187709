"""The resource types that the provider serves: the one place that lists them."""

from __future__ import annotations

from tba_secrets.provider.handler import Handler
from tba_secrets.provider.host import Host
from tba_secrets.provider.smoke_test import SmokeTestHandler
from tba_secrets.provider.staged_credential import StagedCredentialHandler


def handlers(host: Host) -> dict[str, Handler]:
    """A handler for each type token."""
    every: tuple[Handler, ...] = (StagedCredentialHandler(host), SmokeTestHandler(host))
    return {handler.token: handler for handler in every}
