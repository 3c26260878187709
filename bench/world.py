"""What all are measured in: one NetSuite account, one store, latency before both, and the credentials to provision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any, Final

from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.simulator.faults import Fault, FaultKind, Faults
from tests.netsuite_account import Values
from tests.stores.vault_proxy import FaultyProxy
from tests.stores.vault_server import Api, dev_server

ACCOUNT: Final = "1234567_SB1"
STORE_SECONDS: Final = 0.06
NETSUITE_SECONDS: Final = 0.25
NETSUITE_LIMIT: Final = 5
"""Requests of the account at a time; one more is answered 429."""
_TOKENS_EACH: Final = 10
_PERMISSIONS: Final = ["REST Web Services", "Log in using Access Tokens", "User Access Tokens"]
_ALWAYS: Final = 1_000_000_000
_WORDS: Final = {"GET": "read", "POST": "write", "PUT": "write", "PATCH": "write"}


@dataclass(frozen=True)
class Credential:
    """One token of one user, with the values that its source gives one after another."""

    number: int
    values: tuple[Values, ...] = field(default_factory=lambda: (Values(), Values(), Values()))

    @property
    def name(self) -> str:
        return f"bot-{self.number:03}"

    @property
    def user(self) -> str:
        return f"{self.name}@example.com"

    @property
    def integration(self) -> str:
        return f"integration-{self.number // _TOKENS_EACH:02}"

    @property
    def variable(self) -> str:
        return f"BOT_{self.number:03}_TOKEN"


class _CountingFaults(Faults):
    """Counts every request that the simulator asks it about."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def take(self, method: str, path: str) -> dict[FaultKind, Fault]:
        self.calls[f"NetSuite {path.rpartition('/')[2] or 'clock'}"] += 1
        return super().take(method, path)


@dataclass
class World:
    """The servers, and what they have counted."""

    store: str
    faults: _CountingFaults
    """The simulator's."""
    credentials: tuple[Credential, ...]
    consumers: dict[str, Values]
    settings: dict[str, str]
    """The variables that every contestant finds."""
    mount: str = ""
    aws: SecretsManagerServer | None = None
    proxy: FaultyProxy | None = None

    def environment(self, generations: Mapping[str, int] | None = None) -> dict[str, str]:
        """Return the sources' variables, with the generation of values that each credential is at; else the first."""
        given = dict(self.settings)
        for name, consumer in self.consumers.items():
            variable = name.upper().replace("-", "_")
            given |= {
                f"{variable}_KEY": consumer.identifier,
                f"{variable}_SECRET": consumer.secret,
            }
        for one in self.credentials:
            values = one.values[(generations or {}).get(one.name, 0)]
            given |= {
                f"{one.variable}_ID": values.identifier,
                f"{one.variable}_SECRET": values.secret,
            }
        return given

    def take_calls(self) -> dict[str, int]:
        """Return the calls since the last time, by kind."""
        calls, self.faults.calls = self.faults.calls, Counter()
        if self.aws is not None:
            calls.update(call.operation for call in list(self.aws.calls))
            self.aws.calls.clear()
        if self.proxy is not None:
            calls.update(_vault_kind(str(seen), self.mount) for seen in self.proxy.seen)
            self.proxy.seen.clear()
        return dict(sorted(calls.items()))


def _vault_kind(call: str, mount: str) -> str:
    method, _, path = call.partition(" ")
    if not path.startswith(f"{mount}/"):
        return path.partition("?")[0]
    return (
        f"{_WORDS.get(method, method.lower())} {path.removeprefix(f'{mount}/').partition('/')[0]}"
    )


@contextmanager
def open_world(
    folder: Path, store: str, count: int, accounts: Sequence[str] = (ACCOUNT,)
) -> Iterator[World]:
    """Start the servers; end them, and all they hold, afterwards. Every account knows the same credentials."""
    credentials = tuple(Credential(number) for number in range(count))
    consumers = {one.integration: Values() for one in credentials}
    account = _account(credentials, consumers)
    config = SimulatorConfig.from_dict({"accounts": dict.fromkeys(accounts, account)})
    with ExitStack() as servers:
        netsuite = Simulator(config)
        netsuite.state.faults = faults = _CountingFaults()
        faults.add("latency", seconds=NETSUITE_SECONDS, times=None)
        servers.enter_context(netsuite)
        settings = {"TBA_SIMULATOR": netsuite.url, "NETSUITE_LIMIT": str(NETSUITE_LIMIT)}
        world = World(store, faults, credentials, consumers, settings)
        if store == "aws":
            _aws(servers, world)
        else:
            _vault(servers, world, folder)
        yield world


def _aws(servers: ExitStack, world: World) -> None:
    world.aws = servers.enter_context(SecretsManagerServer())
    world.aws.faults.latency(STORE_SECONDS, times=None)
    world.aws.faults.quota()
    world.settings |= {
        "AWS_ENDPOINT_URL": world.aws.url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def _vault(servers: ExitStack, world: World, folder: Path) -> None:
    running = dev_server(folder)
    servers.callback(running.stop)
    api = Api(running.url)
    world.mount = api.mount_kv()
    world.proxy = servers.enter_context(FaultyProxy(running.url))
    world.proxy.fail("", before=lambda: sleep(STORE_SECONDS), times=_ALWAYS)
    world.settings |= {
        "VAULT_ADDR": world.proxy.url,
        "VAULT_TOKEN": api.token,
        "VAULT_MOUNT": world.mount,
    }


def _account(credentials: tuple[Credential, ...], consumers: dict[str, Values]) -> dict[str, Any]:
    return {
        "concurrency_limit": NETSUITE_LIMIT,
        "integrations": [
            {
                "name": name,
                "consumer_key": one.identifier,
                "consumer_secret": one.secret,
            }
            for name, one in consumers.items()
        ],
        "roles": [
            {"id": str(number), "name": f"{name} role", "permissions": _PERMISSIONS}
            for number, name in enumerate(consumers, start=1001)
        ],
        "users": [
            {
                "id": str(1000 + one.number),
                "email": one.user,
                "roles": [f"{one.integration} role"],
            }
            for one in credentials
        ],
        "tokens": [
            {
                "name": f"{one.name} {number}",
                "integration": one.integration,
                "user": one.user,
                "role": f"{one.integration} role",
                "token_id": values.identifier,
                "token_secret": values.secret,
            }
            for one in credentials
            for number, values in enumerate(one.values)
        ],
    }
