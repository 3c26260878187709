"""Which secrets there are: read-only, and without a value."""

from __future__ import annotations

from collections.abc import Iterator

from tba_secrets.stores.interface import SecretName
from tba_secrets.stores.vault.client import VaultClient


def secret_names(client: VaultClient, kv_version: int, prefix: str) -> Iterator[SecretName]:
    """The paths that begin with `prefix`; softly deleted ones are among them.

    Vault API, "KV secrets engine", "List Secrets": a folder is listed at a time, and what ends in a slash is a folder;
    a folder without anything in it is a 404.

    Args:
        client: The calls.
        kv_version: Of the mount.
        prefix: A folder with its slash at the end, or the beginning of names in one.

    Raises:
        VaultFailure: They could not be listed.
    """
    mount = client.settings.mount + ("/metadata" if kv_version == 2 else "")
    folders = [prefix[: prefix.rfind("/") + 1]]
    while folders:
        folder = folders.pop()
        told = client.call("LIST", f"{mount}/{folder}", expected=(404,)).data
        found = [path for key in told.get("keys", ()) if (path := folder + key).startswith(prefix)]
        folders += [path for path in found if path.endswith("/")]
        yield from (SecretName(path) for path in found if not path.endswith("/"))
