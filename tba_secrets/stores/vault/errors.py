"""What a Vault call that failed means: how it is handled, and the words for it.

The words are made from the method, the path, the address and the status. Vault's own sentences are looked at to tell
the cases apart and are never shown, and neither is a body: on this service an answer is the secret.
Statuses: Vault API documentation, "HTTP Status Codes" and `/sys/health`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Final

from tba_secrets.errors import AccessDeniedError, StoreError, StoreUnavailableError


class VaultOutcome(Enum):
    """What a failed call tells of the store."""

    ABSENT = "there is nothing at the path"
    MISMATCH = "nothing was done: check-and-set found another version"
    REFUSED = "nothing was done, because of the request or of what is at the path"
    DENIED = "nothing was done, and asking again is no use"
    EXPIRED = "nothing was done: the token is not accepted any more"
    UNAVAILABLE = "nothing was done, and asking again may help"
    UNKNOWN = "it may have been done: read back"


@dataclass(frozen=True)
class VaultRequest:
    """What was asked of Vault, for messages."""

    method: str
    path: str
    """Without `/v1/`: `secret/data/netsuite/a`."""
    server: str
    """The address."""
    policy: str = ""
    """The line of a policy that allows it."""


class VaultFailure(StoreError):  # noqa: N818 - becomes `error` at the boundary of the store
    """A call that failed: never leaves the Vault store. It holds our own words only."""

    def __init__(
        self, outcome: VaultOutcome, error: StoreError, status: int | None = None, tries: int = 4
    ) -> None:
        super().__init__(error.what, error.remedy)
        self.outcome = outcome
        self.error = error
        self.status = status
        self.tries = tries
        """How often to ask in all before this is believed."""


@dataclass(frozen=True)
class _VaultMeaning:
    """One line of the tables below; the texts are formatted with the fields of `VaultRequest` and more words."""

    outcome: VaultOutcome
    error: type[StoreError]
    what: str
    remedy: str
    tries: int = 1


_RUN_AGAIN: Final = "run the command again: it reads back what was done before it writes"
_CALL: Final = "{method} {path} on {server}"

_EXPIRED: Final = _VaultMeaning(
    VaultOutcome.EXPIRED,
    AccessDeniedError,
    f"Vault does not accept the token any more, it has expired or was revoked: {_CALL} (HTTP 403)",
    "give a new token, or let `store.vault.auth` log in by a method that can do so again",
)
_DENIED: Final = _VaultMeaning(
    VaultOutcome.DENIED,
    AccessDeniedError,
    f"Vault's policies do not allow {_CALL} (HTTP 403)",
    "add this to a policy of the login in use, or use a token that has not expired:\n    {policy}",
)
_NO_MOUNT: Final = _VaultMeaning(
    VaultOutcome.REFUSED,
    StoreError,
    f"Vault has no mount for {_CALL} (HTTP 404)",
    "correct `store.vault.mount` (or the `mount` of the auth method) and `namespace`: `vault secrets list` and "
    "`vault auth list` show what there is",
)
_ABSENT: Final = _VaultMeaning(
    VaultOutcome.ABSENT,
    StoreError,
    f"Vault finds nothing for {_CALL} (HTTP 404)",
    "run the command again: it reads the store anew",
)
_MISMATCH: Final = _VaultMeaning(
    VaultOutcome.MISMATCH,
    StoreError,
    f"another version was written in between: check-and-set refused {_CALL} (HTTP 400)",
    "run the command again: it reads the store anew and decides from what it finds",
)
_LOGIN: Final = _VaultMeaning(
    VaultOutcome.DENIED,
    AccessDeniedError,
    f"Vault does not accept the role id or the secret id: {_CALL} (HTTP 400)",
    "issue a new secret id: one that is good for a single login, or past its time, is not accepted again",
)
_LOGIN_DENIED: Final = _VaultMeaning(
    VaultOutcome.DENIED,
    AccessDeniedError,
    f"Vault refuses the login: {_CALL} (HTTP {{status}})",
    "check that the auth method is mounted there, the role and its bounds (audience, subject, service account, IAM "
    "principal), and that the JWT or the AWS credentials have not expired",
)
_REFUSED: Final = _VaultMeaning(
    VaultOutcome.REFUSED,
    StoreError,
    f"Vault refuses {_CALL} (HTTP {{status}})",
    "check `store.vault` in the environment's YAML; the server's own log says more",
)
_NO_PATCH: Final = _VaultMeaning(
    VaultOutcome.REFUSED,
    StoreError,
    f"this Vault does not know {_CALL} (HTTP {{status}}), and without it another run's marks could be undone",
    "update Vault to 1.10 or newer: from there on KV version 2 merges metadata by PATCH",
)
_TOO_LARGE: Final = _VaultMeaning(
    VaultOutcome.REFUSED,
    StoreError,
    f"the value is larger than this Vault takes: {_CALL} (HTTP {{status}})",
    "see what the source gives: a credential has some hundred bytes",
)
_SEALED: Final = _VaultMeaning(
    VaultOutcome.UNAVAILABLE,
    StoreUnavailableError,
    f"Vault is sealed: {_CALL} (HTTP 503)",
    "`vault operator unseal`, then run the command again",
    tries=3,
)
_UNINITIALISED: Final = _VaultMeaning(
    VaultOutcome.UNAVAILABLE,
    StoreUnavailableError,
    f"Vault is not initialised: {_CALL} (HTTP 501)",
    "`vault operator init`, or correct `store.vault.address`",
)
_LIMITED: Final = _VaultMeaning(
    VaultOutcome.UNAVAILABLE,
    StoreUnavailableError,
    f"Vault's rate limit still refuses {_CALL} after every retry (HTTP 429)",
    "`vault read sys/quotas/rate-limit/NAME` shows the limits; raise the one that is met, or run again later",
    tries=5,
)
_NOT_ACTIVE: Final = _VaultMeaning(
    VaultOutcome.UNAVAILABLE,
    StoreUnavailableError,
    f"this node of Vault cannot serve {_CALL}: it is a standby or a secondary (HTTP {{status}})",
    "let `store.vault.address` be the active node's, or a load balancer's that finds it",
    tries=4,
)
_LAGGING: Final = _VaultMeaning(
    VaultOutcome.UNAVAILABLE,
    StoreUnavailableError,
    f"this node of Vault still lags behind: {_CALL} (HTTP 412)",
    "run the command again, or let `store.vault.address` be the active node's",
    tries=5,
)
_BROKEN: Final = _VaultMeaning(
    VaultOutcome.UNKNOWN,
    StoreUnavailableError,
    f"Vault, or a proxy before it, failed at {_CALL} (HTTP {{status}})",
    _RUN_AGAIN,
    tries=4,
)
_REDIRECTED: Final = _VaultMeaning(
    VaultOutcome.REFUSED,
    StoreError,
    f"{_CALL} is redirected to {{target}} (HTTP {{status}}), and a redirect is never followed: it would carry the "
    "token to another host",
    "let `store.vault.address` be that of the active node, if you know that host to be yours",
)
_NOT_VAULT: Final = _VaultMeaning(
    VaultOutcome.UNKNOWN,
    StoreUnavailableError,
    f"what answered {_CALL} is not Vault, or its answer is broken (HTTP {{status}}, no JSON object)",
    "check `store.vault.address`: a proxy or a login page stands there; then run the command again, which reads "
    "back what was done",
    tries=3,
)
_LOST: Final = _VaultMeaning(
    VaultOutcome.UNKNOWN,
    StoreUnavailableError,
    f"there was no whole answer to {_CALL}: {{how}}",
    _RUN_AGAIN,
    tries=4,
)
_UNREACHABLE: Final = _VaultMeaning(
    VaultOutcome.UNAVAILABLE,
    StoreUnavailableError,
    f"Vault cannot be reached for {_CALL}: {{how}}",
    "check `store.vault.address`, the network and the proxy, and that Vault is running",
    tries=4,
)
_UNTRUSTED: Final = _VaultMeaning(
    VaultOutcome.UNAVAILABLE,
    StoreUnavailableError,
    f"the TLS certificate or handshake was not accepted for {_CALL}",
    "name the CA that signed it under `store.vault.ca_cert`",
)

_NO_BUNDLE: Final = _VaultMeaning(
    VaultOutcome.UNAVAILABLE,
    StoreError,
    f"Vault cannot be asked for {_CALL}: there is no CA bundle {{how}}",
    "name a PEM file that exists under `store.vault.ca_cert` (a relative path starts from the folder that holds "
    "Pulumi.yaml), or in REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE without it",
)

_BY_STATUS: Final[dict[int, _VaultMeaning]] = {
    404: _ABSENT,
    412: _LAGGING,
    413: _TOO_LARGE,
    429: _LIMITED,
    **dict.fromkeys((472, 473, 474), _NOT_ACTIVE),
    501: _UNINITIALISED,
}
_BY_SENTENCE: Final[tuple[tuple[int, str, _VaultMeaning], ...]] = (
    (403, "invalid token", _EXPIRED),
    (404, "no handler for route", _NO_MOUNT),
    (400, "did not match the current version", _MISMATCH),
    (400, "invalid role or secret id", _LOGIN),
    (500, "exceeds allowed length", _TOO_LARGE),
    (500, "request body too large", _TOO_LARGE),
    (400, "request body too large", _TOO_LARGE),
    (503, "vault is sealed", _SEALED),
)


def of_status(status: int, sentences: Collection[str], asked: VaultRequest) -> VaultFailure:
    """Return what an answer that is no success means.

    Args:
        status: Of HTTP.
        sentences: The `errors` of the answer: looked at, never shown.
        asked: The call.
    """
    told = " ".join(sentences).lower()
    for expected, sentence, meaning in _BY_SENTENCE:
        if status == expected and sentence in told:
            return _failure(meaning, asked, status)
    if asked.path.startswith("auth/") and asked.path.endswith("/login") and 400 <= status < 404:
        return _failure(_LOGIN_DENIED, asked, status)
    if asked.method == "PATCH" and status in (405, 415):
        return _failure(_NO_PATCH, asked, status)
    if status == 403:
        return _failure(_DENIED, asked, status)
    fallback = _BROKEN if status >= 500 else _REFUSED
    return _failure(_BY_STATUS.get(status, fallback), asked, status)


def redirected(status: int, target: str, asked: VaultRequest) -> VaultFailure:
    """Return the failure of a redirect, which is not followed; `target` is scheme and host only."""
    return _failure(_REDIRECTED, asked, status, target=target)


def not_vault(status: int, asked: VaultRequest) -> VaultFailure:
    """Return the failure of an answer that cannot be Vault's."""
    return _failure(_NOT_VAULT, asked, status)


def lost(how: str, asked: VaultRequest) -> VaultFailure:
    """Return the failure of a call that was or may have been sent, and got no whole answer."""
    return _failure(_LOST, asked, None, how=how)


def unreachable(how: str, asked: VaultRequest) -> VaultFailure:
    """Return the failure of a call that was never sent."""
    return _failure(_UNREACHABLE, asked, None, how=how)


def no_bundle(path: str, asked: VaultRequest) -> VaultFailure:
    """Return the failure of a call that is not made: the CA certificates' file does not exist."""
    return _failure(_NO_BUNDLE, asked, None, how=path)


def untrusted(asked: VaultRequest) -> VaultFailure:
    """Return the failure of TLS: nothing was sent."""
    return _failure(_UNTRUSTED, asked, None)


def _failure(
    meaning: _VaultMeaning, asked: VaultRequest, status: int | None, **more: str
) -> VaultFailure:
    words = {**asdict(asked), "status": status, **more}
    error = meaning.error(meaning.what.format(**words), meaning.remedy.format(**words))
    return VaultFailure(meaning.outcome, error, status, meaning.tries)
