"""Readers all the while: fifty rotations, kills among them, and not one failed call.

The provider runs in processes of its own, driven as the engine drives it; the engine is not the point here, and its
own three rotations are in test_rotation_engine.py. A process is killed before one of its requests, which one a seeded
generator says, and the next run takes its work up.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from tba_secrets import client
from tba_secrets.payload import parse
from tba_secrets.simulator import FaultKind, Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import SecretName, Stage, Store
from tba_secrets.stores.journal import Retirement
from tests.faults.processes import wait_until
from tests.faults.provider_run import Order, Provider
from tests.faults.readers import (
    Call,
    Tally,
    plain_reader,
    reading,
    session_reader,
    stubborn_reader,
    succession,
)
from tests.netsuite_account import NetSuiteAccount, Values
from tests.stores.aws_bench import StrictAwsBench, aws_store
from tests.stores.aws_bench import settings as aws_settings
from tests.stores.conftest import no_local_settings
from tests.stores.vault_bench import TOKEN_VARIABLE, vault_store
from tests.stores.vault_bench import settings as vault_settings
from tests.stores.vault_server import ROOT_TOKEN, Api, VaultProcess, shared_server

__all__ = ["no_local_settings", "shared_server"]

pytestmark = pytest.mark.faults

ROTATIONS: Final = 50
SEED: Final = 20_261
READERS: Final = 3
HOUR: Final = 3600
_log: Final = logging.getLogger(__name__)
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

    name = SecretName("netsuite/sandbox/orders")

    def begin(self) -> int:
        """The first token is current; how many requests a rotation sends that nobody disturbs."""
        self.provider.done(Order(now=self.now))
        return self.rotated(self.tokens[1], kill=False)

    def rotated(self, token: Values, *, kill: bool, requests: int = 0, overlap: int = 0) -> int:
        """Rotate to a token, killed on the way where wanted, and taken up; how many requests the last run sent."""
        order = Order(given=token, overlap_seconds=overlap, now=self.now)
        if kill:
            at = self.chance.randint(1, requests)
            self.provider.run(Order(**{**vars(order), "kill_before": at}))
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
        stored = self.store.read(self.name, Stage.CURRENT)
        assert stored is not None
        return parse(stored.value, Format(), self.name).token_id.reveal()

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
        snapshot = self.store.describe(self.name)
        assert snapshot is not None
        return [entry.state for entry in snapshot.journal]

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
    tokens = [account.tokens["orders"], *succession(ROTATIONS + 10)]
    with Simulator(SimulatorConfig.from_dict(account.simulator_config())) as netsuite:
        for place, token in enumerate(tokens[1:], 1):
            netsuite.state.add_token(account.id, _token(f"orders {place}", token))
        if request.param == "aws":
            with SecretsManagerServer() as server:
                settings = aws_settings(server.url, prefix="netsuite/sandbox/")
                stores = {"aws": settings.model_dump(mode="json", exclude_none=True)}
                provider = _provider(tmp_path, account, netsuite, stores, _AWS)
                store = aws_store(server.url)
                drop = partial(StrictAwsBench(server).drop_unheld, Scene.name)
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
            keep = f"{mount}/metadata/{Scene.name}"
            drop = partial(_call, api, keep, {"max_versions": 2})
            yield Scene(account, netsuite, vault_store(vault.url, mount), provider, tokens, drop)


def _call(api: Api, path: str, body: dict[str, Any]) -> None:
    api.call("POST", path, body)


_AWS: Final = {
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


def _token(name: str, values: Values) -> dict[str, str]:
    return {
        "name": name,
        "integration": "warehouse",
        "user": "orders.bot@example.com",
        "role": "1001",
        "token_id": values.identifier,
        "token_secret": values.secret,
    }


def test_fifty_rotations_with_an_overlap(scene: Scene) -> None:
    """The simplest reader there is: a token is revoked an hour after it was superseded, and never before."""
    requests = scene.begin()
    seen: set[str] = set()
    with reading(*scene.plain_readers(seen)) as tally:
        for place in range(2, ROTATIONS + 2):
            scene.now += HOUR
            kill = place % 2 == 0
            scene.rotated(scene.tokens[place], kill=kill, requests=requests, overlap=HOUR + 1)
            if place % 5 == 0:
                scene.retired(kill=place % 10 == 0)
        scene.now += 2 * HOUR
        scene.retired(kill=False)
    _report(scene, tally)
    assert tally.failed == [], tally.outcomes
    assert scene.provider.kills >= ROTATIONS // 2 - 1
    assert len(seen) > ROTATIONS * 3 // 4, "the readers have passed too few rotations"
    assert scene.revoked() == list(range(ROTATIONS + 1))
    assert Retirement.OVERLAP not in scene.journal()


def test_rotations_without_an_overlap(scene: Scene) -> None:
    """A reader of `tba_secrets.client` notices nothing, though its token is revoked while it is in use."""
    requests = scene.begin()
    with (
        client.session(scene.store, scene.name, endpoint=scene.netsuite.url) as session,
        reading(*[session_reader(session, scene.netsuite.url)] * READERS) as tally,
    ):
        for place in range(2, ROTATIONS // 2 + 2):
            kill = place % 3 == 0
            scene.rotated(scene.tokens[place], kill=kill, requests=requests)
            scene.retired(kill=False, at_once=True)
    _report(scene, tally)
    assert tally.failed == [], tally.outcomes
    assert scene.revoked() == list(range(ROTATIONS // 2 + 1))
    refused = scene.netsuite.state.trail.failures(scene.account.id)
    assert refused, "no reader was ever refused: its token was never in use when it was revoked"


def test_a_superseded_token_outlives_later_versions_until_its_revoke_is_confirmed(
    scene: Scene,
) -> None:
    """NetSuite cannot be reached for a revoke through six rotations, and the store drops what nothing holds."""
    scene.begin()
    faults = scene.netsuite.state.faults
    faults.add(FaultKind.RESET, "/rest/revoketoken", times=None)
    for place in range(2, 8):
        scene.rotated(scene.tokens[place], kill=False)
        scene.drop_unheld()
        scene.retired(kill=False, at_once=True)
        assert scene.revoked() == []
        assert scene.journal() == [Retirement.OVERLAP] * place
    faults.clear()

    scene.retired(kill=False, at_once=True)

    assert scene.revoked() == list(range(7))
    assert scene.journal() == [Retirement.REVOKED] * 7
    assert sorted(scene.revokes()) == ["orders", *(f"orders {place}" for place in range(1, 7))]


def test_a_revoke_whose_answer_was_lost_is_not_forgotten(scene: Scene) -> None:
    """It was carried out; the next try is refused, and a person is told to look."""
    scene.begin()
    scene.netsuite.state.faults.add(FaultKind.ANSWER_LOST, "/rest/revoketoken")

    scene.retired(kill=False, at_once=True)

    assert scene.journal() == [Retirement.OVERLAP]
    scene.retired(kill=False, at_once=True)
    assert scene.journal() == [Retirement.PERSON]
    assert scene.revokes() == ["orders"]
    scene.retired(kill=False, at_once=True)
    assert len(scene.netsuite.state.trail.failures()) == 1, "it was tried again"


def test_a_reader_that_reads_once_fails(scene: Scene) -> None:
    """The broken twin: the calls that are counted can fail."""
    scene.begin()
    with reading(stubborn_reader(scene.store, scene.name, scene.netsuite.url)) as tally:
        scene.rotated(scene.tokens[2], kill=False)
        assert tally.failed == []
        scene.netsuite.state.revoke_token(scene.account.id, "orders 1")
        wait_until(lambda: tally.failed, "no call failed")
    assert set(tally.outcomes) == {"401"}


def _report(scene: Scene, tally: Tally) -> None:
    rate = tally.calls / tally.seconds
    _log.info("%d calls, %.0f a second; %d kills", tally.calls, rate, scene.provider.kills)
