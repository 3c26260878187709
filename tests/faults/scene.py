"""A record, its store and NetSuite, for runs of the provider without the engine (`provider_run.py`)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import parse
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import SecretName, Snapshot, Stage, Store
from tba_secrets.stores.journal import Retirement
from tests.faults.provider_run import Order, Provider
from tests.faults.readers import Call, plain_reader, succession
from tests.netsuite_account import NetSuiteAccount, Values
from tests.stores.aws_bench import StrictAwsBench, aws_store, settings as aws_settings
from tests.stores.vault_bench import TOKEN_VARIABLE, settings as vault_settings, vault_store
from tests.stores.vault_server import ROOT_TOKEN, Api, VaultProcess

SEED: Final = 20_261
READERS: Final = 3
TOKENS: Final = 60
REVOKE: Final = "GET /rest/revoketoken"


@dataclass(repr=False)
class Scene:
    """A record with a token, many more of the same user at NetSuite, and the store that readers read."""

    account: NetSuiteAccount
    netsuite: Simulator
    store: Store
    provider: Provider
    tokens: list[Values]
    drop_unheld: Callable[[], None]
    """What the store does when it likes: versions that nothing holds are gone."""
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311
    now: int = 1_800_000_000
    """The journal's clock, which passes when told to."""

    @property
    def name(self) -> SecretName:
        """The secret's whole name."""
        return _name(self.provider)

    def begin(self) -> int:
        """The first token is current; how many requests a rotation sends that nobody disturbs."""
        self.provider.done(Order(now=self.now))
        return self.rotated(self.tokens[1], kill=False)

    def rotated(self, token: Values, *, kill: bool, requests: int = 0, overlap: int = 0) -> int:
        """Rotate to a token, killed on the way where wanted, and taken up; how many requests the last run sent."""
        order = Order(given=token, overlap_seconds=overlap, now=self.now)
        if kill:
            at = self.chance.randint(1, requests)
            ended = self.provider.run(Order(**{**vars(order), "kill_before": at}))
            if (
                not ended.killed
            ):  # a version that needs no copy costs fewer requests than the one that was counted
                assert not ended.error, ended.error
                assert self.current() == token.identifier
                return ended.requests
        ended = self.provider.done(order)
        assert self.current() == token.identifier
        return ended.requests

    def retired(self, *, kill: bool, at_once: bool = False) -> None:
        """Retire what is due, killed on the way where wanted, and taken up."""
        order = Order(retire=True, at_once=at_once, now=self.now)
        if kill:
            at = self.chance.randint(1, 20)
            self.provider.run(Order(**{**vars(order), "kill_before": at}))
        self.provider.done(order)

    def current(self) -> str:
        """The id of the token that readers get."""
        return self.credential().token_id.reveal()

    def credential(self) -> TbaCredential:
        """What readers get."""
        stored = self.store.read(self.name, Stage.CURRENT)
        assert stored is not None
        return parse(stored.value, Format(), self.name)

    def snapshot(self) -> Snapshot:
        """What the store says of the secret."""
        found = self.store.describe(self.name)
        assert found is not None
        return found

    def plain_readers(self, seen: set[str]) -> list[Call]:
        """Readers without a second try; they note which tokens they have signed with."""
        url = self.netsuite.url
        return [plain_reader(self.store, self.name, url, seen) for _ in range(READERS)]

    def revoked(self) -> list[int]:
        """Which tokens are revoked, by their place in the succession."""
        named = self.netsuite.state.account(self.account.id).tokens
        there = {token.token_id: token.revoked for token in named}
        return [place for place, token in enumerate(self.tokens) if there[token.identifier]]

    def journal(self) -> list[Retirement]:
        """The states of the journal's lines, oldest first."""
        return [entry.state for entry in self.snapshot().journal]

    def revokes(self) -> list[str]:
        """The names of the tokens whose revoke NetSuite has carried out."""
        trail = self.netsuite.state.audit()
        return [one.token_name or "" for one in trail if one.request == REVOKE and one.success]


Open = Callable[[Path, NetSuiteAccount, Simulator, list[Values]], Scene]


@pytest.fixture(params=["aws", "vault"])
def scene(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    no_local_settings: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    account = NetSuiteAccount()
    tokens = [account.tokens["orders"], *succession(TOKENS)]
    with Simulator(SimulatorConfig.from_dict(account.simulator_config())) as netsuite:
        for place, token in enumerate(tokens[1:], 1):
            netsuite.state.add_token(account.id, account.token("orders", token, f" {place}"))
        if request.param == "aws":
            with SecretsManagerServer() as server:
                settings = aws_settings(server.url, prefix="netsuite/sandbox/")
                stores = {"aws": settings.model_dump(mode="json", exclude_none=True)}
                provider = _provider(tmp_path, account, netsuite, stores, AWS_ENVIRONMENT)
                store = aws_store(server.url)
                drop = partial(StrictAwsBench(server).drop_unheld, _name(provider))
                yield Scene(account, netsuite, store, provider, tokens, drop)
        else:
            vault: VaultProcess = request.getfixturevalue("vault")
            monkeypatch.setenv(TOKEN_VARIABLE, ROOT_TOKEN)
            api = Api(vault.url)
            mount = api.mount_kv()
            stores = {
                "vault": vault_settings(vault.url, mount).model_dump(mode="json", exclude_none=True)
            }
            provider = _provider(tmp_path, account, netsuite, stores, {TOKEN_VARIABLE: ROOT_TOKEN})
            keep = f"{mount}/metadata/{_name(provider)}"
            drop = partial(_call, api, keep, {"max_versions": 2})
            yield Scene(account, netsuite, vault_store(vault.url, mount), provider, tokens, drop)


def _name(provider: Provider) -> SecretName:
    return SecretName(f"netsuite/sandbox/{provider.secret}")


def _call(api: Api, path: str, body: dict[str, Any]) -> None:
    api.call("POST", path, body)


AWS_ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def _provider(
    folder: Path,
    account: NetSuiteAccount,
    netsuite: Simulator,
    stores: Mapping[str, Any],
    environment: Mapping[str, str],
) -> Provider:
    return Provider(folder, account, netsuite.url, stores, {**account.environment(), **environment})
