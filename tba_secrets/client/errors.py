"""What a reader can be told beside the errors of the store: nothing was sent in any of these cases."""

from __future__ import annotations

from tba_secrets.errors import NetSuiteError, StoreError


class NoCredentialError(StoreError):
    """The secret is absent, or holds no credential that has passed its checks yet."""


class ForeignHostError(NetSuiteError):
    """The address is none of the account's own, so nothing was signed for it and nothing sent; redirects included."""


class UnsignableRequestError(NetSuiteError):
    """The request cannot be signed as it would be sent."""
