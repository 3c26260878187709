"""Commands that ask no cloud start fast: what they load is counted, not timed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from tba_secrets.cli import app
from tests.engine.project import ROOT

pytestmark = pytest.mark.long

ENGINE = {"grpc", "pulumi"}
CLOUD = {"boto3", "botocore", "hvac"}
SERVERS = {"flask", "moto", "werkzeug"}
HTTP = {"requests", "urllib3"}
SPEC = {"pydantic", "yaml"}
URL = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/customer"

WITHOUT = {
    "--help": ENGINE | CLOUD | SERVERS | HTTP | SPEC,
    "check demo demo-vault": ENGINE | CLOUD | SERVERS | HTTP | {"oauthlib", "rich"},
    "schema": ENGINE | CLOUD | SERVERS | HTTP | {"oauthlib", "rich"},
    "explain InvalidSignature": ENGINE | CLOUD | SERVERS | HTTP | {"yaml", "rich"},
    # `requests` gives the spelling of the URL that is sent: it is what is signed.
    f"sign GET {URL}": ENGINE | CLOUD | SERVERS | {"yaml", "rich"},
}

PROGRAM = """
import contextlib, io, json, sys
from tba_secrets.cli import main
sys.argv = ["tba", *sys.argv[1:]]
with contextlib.redirect_stdout(io.StringIO()):
    try:
        main()
    except SystemExit as end:
        code = end.code
print(json.dumps([code, sorted(sys.modules)]))
"""
READER = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""
VARIABLES = {
    "TBA_SIMULATOR": "http://127.0.0.1:1",
    "VAULT_ADDR": "http://127.0.0.1:1",
    "TBA_CONSUMER_KEY": "a consumer key of tests",
    "TBA_CONSUMER_SECRET": "a consumer secret of tests",
    "TBA_TOKEN_ID": "a token id of tests",
    "TBA_TOKEN_SECRET": "a token secret of tests",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with the demo's environments."""
    shutil.copytree(ROOT / "tba_secrets" / "demo", tmp_path / "stacks")
    return tmp_path


def _loaded(command: str, folder: Path) -> tuple[int, set[str]]:
    """How a command ends, and the packages that it has loaded by then."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split()],
        cwd=folder,
        env=VARIABLES,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(run.stdout)
    return code, {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("command", WITHOUT, ids=lambda command: str(command).split()[0])
def test_it_loads_only_what_it_needs(command: str, folder: Path) -> None:
    code, loaded = _loaded(command, folder)

    assert code == 0
    assert "tba_secrets" in loaded
    assert not loaded & WITHOUT[command]


def test_a_readers_program_loads_no_engine_no_server_and_no_command_line() -> None:
    folders = ("client", "netsuite", "sources", "spec", "stores")
    names = sorted(
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for folder in folders
        for file in (ROOT / "tba_secrets" / folder).rglob("*.py")
    )
    run = subprocess.run(
        [sys.executable, "-c", READER, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in json.loads(run.stdout)}
    assert loaded >= HTTP | SPEC | {"oauthlib"}
    assert not loaded & (ENGINE | SERVERS | {"rich", "typer"})


PROVIDER = """
import json, sys
import tba_secrets.provider.server as server
without = sorted(sys.modules)
import pulumi
from pulumi.runtime.proto import provider_pb2
pulumi.CustomResource
print(json.dumps([without, server.provider_pb2 is provider_pb2, "pulumi" in sys.modules]))
"""


def test_the_provider_loads_pulumis_protocol_without_its_sdk_and_leaves_that_to_others() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROVIDER], capture_output=True, text=True, check=True
    )
    without, same, there = json.loads(run.stdout)
    assert "pulumi.runtime.proto.provider_pb2" in without
    assert not {"pulumi", "pulumi.runtime", "pulumi.dynamic"} & set(without)
    assert (same, there) == (True, True)


def test_one_that_asks_is_seen_to_load_what_it_asks_with(folder: Path) -> None:
    code, loaded = _loaded("verify demo no-such-token", folder)

    assert code == 1
    assert loaded >= HTTP | SPEC


def test_the_list_says_of_each_command_what_its_own_help_does() -> None:
    root: Any = typer.main.get_command(app)
    listed = {name: command.help for name, command in root.commands.items()}
    for name in listed:
        root.load(name)

    assert {
        name: command.help.partition("\n")[0] for name, command in root.commands.items()
    } == listed


@pytest.mark.parametrize(
    ("gone", "command", "extras"),
    [
        ("typer", "check", "cli"),
        ("werkzeug", "simulator", "cli,simulator"),
        ("werkzeug", "demo", "cli,simulator"),
    ],
)
def test_without_an_extra_a_command_says_what_to_install(
    gone: str, command: str, extras: str
) -> None:
    without = f"import sys\nsys.modules[{gone!r}] = None\n{PROGRAM}"

    run = subprocess.run(
        [sys.executable, "-c", without, command], capture_output=True, text=True, check=False
    )

    assert f"Fix: pip install 'tba-secrets[{extras}]'" in run.stderr
    assert "Traceback" not in run.stderr


def test_with_it_nothing_is_said() -> None:
    words = [sys.executable, "-c", PROGRAM, "simulator", "--help"]
    run = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "Fix" not in run.stderr
