"""How the authorization flow ends without a token: each ending with its own type, none with a value in it."""

from __future__ import annotations

from tba_secrets.errors import CheckFailedError, IdentityMismatchError, NetSuiteError


class FlowError(NetSuiteError):
    """The flow gave no token. Nothing was exchanged, unless the type says otherwise."""


class FlowRefusedError(FlowError, CheckFailedError):
    """NetSuite refused step one or step three; `diagnosis` has the likely causes."""


class ConsentDeniedError(FlowError):
    """The consent page sent back no verifier: Deny was pressed, or the user may not allow it."""


class ConsentMismatchError(FlowError, IdentityMismatchError):
    """Another account, role or user than the declared one gave consent. It was not used."""


class ConsentTimeoutError(FlowError):
    """Nobody answered the consent page in time."""


class FlowCancelledError(FlowError):
    """The run was cancelled before anything was exchanged."""


class TokenOrphanedError(FlowError):
    """The answer to step three was lost or unreadable: a token may exist in NetSuite that nobody holds."""
