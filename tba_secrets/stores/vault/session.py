"""The token in use: obtained once, renewed at two thirds of its life, obtained again when Vault does not accept it.

One token serves all threads. A login is never sent again after its reply was lost: a secret id that is good for a
single login may have been used up by it. Source: Vault documentation, "Tokens" (renewal, batch tokens).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any, Final

from tba_secrets.sensitive import Sensitive
from tba_secrets.stores.failures import Outcome, StoreFailure, allowing
from tba_secrets.stores.vault.auth import Method
from tba_secrets.stores.vault.errors import VaultRequest
from tba_secrets.stores.vault.retry import UNLESS_SENT, VaultRetry
from tba_secrets.stores.vault.transport import VaultAdapter

_RENEW_AT: Final = 2 / 3
_TRY_AGAIN: Final = 30.0
"""Seconds until a renewal that failed is tried again, with the token that still lives."""


@dataclass(frozen=True)
class _Lease:
    """A token and its life."""

    token: Sensitive
    renewable: bool
    seconds: float
    """How long it lives; 0 if it never ends, or its end is not known."""
    renew_at: float | None
    """Monotonic seconds; None if there is nothing to renew."""


class VaultSession:
    """Gives every call its token. Thread-safe. The clock gives monotonic seconds."""

    def __init__(
        self,
        adapter: VaultAdapter,
        method: Method,
        retry: VaultRetry,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.method = method
        self._adapter = adapter
        self._retry = retry
        self._clock = clock
        self._lock = RLock()
        self._lease: _Lease | None = None
        self._lost: StoreFailure | None = None

    def token(self) -> Sensitive:
        """Return the token to use now; raise StoreFailure if the login fails."""
        with self._lock:
            if self._lease is None:
                self._lease = self._obtained()
            elif self._lease.renew_at is not None and self._clock() >= self._lease.renew_at:
                self._lease = self._renewed(self._lease)
            return self._lease.token

    def replace(self, refused: Sensitive) -> bool:
        """Get another token for the next call; False if a variable or file still holds the refused one.

        A file may hold another one by now: Vault Agent writes a new token into its sink.
        """
        with self._lock:
            if self._lease is None or self._lease.token != refused:
                return True
            given = self.method.given
            if given is not None and given() == refused:
                return False
            self._lease = None
            return True

    def _obtained(self) -> _Lease:
        """Log in. A lost reply is final for a secret id: another login may use it up in vain."""
        if self.method.login is None:
            return self._given()
        if self._lost is not None:
            raise self._lost
        try:
            auth = self._retry.tried(self.method.login, UNLESS_SENT)
        except StoreFailure as failure:
            if failure.outcome is Outcome.UNKNOWN and self.method.name == "approle":
                self._lost = failure
            raise
        return self._lease_of(auth["client_token"], auth.get("lease_duration"), auth)

    def _given(self) -> _Lease:
        """Take the token that was given; ask how long it lives, if its policies allow that."""
        assert self.method.given is not None  # noqa: S101 - a method has a login or a token
        token = self.method.given()
        with allowing(Outcome.DENIED):
            data = self._ask("GET", "auth/token/lookup-self", token)["data"]
            return self._lease_of(token.reveal(), data.get("ttl"), data)
        return _Lease(token, renewable=False, seconds=0, renew_at=None)

    def _renewed(self, lease: _Lease) -> _Lease:
        """Return the token with a longer life, or another one; else the same one for as long as it lives.

        Vault grants less and less as a token comes near its maximum; then another login is due.
        """
        renewed = self._extended(lease) if lease.renewable else None
        can_log_in = self.method.can_log_in
        if renewed is not None and (renewed.seconds > lease.seconds / 2 or not can_log_in):
            return renewed
        if can_log_in:
            try:
                return self._obtained()
            except StoreFailure:
                pass
        return renewed or replace(lease, renew_at=self._clock() + _TRY_AGAIN)

    def _extended(self, lease: _Lease) -> _Lease | None:
        try:
            auth = self._ask("POST", "auth/token/renew-self", lease.token)["auth"]
        except StoreFailure:
            return None
        return self._lease_of(lease.token.reveal(), auth.get("lease_duration"), auth)

    def _lease_of(self, token: str, seconds: int | None, told: Any) -> _Lease:
        renewable = bool(told.get("renewable"))
        due = seconds and (renewable or self.method.can_log_in)
        renew_at = self._clock() + (seconds or 0) * _RENEW_AT if due else None
        return _Lease(Sensitive(token), renewable, seconds or 0, renew_at)

    def _ask(self, method: str, path: str, token: Sensitive) -> Any:
        asked = VaultRequest(method, path, self._adapter.base_uri)
        body: dict[str, str] | None = {} if method == "POST" else None
        return self._retry.tried(
            lambda: self._adapter.exchange(asked, json=body, token=token.reveal())
        ).body
