"""The world of an engine test whose store is a real Vault: asked by hvac, as anybody's program would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hvac

from tba_secrets.simulator import Simulator, SimulatorConfig
from tests.engine.project import Project, environment_yaml, new_project
from tests.netsuite_account import TOKENS, NetSuiteAccount, Values
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import Api

PREFIX: Final = "netsuite/test/"
CANDIDATES: Final = "tba-candidates/"
WRITES: Final = "^(POST|PUT|PATCH|DELETE) (?!sys/capabilities-self|auth/)"
"""Calls that change a secret, for `FaultyProxy.count`."""


def vault_block(mount: str) -> str:
    """`store.vault` in the environment's YAML."""
    return f"  vault: {{address: {{env: VAULT_ADDR}}, mount: {mount}, prefix: {PREFIX}}}"


@dataclass
class VaultWorld:
    """Everything that such a test looks at."""

    account: NetSuiteAccount
    netsuite: Simulator
    api: Api
    """An administrator of the Vault."""
    proxy: FaultyProxy
    """Between the provider and the Vault: VAULT_ADDR is its address."""
    mount: str
    project: Project
    tokens: tuple[str, ...] = TOKENS

    @property
    def kv(self) -> Any:
        """KV version 2 as hvac gives it to any program."""
        return hvac.Client(url=self.api.url, token=self.api.token).secrets.kv.v2

    def give(self, **tokens: Values) -> None:
        """From here on the sources give these values for the tokens named."""
        self.project.environment.update(self.account.environment(**tokens))

    def write(self, *, extra: str = "", store: str | None = None, adopt: bool = False) -> None:
        """Put the environment's YAML in place."""
        text = environment_yaml(
            self.account,
            extra=extra,
            tokens=self.tokens,
            adopt=adopt,
            store=store or vault_block(self.mount),
        )
        self.project.write(text)

    def current(self, token: str) -> dict[str, str]:
        """What a reader gets by default."""
        answer = self.kv.read_secret_version(
            PREFIX + token, mount_point=self.mount, raise_on_deleted_version=True
        )
        content: dict[str, str] = answer["data"]["data"]
        return content

    def metadata(self, token: str) -> dict[str, Any]:
        """`vault kv metadata get`; empty where the path is absent."""
        return self.api.data(f"{self.mount}/metadata/{PREFIX}{token}") or {}

    def versions(self, token: str) -> int:
        """How many versions were ever written."""
        return int(self.metadata(token).get("current_version", 0))

    def candidate(self, token: str) -> dict[str, Any]:
        """The metadata of the candidate's path; empty where it is absent."""
        return self.api.data(f"{self.mount}/metadata/{CANDIDATES}{PREFIX}{token}") or {}

    def logins(self) -> int:
        """How many signed calls NetSuite has seen so far."""
        return len(self.netsuite.state.audit())

    def writes(self) -> int:
        """How many calls so far have changed, or tried to change, a secret."""
        return self.proxy.count(WRITES)

    def assert_settled(self, token: str, values: Values, versions: int) -> None:
        """The wanted credential is current after so many versions, nothing is half done, nothing is left to do."""
        assert self.current(token)["token_id"] == values.identifier
        assert self.versions(token) == versions
        assert self.candidate(token) == {}
        again = self.project.up("--expect-no-changes")
        assert again.status == 0, again.output


@contextmanager
def vault_world(
    folder: Path, api: Api, *, tokens: tuple[str, ...] = TOKENS, **settings: str
) -> Iterator[VaultWorld]:
    """A NetSuite account, a new mount, and a project that finds both; `settings` are added to its environment."""
    account = NetSuiteAccount()
    config = SimulatorConfig.from_dict(account.simulator_config())
    with Simulator(config) as netsuite, FaultyProxy(api.url) as proxy:
        environment = {
            "VAULT_ADDR": proxy.url,
            "VAULT_TOKEN": api.token,
            "TBA_SIMULATOR": netsuite.url,
            **settings,
        }
        project = new_project(folder / "project", {**environment, **account.environment()})
        world = VaultWorld(account, netsuite, api, proxy, api.mount_kv(), project, tokens)
        world.write()
        project.init()
        yield world
