"""The pure parts of the demo: what it exports, what it tells the simulator, and the file that holds the values."""

from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path

import pytest

from tba_secrets.demo.credentials import ACCOUNT, DemoNetSuite, DemoPair
from tba_secrets.simulator import SimulatorConfig
from tba_secrets.spec import load
from tba_secrets.spec.model import ConsumerSource, Integration, TokenSource

ROOT = Path(__file__).parents[2]


def test_a_pair_exports_the_names_of_its_kind() -> None:
    consumer, token = DemoPair("A", "CONSUMER"), DemoPair("B", "TOKEN")

    assert consumer.exports == {
        "A_CONSUMER_KEY": consumer.identifier,
        "A_CONSUMER_SECRET": consumer.secret,
    }
    assert token.exports == {"B_TOKEN_ID": token.identifier, "B_TOKEN_SECRET": token.secret}


def test_values_look_like_netsuite_s_and_are_new_each_time() -> None:
    values = DemoNetSuite().secrets + DemoNetSuite().secrets

    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in values)
    assert len(set(values)) == len(values)


def test_nothing_of_it_is_shown() -> None:
    netsuite = DemoNetSuite()

    shown = repr(netsuite) + repr(netsuite.orders)

    assert not any(value in shown for value in netsuite.secrets)


def test_the_simulator_knows_all_but_the_mistyped_pair() -> None:
    netsuite = DemoNetSuite()

    config = SimulatorConfig.from_dict(netsuite.simulator_config())

    known = str(netsuite.simulator_config())
    assert config.accounts
    assert ACCOUNT in known
    for value in netsuite.secrets:
        mistyped = value in (netsuite.mistyped_orders.identifier, netsuite.mistyped_orders.secret)
        assert (value in known) != mistyped


def test_the_exports_are_what_the_demo_s_stack_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TBA_SIMULATOR", "http://127.0.0.1:1")
    spec = load(ROOT / "tba_secrets" / "demo" / "demo.yaml")

    named = set()
    for integration in spec.integrations:
        assert isinstance(integration, Integration)
        assert isinstance(integration.consumer, ConsumerSource)
        assert integration.consumer.env is not None
        named |= {integration.consumer.env.key, integration.consumer.env.secret}
        for token in integration.tokens:
            assert isinstance(token.token, TokenSource)
            assert token.token.env is not None
            named |= {token.token.env.id, token.token.env.secret}
    assert named == set(DemoNetSuite().exports)
    assert spec.account == ACCOUNT


def test_the_file_of_exports_is_its_owner_s_alone_and_can_be_sourced(tmp_path: Path) -> None:
    from tba_secrets.demo.stores import STORES
    from tba_secrets.demo.world import World

    (tmp_path / ".demo").mkdir()
    store = next(iter(STORES.values()))("http://127.0.0.1:1")
    world = World(tmp_path, DemoNetSuite(), store, {"A": "one two", "B": "it's"}, "demo")

    path = world.export()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [shlex.split(line) for line in path.read_text().splitlines()] == [
        ["export", "A=one two"],
        ["export", "B=it's"],
    ]


@pytest.mark.parametrize("ending", ["", "-oauth2"])
def test_both_stores_tell_the_same(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TBA_SIMULATOR", "http://127.0.0.1:1")
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:2")
    folder = ROOT / "tba_secrets" / "demo"

    aws, vault = (load(folder / f"{stack}{ending}.yaml") for stack in ("demo", "demo-vault"))

    assert aws.integrations == vault.integrations
    assert aws.store != vault.store
