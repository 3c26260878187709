"""The world of a command: a NetSuite account, a Secrets Manager with its credentials, a project, and `tba` itself."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import pytest

from tba_secrets.cli import main
from tba_secrets.cli.credentials import find_one
from tba_secrets.netsuite.credential import TbaCredential
from tba_secrets.payload import render
from tba_secrets.places import places_in
from tba_secrets.sensitive import Sensitive, fingerprint
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.stores import open_stores
from tba_secrets.stores.interface import Candidate, OwnerMark, Stage
from tests.netsuite_account import TOKENS, NetSuiteAccount, Values

SCRIPT = Path(sys.executable).parent / "tba"
MARK = OwnerMark("acme/netsuite/test", "a record", "claim")
PERMISSIONS = "[REST Web Services, SOAP Web Services, Log in using Access Tokens]"
YAML = """\
version: 1
account: "1234567_SB1"
endpoint: {{env: TBA_SIMULATOR}}
store:
  aws: {{region: us-east-1, prefix: netsuite/test/}}
defaults: {{verify: {{checks: [tokeninfo, rest, soap]}}}}
integrations:
  - name: warehouse
    consumer: {{env: {{key: K, secret: S}}}}
    role: {{name: warehouse role, permissions: {permissions}}}
    tokens:
      - {{name: orders, user: orders.bot@example.com, token: {{env: {{id: OI, secret: OS}}}}}}
      - {{name: stock, user: stock.bot@example.com, token: {{env: {{id: SI, secret: SS}}}}}}
  - name: billing
    consumer: {{env: {{key: BK, secret: BS}}}}
    role: {{name: billing role, permissions: {permissions}}}
    tokens:
      - {{name: invoices, user: invoices.bot@example.com, token: {{env: {{id: II, secret: IS}}}}}}
"""


def at_a_terminal(typed: Sequence[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the console script where a person types: the lines are in the terminal before it reads them."""
    keyboard, terminal = pty.openpty()
    os.write(keyboard, "".join(f"{line}\n" for line in typed).encode())
    done = subprocess.run(
        [str(SCRIPT), *arguments],
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(keyboard)
    os.close(terminal)
    return done


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


Tba = Callable[..., Ended]


@dataclass
class World:
    """What a command finds."""

    account: NetSuiteAccount
    netsuite: Simulator
    aws: SecretsManagerServer
    project: Path

    def put(self, token: str, values: Values | None = None, consumer: Values | None = None) -> None:
        """Make these values current in the store, as a promotion would; the account's own where None."""
        record = find_one(self.project, "test", token)
        place = places_in(open_stores(record.stores), record.stores, record.secret, MARK)["aws"]
        pair = values or self.account.tokens[token]
        by = consumer or self.account.consumers[self.account.consumer_of(token)]
        held = (by.identifier, by.secret, pair.identifier, pair.secret)
        text = render(TbaCredential(self.account.id, *map(Sensitive, held)), record.format)
        candidate = Candidate(text, fingerprint(b"k" * 32, text.reveal()))
        current = place.store.claim(place.name, MARK).stages.get(Stage.CURRENT)
        version = place.store.stage(place.name, candidate, replacing=current)
        place.store.promote(place.name, version, replacing=current)

    def write(self, text: str) -> None:
        """Put the environment's YAML in place."""
        (self.project / "stacks" / "test.yaml").write_text(text)

    @property
    def secrets(self) -> list[str]:
        """Every value that no command may show."""
        held = [*self.account.consumers.values(), *self.account.tokens.values()]
        return [text for values in held for text in (values.identifier, values.secret)]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the computer's own settings."""
    for name in os.environ:
        if name.startswith(("TBA_", "AWS_", "VAULT_", "PULUMI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def tba(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Tba:
    """Runs `tba` in this process, through the function that the console script calls."""

    def run(*arguments: str) -> Ended:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["tba", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capfd.readouterr()
        return Ended(int(ended.value.code or 0), shown.out, shown.err)

    return run


@pytest.fixture
def script() -> Tba:
    """Runs the installed console script, as a shell does."""

    def run(*arguments: str) -> Ended:
        done = subprocess.run(
            [str(SCRIPT), *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def empty_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A project whose store holds nothing yet."""
    with _open_world(NetSuiteAccount(), tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture
def world(provisioned: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A project whose store holds every credential."""
    with _open_world(deepcopy(provisioned.account), tmp_path, monkeypatch) as opened:
        for secret in provisioned.aws.state.secrets("us-east-1"):
            opened.aws.state.save(secret)
        opened.aws.state.take_changes()
        yield opened


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> World:
    """What every `world` is a copy of: to write its credentials takes longer than most tests."""
    with (
        pytest.MonkeyPatch.context() as patch,
        _open_world(NetSuiteAccount(), tmp_path_factory.mktemp("full"), patch) as opened,
    ):
        for token in TOKENS:
            opened.put(token)
    return opened


@contextmanager
def _open_world(
    account: NetSuiteAccount, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    config = SimulatorConfig.from_dict(account.simulator_config())
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
        monkeypatch.setenv("TBA_SIMULATOR", netsuite.url)
        (folder / "stacks").mkdir()
        world = World(account, netsuite, aws, folder)
        world.write(YAML.format(permissions=PERMISSIONS))
        yield world
