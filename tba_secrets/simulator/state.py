"""The live state of the simulated NetSuite, which tests inspect and change while it serves."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import Any

from tba_secrets.simulator.audit import AuditEntry, AuditTrail
from tba_secrets.simulator.clock import SimulatorClock
from tba_secrets.simulator.config import SimulatorConfig
from tba_secrets.simulator.faults import Faults
from tba_secrets.simulator.flow_tokens import RequestTokens
from tba_secrets.simulator.lockout import Lockouts, NonceRegister
from tba_secrets.simulator.models import Account, CertificateMapping, TokenRecord
from tba_secrets.simulator.oauth2 import mappings
from tba_secrets.simulator.vocabulary import IntegrationState


class State:
    """Accounts (live records), the audit trail, lockouts, nonces, flow tokens and faults.

    `lock` guards a whole verification; single attribute changes on a record need no lock.
    """

    def __init__(self, config: SimulatorConfig, clock: SimulatorClock) -> None:
        self.lock = RLock()
        self.clock = clock
        self.accounts: dict[str, Account] = config.model_copy(deep=True).accounts
        self.trail = AuditTrail()
        self.lockouts = Lockouts()
        self.nonces = NonceRegister()
        self.request_tokens = RequestTokens()
        self.faults = Faults()

    def account(self, account_id: str) -> Account:
        """Return the live account, or raise KeyError."""
        return self.accounts[account_id]

    def owner(self, consumer_key: str) -> str:
        """Return the id of the account that has an integration record of that key; empty if none has."""
        owners = (key for key, one in self.accounts.items() if one.client(consumer_key))
        return next(owners, "")

    def token(self, account_id: str, name: str) -> TokenRecord:
        """Return the live token of that name, or raise KeyError."""
        return self.account(account_id).token(name)

    def add_token(self, account_id: str, token: TokenRecord | Mapping[str, Any]) -> TokenRecord:
        """Add an access token, as Setup > Users/Roles > Access Tokens > New does."""
        account = self.account(account_id)
        added = token if isinstance(token, TokenRecord) else TokenRecord.model_validate(token)
        account.integration(added.integration)
        account.user(added.user)
        account.role(added.role)
        with self.lock:
            account.tokens.append(added)
        return added

    def deactivate_token(self, account_id: str, name: str) -> None:
        """Tick the token's Inactive box."""
        self.token(account_id, name).active = False

    def activate_token(self, account_id: str, name: str) -> None:
        """Clear the token's Inactive box; a revoked token stays unusable."""
        self.token(account_id, name).active = True

    def revoke_token(self, account_id: str, name: str) -> None:
        """Make a token inactive for good."""
        self.token(account_id, name).revoked = True

    def add_certificate(
        self, account_id: str, certificate: CertificateMapping | Mapping[str, Any]
    ) -> CertificateMapping:
        """Map a certificate, as OAuth 2.0 Client Credentials (M2M) Setup > Create New does.

        Raises:
            KeyError: It names a record that is not in the account.
            CertificateRefused: NetSuite would not take it.
        """
        account = self.account(account_id)
        added = CertificateMapping.model_validate(certificate)
        with self.lock:
            mappings.check(account, added, self.clock.now())
            added.created = self.clock.moment().date()
            account.certificates.append(added)
        return added

    def revoke_certificate(self, account_id: str, certificate_id: str) -> None:
        """Press the mapping's Revoke button; access tokens that were issued live on."""
        self.account(account_id).certificate(certificate_id).revoked = True

    def clear_certificates(self, account_id: str) -> None:
        """Clear all mappings, as the refresh of a sandbox does."""
        self.account(account_id).certificates.clear()

    def block_integration(self, account_id: str, name: str) -> None:
        """Set the integration's State to Blocked."""
        self.account(account_id).integration(name).state = IntegrationState.BLOCKED

    def enable_integration(self, account_id: str, name: str) -> None:
        """Set the integration's State to Enabled."""
        self.account(account_id).integration(name).state = IntegrationState.ENABLED

    def is_locked(self, account_id: str, user: str) -> bool:
        """Return whether the user (e-mail address or entity id) is locked out now."""
        return self.lockouts.locked(self._user_key(account_id, user), self.clock.now())

    def clear_lockout(self, account_id: str, user: str) -> None:
        """End a user's lockout (by e-mail address or entity id) and forget the failures."""
        self.lockouts.clear(self._user_key(account_id, user))

    def audit(self, account_id: str | None = None) -> list[AuditEntry]:
        """Return the Login Audit Trail, oldest first, of all accounts or of one."""
        return self.trail.entries(account_id)

    def _user_key(self, account_id: str, user: str) -> tuple[str, str]:
        return account_id, self.account(account_id).user(user).id
