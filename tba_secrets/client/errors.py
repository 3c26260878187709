"""Errors of a reader besides the store's: in each case nothing was sent."""

from __future__ import annotations

from tba_secrets.errors import NetSuiteError, StoreError


class NoCredentialError(StoreError):
    """The secret is absent, or holds no credential that has passed its checks."""


class ForeignHostError(NetSuiteError):
    """The address, perhaps a redirect's, is not the account's own: nothing was signed or sent."""


class UnsignableRequestError(NetSuiteError):
    """The request cannot be signed in the form in which it would be sent."""
