"""A reader of a real Vault, allowed no more than docs/readers.md says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tba_secrets import client
from tba_secrets.cli import credentials
from tba_secrets.client import SignedSession
from tba_secrets.errors import AccessDeniedError, StoreError
from tba_secrets.simulator import Simulator, SimulatorConfig
from tests.client.support import TIME
from tests.netsuite_account import NetSuiteAccount, Values
from tests.stores.vault_server import Api, VaultProcess, shared_server

__all__ = ["shared_server"]

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "readers.md"
DOCUMENTED: Final = "secret/data/netsuite/sandbox/warehouse-bot"
PATH: Final = "netsuite/sandbox/warehouse-bot"


@dataclass(repr=False)
class Reader:
    """A mount with one secret, and a token that may do what the document says."""

    api: Api
    mount: str
    netsuite: Simulator
    account: NetSuiteAccount

    def write(self, token: Values) -> None:
        """As `vault kv put` does."""
        pair = self.account.consumers["warehouse"]
        data: dict[str, Any] = {
            "account": self.account.id,
            "consumer_key": pair.identifier,
            "consumer_secret": pair.secret,
            "token_id": token.identifier,
            "token_secret": token.secret,
        }
        self.api.call("POST", f"{self.mount}/data/{PATH}", {"data": data})

    def session(self, path: str = PATH) -> SignedSession:
        """With the token from VAULT_TOKEN."""
        return client.vault_session(
            self.api.url, path, mount=self.mount, endpoint=self.netsuite.url
        )


@pytest.fixture
def reader(
    vault: VaultProcess,
    account: NetSuiteAccount,
    no_local_settings: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Reader]:
    api = Api(vault.url)
    with Simulator(SimulatorConfig.from_dict(account.simulator_config())) as netsuite:
        made = Reader(api, api.mount_kv(), netsuite, account)
        made.write(account.tokens["orders"])
        (rule,) = [line for line in DOCUMENT.read_text().splitlines() if DOCUMENTED in line]
        token = api.token_for(rule.replace("secret/", f"{made.mount}/", 1))
        monkeypatch.setenv("VAULT_TOKEN", token)
        yield made


def test_a_rotation_passes_unnoticed(reader: Reader) -> None:
    with reader.session() as session:
        before = session.get(reader.netsuite.url + TIME)
        reader.write(reader.account.spares["orders"])
        reader.netsuite.state.revoke_token(reader.account.id, "orders")
        after = session.get(reader.netsuite.url + TIME)

    assert (before.status_code, after.status_code) == (200, 200)
    assert [login.success for login in reader.netsuite.state.audit()] == [True, False, True]


def test_candidates_and_other_secrets_stay_closed(reader: Reader) -> None:
    for path in (f"tba-candidates/{PATH}", f"{PATH}-2"):
        reader.api.call("POST", f"{reader.mount}/data/{path}", {"data": {"a": "b"}})
        with reader.session(path) as session, pytest.raises(AccessDeniedError):
            session.get(reader.netsuite.url + TIME)
    assert reader.netsuite.state.audit() == []


YAML = """\
version: 1
account: "1234567_SB1"
endpoint: {netsuite}
store:
  vault:
    address: {vault}
    mount: {mount}
    prefix: netsuite/sandbox/
    auth: {{token: {{file: {file}}}}}
integrations:
  - name: warehouse
    consumer: {{env: {{key: A, secret: B}}}}
    role: {{name: warehouse role}}
    tokens:
      - {{name: warehouse-bot, user: orders.bot@example.com, token: {{env: {{id: C, secret: D}}}}}}
"""


@pytest.mark.parametrize(("file", "found"), [("secrets/token", True), ("token", False)])
def test_a_relative_path_starts_from_the_project_s_folder(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, found: bool
) -> None:
    """The working directory has no such file, or one that is not the project's."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    for folder in (project / "stacks", project / "secrets", elsewhere):
        folder.mkdir(parents=True)
    (project / "secrets" / "token").write_text(os.environ["VAULT_TOKEN"])
    (elsewhere / "token").write_text(os.environ["VAULT_TOKEN"])
    address = {"netsuite": reader.netsuite.url, "vault": reader.api.url, "mount": reader.mount}
    (project / "stacks" / "test.yaml").write_text(YAML.format(**address, file=file))
    monkeypatch.chdir(elsewhere)

    session = client.environment_session("../project", "test", "warehouse/warehouse-bot")
    (record,) = credentials.find(Path("../project"), "test", [])

    if found:
        assert session.get(session.base_url() + TIME).status_code == 200
        with pytest.raises(AccessDeniedError, match="policies do not allow"):  # logged in: a reader
            credentials.current(record)
    else:
        with pytest.raises(StoreError, match="token"):
            session.get(session.base_url() + TIME)
        with pytest.raises(StoreError, match="token"):
            credentials.current(record)
