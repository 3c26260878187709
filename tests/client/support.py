"""A NetSuite, a Secrets Manager, a secret in it, and readers of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Unpack

import requests
from requests.auth import AuthBase

from tba_secrets import client
from tba_secrets.client import Options, SignedSession
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.netsuite.signing import sign
from tba_secrets.payload import parse, render
from tba_secrets.sensitive import Sensitive, fingerprint
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.audit import AuditEntry
from tba_secrets.simulator.aws import SecretsManagerServer
from tba_secrets.spec.model import Format
from tba_secrets.stores.interface import Candidate, SecretName, Stage, VersionId
from tests.netsuite_account import NetSuiteAccount, Values
from tests.stores.aws_bench import AwsBench
from tests.stores.support import KEY, MARK, promoted

NAME: Final = SecretName("netsuite/test/orders")
TIME: Final = "/services/rest/system/v1/serverTime"
RESTLET: Final = "/app/site/hosting/restlet.nl?script=6&deploy=1"
USER: Final = "orders.bot@example.com"
HANG_GUARD_SECONDS: Final = 60.0


class Clock:
    """Monotonic seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(repr=False)
class World:
    """The token `orders` and its spare: both are good at NetSuite, and the first one is current in the store."""

    account: NetSuiteAccount
    netsuite: Simulator
    aws: SecretsManagerServer
    bench: AwsBench
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.bench.store.claim(NAME, MARK)

    def session(self, **options: Unpack[Options]) -> SignedSession:
        """A reader of the secret, asked at the simulator."""
        options.setdefault("endpoint", self.netsuite.url)
        options.setdefault("monotonic", self.clock)
        return client.session(self.bench.store, NAME, **options)

    @property
    def url(self) -> str:
        """A signed service."""
        return self.netsuite.url + TIME

    def credential(self, token: Values) -> TbaCredential:
        """A token of the user with its consumer pair."""
        pair = self.account.consumers["warehouse"]
        values = (pair.identifier, pair.secret, token.identifier, token.secret)
        return TbaCredential(self.account.id, *map(Sensitive, values))

    def promote(self, token: Values) -> VersionId:
        """Make a token current in the store."""
        value = render(self.credential(token), Format())
        return promoted(self.bench.store, Candidate(value, fingerprint(KEY, value.reveal())), NAME)

    def rotate(self) -> None:
        """The spare is current, and the first token is gone at once: no overlap."""
        self.promote(self.account.spares["orders"])
        self.netsuite.state.revoke_token(self.account.id, "orders")

    @property
    def reads(self) -> int:
        """How often the value was read by its label."""
        return sum(call.operation == "GetSecretValue" for call in self.aws.calls)

    @property
    def logins(self) -> list[AuditEntry]:
        """The Login Audit Trail."""
        return self.netsuite.state.audit(self.account.id)

    @property
    def refused(self) -> list[AuditEntry]:
        """The refused logins."""
        return self.netsuite.state.trail.failures(self.account.id)

    @property
    def locked(self) -> bool:
        """Whether the user is locked out."""
        return self.netsuite.state.is_locked(self.account.id, USER)


@contextmanager
def world(account: NetSuiteAccount) -> Iterator[World]:
    """Serve until the block ends; `orders` is current."""
    config = account.simulator_config()
    config["accounts"][account.id]["restlets"] = [{"script": "6"}]
    with (
        Simulator(SimulatorConfig.from_dict(config)) as netsuite,
        SecretsManagerServer() as aws,
    ):
        made = World(account, netsuite, aws, AwsBench(aws.url))
        made.promote(account.tokens["orders"])
        aws.calls.clear()
        yield made


class Naive(AuthBase):
    """The broken twin of a reader: reads once, and signs with that for ever."""

    def __init__(self, world: World) -> None:
        stored = world.bench.store.read(NAME, Stage.CURRENT)
        assert stored is not None
        self._credential = parse(stored.value, Format(), NAME)

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = sign(self._credential, str(r.method), str(r.url))
        return r
