"""Request tokens of the three-step flow, from step one until they are exchanged."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


@dataclass
class RequestToken:
    """An unauthorised token; consent adds user, role and verifier."""

    account: str
    integration: str
    callback: str
    role: str | None = None
    """The role asked for in the first step, None to let the user choose."""
    token: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    user: str | None = None
    granted_role: str | None = None
    verifier: str | None = field(default=None, repr=False)
    denied: bool = False

    @property
    def decided(self) -> bool:
        """Whether the user has pressed Allow or Deny."""
        return self.denied or self.verifier is not None

    def allow(self, user: str, role: str) -> str:
        """Record the consent and make the verifier."""
        self.user, self.granted_role, self.verifier = user, role, secrets.token_hex(32)
        return self.verifier


class RequestTokens:
    """Request tokens by value; each can be exchanged once."""

    def __init__(self) -> None:
        self._tokens: dict[str, RequestToken] = {}

    def add(self, token: RequestToken) -> None:
        """Remember a token."""
        self._tokens[token.token] = token

    def find(self, value: str) -> RequestToken | None:
        """Look a token up; None if it is unknown or already exchanged."""
        return self._tokens.get(value)

    def spend(self, token: RequestToken) -> None:
        """Forget an exchanged token."""
        self._tokens.pop(token.token, None)
