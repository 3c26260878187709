"""The configuration file: what is read, and errors that name the path and never a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tba_secrets.errors import TbaError
from tba_secrets.simulator import Simulator, SimulatorConfig, SimulatorConfigError
from tba_secrets.simulator.vocabulary import Feature
from tests.simulator.accounts import ACCOUNT, Keys, config

SECRET = "5ecret-value-that-must-not-show"

YAML = f"""
accounts:
  "1234567":
    features: [tba, rest]
    integrations:
      - {{name: app, consumer_key: ck, consumer_secret: {SECRET}}}
    roles: [{{id: "1", name: R, permissions: [User Access Tokens]}}]
    users: [{{id: "2", email: a@example.com, roles: [R]}}]
    tokens:
      - {{name: t, integration: app, user: a@example.com, role: "1", token_id: ti, token_secret: {SECRET}}}
"""


def test_yaml_and_json_are_read(tmp_path: Path) -> None:
    yaml_file, json_file = tmp_path / "sim.yaml", tmp_path / "sim.json"
    yaml_file.write_text(YAML)
    read = SimulatorConfig.load(yaml_file)
    json_file.write_text(read.model_dump_json())
    assert SimulatorConfig.load(json_file) == read
    account = read.accounts["1234567"]
    assert account.features == [Feature.TBA, Feature.REST]
    assert account.token("t").token_secret == SECRET
    assert SECRET not in repr(read)


def test_all_features_are_on_by_default() -> None:
    assert set(SimulatorConfig.from_dict({"accounts": {"1": {}}}).accounts["1"].features) == set(
        Feature
    )


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (
            {"tokens": [{"name": "t", "token_secret": SECRET}]},
            "accounts.1.tokens.0.token_id: is missing",
        ),
        (
            {"tokens": [{"token_secret": [SECRET]}]},
            "accounts.1.tokens.0.token_secret: must be a string",
        ),
        ({"features": [SECRET]}, "accounts.1.features.0: is not one of the allowed words"),
        ({"company": SECRET}, "accounts.1.company: is not a known key"),
        ({SECRET: 1}, "accounts.1.(key not shown): is not a known key"),
        ({"users": [{"id": "1", "email": "a@b", "roles": [SECRET]}]}, "users.0.roles names a role"),
        ({"concurrency_limit": 0}, "accounts.1.concurrency_limit: greater than equal"),
    ],
)
def test_an_error_names_the_path_and_no_value(change: dict[str, Any], path: str) -> None:
    with pytest.raises(SimulatorConfigError) as caught:
        SimulatorConfig.from_dict({"accounts": {"1": change}})
    assert path in str(caught.value)
    assert SECRET not in str(caught.value)
    assert isinstance(caught.value, TbaError)
    assert caught.value.__cause__ is None


def test_a_token_must_name_records_that_exist(keys: Keys) -> None:
    data = config(keys).model_dump()
    assert SimulatorConfig.from_dict(data).accounts[ACCOUNT].tokens
    data["accounts"][ACCOUNT]["tokens"][0]["integration"] = "nowhere"
    with pytest.raises(
        SimulatorConfigError, match=r"tokens\.0\.integration names a record that is not"
    ):
        SimulatorConfig.from_dict(data)


@pytest.mark.parametrize("account_id", ["1234567_sb1", "1234567-SB1"])
def test_account_ids_are_in_the_realm_form(account_id: str) -> None:
    with pytest.raises(SimulatorConfigError, match="upper case with underscore"):
        SimulatorConfig.from_dict({"accounts": {account_id: {}}})


@pytest.mark.parametrize("data", [None, [], "text", {}, {"accounts": {}}, {"accounts": {1: {}}}])
def test_data_that_is_no_configuration(data: object) -> None:
    with pytest.raises(SimulatorConfigError):
        SimulatorConfig.from_dict(data)


@pytest.mark.parametrize("text", [f"a: [{SECRET}", f"a: *{SECRET}", f"{SECRET}: : x", "\t- x"])
def test_a_file_that_is_no_yaml_is_named_with_the_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "sim.yaml"
    file.write_text(text)
    with pytest.raises(SimulatorConfigError, match=r"sim\.yaml:\d+:\d+: is not valid") as caught:
        SimulatorConfig.load(file)
    assert SECRET not in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "sim.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SimulatorConfigError, match="is not valid"):
        SimulatorConfig.load(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SimulatorConfigError, match="cannot be read"):
        SimulatorConfig.load(tmp_path / "none.yaml")


def test_the_state_is_a_copy(keys: Keys) -> None:
    given = config(keys)
    Simulator(given).state.deactivate_token(ACCOUNT, "warehouse-sync-bot")
    assert given.accounts[ACCOUNT].tokens[0].active


@pytest.mark.parametrize("part", ["integration", "user", "role"])
def test_adding_a_token_of_something_unknown(part: str, keys: Keys) -> None:
    state = Simulator(config(keys)).state
    good = state.token(ACCOUNT, "warehouse-sync-bot").model_copy(update={"name": "b"})
    state.add_token(ACCOUNT, good)
    with pytest.raises(KeyError, match=part):
        state.add_token(ACCOUNT, good.model_copy(update={part: "nobody"}))
    assert [token.name for token in state.account(ACCOUNT).tokens] == ["warehouse-sync-bot", "b"]
