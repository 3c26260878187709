"""Calls to one Vault with the token in use: retried if that may help, with one new login if it expired."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from typing import Final

from tba_secrets.spec.model import VaultSettings
from tba_secrets.stores.failures import Outcome, StoreFailure
from tba_secrets.stores.vault.auth import method_of
from tba_secrets.stores.vault.errors import VaultRequest
from tba_secrets.stores.vault.policy import line_for, policy_lines
from tba_secrets.stores.vault.retry import AGAIN, UNLESS_SENT, VaultRetry
from tba_secrets.stores.vault.session import VaultSession
from tba_secrets.stores.vault.transport import Deadline, VaultAdapter, VaultAnswer

HEALTH_STATUSES: Final = (429, 472, 473, 474, 501, 503, 530)
"""What `/sys/health` answers with beside 200: all of them are answers."""


class VaultClient:
    """One Vault by one environment's settings. Thread-safe; nothing is sent before the first call."""

    def __init__(
        self,
        settings: VaultSettings,
        deadline: Deadline | None = None,
        retry: VaultRetry | None = None,
    ) -> None:
        self.settings = settings
        self.retry = retry or VaultRetry()
        self.adapter = VaultAdapter(
            settings.address_url, settings.namespace, settings.ca_cert, deadline
        )
        self.session = VaultSession(
            self.adapter, method_of(settings.auth, self.adapter), self.retry
        )
        self.kv_version = 2
        """Of the mount, once that was asked; only the words of errors depend on it."""

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        expected: Collection[int] = (),
        repeatable: bool = True,
    ) -> VaultAnswer:
        """Ask Vault, see `VaultAdapter.exchange`; what is not `repeatable` is not sent again once it may be done."""
        asked = self._asked(method, path)
        outcomes = AGAIN if repeatable else UNLESS_SENT
        tries, replaced = 1, False
        while True:
            token = self.session.token()
            try:
                return self.adapter.exchange(
                    asked, json=body, query=query, token=token.reveal(), expected=expected
                )
            except StoreFailure as failure:
                expired = failure.outcome is Outcome.EXPIRED
                if expired and not replaced and self.session.replace(token):
                    replaced = True
                elif self.retry.pause(failure, tries, outcomes):
                    tries += 1
                else:
                    raise

    def health(self) -> VaultAnswer:
        """Ask `/sys/health`, which needs no token and is in the root namespace."""
        asked = self._asked("GET", "sys/health")
        return self.retry.tried(
            lambda: self.adapter.exchange(asked, expected=HEALTH_STATUSES, in_namespace=False)
        )

    def command(self, verb: str, path: str, *options: str) -> str:
        """Return a command of the Vault CLI for this server: `command("kv undelete", path, "-versions=3")`."""
        where = [f"-address={self.settings.address_url}"]
        if self.settings.namespace is not None:
            where.append(f"-namespace={self.settings.namespace}")
        where.append(f"-mount={self.settings.mount}")
        return shlex.join(["vault", *verb.split(), *where, *options, path])

    def _asked(self, method: str, path: str) -> VaultRequest:
        line = line_for(policy_lines(self.settings, self.kv_version), method, path)
        return VaultRequest(method, path, self.settings.address_url, str(line))
