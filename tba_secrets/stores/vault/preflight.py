"""What is found out before anything is written: the server, the login, the mount, and what the login may do.

Vault API: `/sys/health`, `/auth/token/lookup-self`, `/sys/capabilities-self`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from tba_secrets.errors import AccessDeniedError, StoreError, StoreUnavailableError
from tba_secrets.stores.failures import Outcome, StoreFailure, allowing
from tba_secrets.stores.interface import Preflight, SecretName
from tba_secrets.stores.vault.auth import Method
from tba_secrets.stores.vault.client import VaultClient
from tba_secrets.stores.vault.policy import pasted, policy_lines
from tba_secrets.stores.vault.secret import paths_of

SHORTEST_TOKEN_LIFE: Final = 120
"""Seconds that a token which cannot be renewed must still live: a run with a handful of signed calls."""
_IGNORED: Final = ("VAULT_ADDR", "VAULT_NAMESPACE", "VAULT_SKIP_VERIFY", "VAULT_CACERT")
"""Settings of the Vault CLI and of hvac that have no effect here: the YAML says it all."""


def examined(
    client: VaultClient, names: tuple[SecretName, ...], open_mount: Callable[[], object]
) -> Preflight:
    """Find out who we are, and whether the secrets can be staged and promoted; `open_mount` asks for its version.

    Raises:
        StoreUnavailableError: Vault is sealed, not initialised, or a node that cannot serve.
        AccessDeniedError: Another cluster, a token too short-lived, or lines of a policy are missing: which.
    """
    server = _server(client)
    token = _token(client)
    open_mount()
    _capabilities(client, names)
    method = client.session.method
    settings = {
        "address": client.settings.address_url,
        "namespace": client.settings.namespace or "",
        "server": server,
        "mount": f"{client.settings.mount} (KV version {client.kv_version})",
        "auth": method.name,
        **method.shown,
        "token life": _life(token, method),
        **client.adapter.shown_settings,
        "not used": ", ".join(name for name in _IGNORED if os.environ.get(name)),
    }
    return Preflight(
        identity=str(token.get("display_name") or "a Vault token"),
        settings={key: text for key, text in settings.items() if text},
    )


def kv_version_of(client: VaultClient) -> int:
    """Ask for the mount's version (Vault API, `/sys/internal/ui/mounts/:path`).

    Before the first call: a write meant for version 2 "succeeds" on a mount of version 1, at the wrong path.

    Raises:
        StoreError: It is no KV mount, or one of version 1 that was not allowed.
        AccessDeniedError: It does not exist, or the login may see nothing on it.
        StoreFailure: Vault could not be asked.
    """
    settings = client.settings
    client.session.token()  # a login that is refused is no mount that is missing
    try:
        told = client.call("GET", f"sys/internal/ui/mounts/{settings.mount}").data
    except StoreFailure as failure:
        if failure.outcome is not Outcome.DENIED:
            raise
        raise AccessDeniedError(
            f"Vault at {settings.address_url} shows no mount {settings.mount}: there is none, "
            "or no policy of this login allows anything on it",
            "`vault secrets list` shows the mounts: correct `store.vault.mount` or `namespace`; "
            f"a login needs a policy with:\n{pasted(policy_lines(settings))}",
        ) from None
    version = (told.get("options") or {}).get("version") or "1"
    if told.get("type") not in ("kv", "generic") or str(version) not in ("1", "2"):
        raise StoreError(
            f"the mount {settings.mount} of Vault at {settings.address_url} is not a KV secrets engine",
            "`vault secrets list` shows the mounts and their types: correct `store.vault.mount`",
        )
    if version == "1" and not settings.allow_unversioned:
        raise StoreError(
            f"the mount {settings.mount} of Vault at {settings.address_url} is KV version 1, which keeps no "
            "previous version: there is no rollback, no check-and-set and no recoverable deletion",
            f"`vault kv enable-versioning {settings.mount}/` makes it version 2; "
            "or declare `allow_unversioned: true` and do without",
        )
    return int(version)


def _server(client: VaultClient) -> str:
    """Return the state of the server, in words."""
    answer = client.health()
    told, address = answer.body, client.settings.address_url
    if answer.status == 501 or told.get("initialized") is False:
        raise StoreUnavailableError(
            f"Vault at {address} is not initialised",
            "`vault operator init`, or correct `store.vault.address`",
        )
    if answer.status == 503 or told.get("sealed") is True:
        raise StoreUnavailableError(
            f"Vault at {address} is sealed", "`vault operator unseal`, then run the command again"
        )
    if answer.status in (472, 474, 530):
        raise StoreUnavailableError(
            f"the Vault node at {address} cannot serve (HTTP {answer.status} from sys/health): "
            "it is a disaster recovery secondary, cut off from the active node, or removed",
            "let `store.vault.address` be the active node's, or a load balancer's that finds it",
        )
    _same_cluster(client, str(told.get("cluster_id") or ""))
    standby = ", standby" if answer.status in (429, 473) else ""
    return f"Vault {told.get('version', '')}{standby}, cluster {told.get('cluster_id', 'unknown')}"


def _same_cluster(client: VaultClient, found: str) -> None:
    expected = client.settings.cluster_id
    if expected is not None and found != expected:
        raise AccessDeniedError(
            f"Vault at {client.settings.address_url} is cluster {found or 'unknown'}, "
            f"and the environment declares cluster {expected}",
            "correct `store.vault.address`, or `cluster_id` as `vault status` shows it",
        )


def _token(client: VaultClient) -> Mapping[str, Any]:
    """Return what Vault tells of the token in use; nothing if no policy allows us to ask."""
    told: Mapping[str, Any] = {}
    with allowing(Outcome.DENIED):
        told = client.call("GET", "auth/token/lookup-self").data
    if told.get("num_uses"):
        raise AccessDeniedError(
            f"the Vault token is good for {told['num_uses']} more calls only, which is too few for a run",
            "use a token without a limit of uses (`token_num_uses=0` on the role)",
        )
    seconds = int(told.get("ttl") or 0)
    for_good = not told.get("renewable") and not client.session.method.can_log_in
    if 0 < seconds < SHORTEST_TOKEN_LIFE and for_good:
        raise AccessDeniedError(
            f"the Vault token ends in {seconds} s and cannot be renewed; a run needs {SHORTEST_TOKEN_LIFE} s at least",
            "give a new token, or let `store.vault.auth` log in by a method that can do so again",
        )
    return told


def _life(token: Mapping[str, Any], method: Method) -> str:
    if not token:
        return "unknown: no policy allows auth/token/lookup-self"
    seconds = int(token.get("ttl") or 0)
    if seconds == 0:
        return "without end"
    if token.get("renewable"):
        return f"{seconds} s, renewed"
    return f"{seconds} s, {'logged in again' if method.can_log_in else 'then over'}"


def _capabilities(client: VaultClient, names: tuple[SecretName, ...]) -> None:
    """Refuse a login that cannot do what a run needs; the refusal holds the missing lines."""
    asked = [path for name in names for path in _paths(client, name)]
    if not asked:
        return
    granted = client.call("POST", "sys/capabilities-self", {"paths": asked}).data
    held = {path: granted.get(path, ()) for path in asked}
    lines = policy_lines(client.settings, client.kv_version)
    if missing := [line for line in lines if line.always and line.missing(held)]:
        raise AccessDeniedError(
            f"the login at Vault {client.settings.address_url} lacks what a run needs on {', '.join(names)}",
            f"add to one of its policies:\n{pasted(missing)}",
        )


def _paths(client: VaultClient, name: SecretName) -> list[str]:
    paths, mount = paths_of(name, client.settings), client.settings.mount
    if client.kv_version == 1:
        return [f"{mount}/{paths.current}", f"{mount}/{paths.candidate}"]
    return [
        f"{mount}/data/{paths.owner}",
        f"{mount}/data/{paths.current}",
        f"{mount}/data/{paths.candidate}",
        f"{mount}/metadata/{paths.current}",
        f"{mount}/metadata/{paths.candidate}",
    ]
