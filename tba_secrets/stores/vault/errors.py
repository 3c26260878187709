"""What a Vault call that failed means: how it is handled, and the words for it.

The words are made from the method, the path, the address and the status. Vault's own sentences are looked at to tell
the cases apart, and are never shown.
Statuses: Vault API documentation, "HTTP Status Codes" and `/sys/health`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tba_secrets.errors import StoreError
from tba_secrets.stores.failures import Meaning, Outcome, StoreFailure


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

    def failure(self, meaning: Meaning, status: int = 0, **more: str) -> StoreFailure:
        """Return the failure of this call; `more` are the words that its meaning needs beside."""
        call = f"{self.method} {self.path} on {self.server}"
        return StoreFailure(
            meaning, {"call": call, "policy": self.policy, "status": status, **more}
        )


_RUN_AGAIN: Final = "run the command again: it reads back what was done before it writes"
_LOGIN_DENIED: Final = Meaning(
    Outcome.DENIED,
    "Vault refuses the login: {call} (HTTP {status})",
    "check that the auth method is mounted there, the role and its bounds (audience, subject, service account, IAM "
    "principal), and that the JWT or the AWS credentials have not expired",
)
_REFUSED: Final = Meaning(
    Outcome.REFUSED,
    "Vault refuses {call} (HTTP {status})",
    "check `store.vault` in the environment's YAML; the server's own log says more",
)
_NO_PATCH: Final = Meaning(
    Outcome.REFUSED,
    "this Vault does not know {call} (HTTP {status}), and without it another run's marks could be undone",
    "update Vault to 1.10 or newer: from there on KV version 2 merges metadata by PATCH",
)
_TOO_LARGE: Final = Meaning(
    Outcome.REFUSED,
    "the value is larger than this Vault takes: {call} (HTTP {status})",
    "see what the source gives: a credential has some hundred bytes",
)
_BROKEN: Final = Meaning(
    Outcome.UNKNOWN,
    "Vault, or a proxy before it, failed at {call} (HTTP {status})",
    _RUN_AGAIN,
    tries=4,
)
REDIRECTED: Final = Meaning(
    Outcome.REFUSED,
    "{call} is redirected to {target} (HTTP {status}), and a redirect is never followed: it would carry the "
    "token to another host",
    "let `store.vault.address` be that of the active node, if you know that host to be yours",
)
NOT_VAULT: Final = Meaning(
    Outcome.UNKNOWN,
    "what answered {call} is not Vault, or its answer is broken (HTTP {status}, no JSON object)",
    "check `store.vault.address`: a proxy or a login page stands there; then run the command again, which reads "
    "back what was done",
    tries=3,
)
LOST: Final = Meaning(
    Outcome.UNKNOWN, "there was no whole answer to {call}: {how}", _RUN_AGAIN, tries=4
)
UNREACHABLE: Final = Meaning(
    Outcome.UNAVAILABLE,
    "Vault cannot be reached for {call}: {how}",
    "check `store.vault.address`, the network and the proxy, and that Vault is running",
    tries=4,
)
UNTRUSTED: Final = Meaning(
    Outcome.UNAVAILABLE,
    "the TLS certificate or handshake was not accepted for {call}",
    "name the CA that signed it under `store.vault.ca_cert`",
)
NO_BUNDLE: Final = Meaning(
    Outcome.UNAVAILABLE,
    "Vault cannot be asked for {call}: there is no CA bundle {how}",
    "name a PEM file that exists under `store.vault.ca_cert` (a relative path starts from the folder that holds "
    "Pulumi.yaml), or in REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE without it",
    error=StoreError,
)
_BY_SENTENCE: Final[Mapping[tuple[int, str], Meaning]] = {
    (403, "invalid token"): Meaning(
        Outcome.EXPIRED,
        "Vault does not accept the token any more, it has expired or was revoked: {call} (HTTP 403)",
        "give a new token, or let `store.vault.auth` log in by a method that can do so again",
    ),
    (404, "no handler for route"): Meaning(
        Outcome.REFUSED,
        "Vault has no mount for {call} (HTTP 404)",
        "correct `store.vault.mount` (or the `mount` of the auth method) and `namespace`: `vault secrets list` and "
        "`vault auth list` show what there is",
    ),
    (400, "did not match the current version"): Meaning(
        Outcome.MISMATCH,
        "another version was written in between: check-and-set refused {call} (HTTP 400)",
        "run the command again: it reads the store anew and decides from what it finds",
    ),
    (400, "invalid role or secret id"): Meaning(
        Outcome.DENIED,
        "Vault does not accept the role id or the secret id: {call} (HTTP 400)",
        "issue a new secret id: one that is good for a single login, or past its time, is not accepted again",
    ),
    (500, "exceeds allowed length"): _TOO_LARGE,
    (500, "request body too large"): _TOO_LARGE,
    (400, "request body too large"): _TOO_LARGE,
    (503, "vault is sealed"): Meaning(
        Outcome.UNAVAILABLE,
        "Vault is sealed: {call} (HTTP 503)",
        "`vault operator unseal`, then run the command again",
        tries=3,
    ),
}
_BY_STATUS: Final[Mapping[int, Meaning]] = {
    403: Meaning(
        Outcome.DENIED,
        "Vault's policies do not allow {call} (HTTP 403)",
        "add this to a policy of the login in use, or use a token that has not expired:\n    {policy}",
    ),
    404: Meaning(
        Outcome.ABSENT,
        "Vault finds nothing for {call} (HTTP 404)",
        "run the command again: it reads the store anew",
    ),
    412: Meaning(
        Outcome.UNAVAILABLE,
        "this node of Vault still lags behind: {call} (HTTP 412)",
        "run the command again, or let `store.vault.address` be the active node's",
        tries=5,
    ),
    413: _TOO_LARGE,
    429: Meaning(
        Outcome.UNAVAILABLE,
        "Vault's rate limit still refuses {call} after every retry (HTTP 429)",
        "`vault read sys/quotas/rate-limit/NAME` shows the limits; raise the one that is met, or run again later",
        tries=5,
    ),
    **dict.fromkeys(
        (472, 473, 474),
        Meaning(
            Outcome.UNAVAILABLE,
            "this node of Vault cannot serve {call}: it is a standby or a secondary (HTTP {status})",
            "let `store.vault.address` be the active node's, or a load balancer's that finds it",
            tries=4,
        ),
    ),
    501: Meaning(
        Outcome.UNAVAILABLE,
        "Vault is not initialised: {call} (HTTP 501)",
        "`vault operator init`, or correct `store.vault.address`",
    ),
}


def of_status(status: int, sentences: Collection[str], asked: VaultRequest) -> StoreFailure:
    """Return what an answer that is no success means; its `errors`, the sentences, are looked at and never shown."""
    told = " ".join(sentences).lower()
    for (expected, sentence), meaning in _BY_SENTENCE.items():
        if status == expected and sentence in told:
            return asked.failure(meaning, status)
    if asked.path.startswith("auth/") and asked.path.endswith("/login") and 400 <= status < 404:
        return asked.failure(_LOGIN_DENIED, status)
    if asked.method == "PATCH" and status in (405, 415):
        return asked.failure(_NO_PATCH, status)
    fallback = _BROKEN if status >= 500 else _REFUSED
    return asked.failure(_BY_STATUS.get(status, fallback), status)
