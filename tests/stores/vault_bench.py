"""A real Vault, a store on one mount of it, and a stranger with a token."""

from __future__ import annotations

import json
from typing import Any, Final

from tba_secrets.spec.model import VaultSettings
from tba_secrets.stores.interface import SecretName, Stage, VersionId
from tba_secrets.stores.vault import VaultStore
from tba_secrets.stores.vault.retry import VaultRetry
from tba_secrets.stores.vault.transport import Deadline
from tests.stores.support import NAME, canonical
from tests.stores.vault_server import ROOT_TOKEN, Api

PREFIX: Final = "netsuite/sandbox/"
CANDIDATE_PATH: Final = f"tba-candidates/{NAME}"
TOKEN_VARIABLE: Final = "TBA_TEST_VAULT_TOKEN"
QUICK: Final = VaultRetry(sleep=lambda seconds: None)
"""As many tries as in earnest, in no time."""
BRIEF: Final = Deadline(total=5.0, connect=2.0)


def settings(url: str, mount: str, **changes: Any) -> VaultSettings:
    """`store.vault` with a token from the environment."""
    declared = {
        "address": url,
        "mount": mount,
        "prefix": PREFIX,
        "auth": {"token": {"env": TOKEN_VARIABLE}},
        **changes,
    }
    return VaultSettings.model_validate(declared)


def vault_store(url: str, mount: str, **changes: Any) -> VaultStore:
    """A store that asks again at once."""
    return VaultStore(settings(url, mount, **changes), deadline=BRIEF, retry=QUICK)


class VaultBench:
    """The store on a new mount, and a stranger with the root token beside it."""

    def __init__(self, url: str, version: int = 2, **changes: Any) -> None:
        self.api = Api(url, ROOT_TOKEN)
        self.mount = self.api.mount_kv(version)
        declared = settings(url, self.mount, allow_unversioned=version == 1, **changes)
        self.version = version
        self.store = VaultStore(declared, deadline=BRIEF, retry=QUICK)

    def write_as_another(self, name: SecretName, value: str, stage: Stage) -> VersionId:
        """`vault kv put` on the secret's path, or on its candidate's."""
        path = name if stage is Stage.CURRENT else f"tba-candidates/{name}"
        if self.version == 1:
            self.api.call("POST", f"{self.mount}/{path}", json.loads(value))
            return VersionId("unversioned" if stage is Stage.CURRENT else "unversioned-candidate")
        told = self.api.call("POST", f"{self.mount}/data/{path}", {"data": json.loads(value)})
        return VersionId(f"{told['data']['version']}@{told['data']['created_time']}")

    def default_read(self, name: SecretName) -> str | None:
        """`vault kv get`."""
        if self.version == 1:
            data = self.api.data(f"{self.mount}/{name}")
        else:
            data = (self.api.data(f"{self.mount}/data/{name}") or {}).get("data")
        return None if data is None else canonical(data)

    def drop_unheld(self, name: SecretName) -> None:
        """Two versions are kept from now on, and none by number; KV version 1 keeps one anyway."""
        if self.version == 2:
            self.set_metadata({"max_versions": 2}, name)

    def metadata(self, path: str = NAME) -> dict[str, Any]:
        """`vault kv metadata get`."""
        return self.api.data(f"{self.mount}/metadata/{path}") or {}

    def set_metadata(self, body: dict[str, Any], path: str = NAME) -> None:
        """`vault kv metadata put`."""
        self.api.call("POST", f"{self.mount}/metadata/{path}", body)
