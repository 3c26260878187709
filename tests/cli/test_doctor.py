"""`tba doctor` where things are missing, wrong or well; the Pulumi CLI is a script of the test's own, or absent."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tba_secrets import __version__
from tba_secrets.cli.doctor import sources
from tba_secrets.cli.doctor.finding import FindingSeverity
from tba_secrets.cli.doctor.machine import OLDEST_TESTED
from tba_secrets.engine import runs
from tba_secrets.netsuite.lockout import Refusal
from tba_secrets.netsuite.oauth2.algorithms import Algorithm
from tba_secrets.netsuite.oauth2.certificates import make
from tba_secrets.netsuite.refused_logins import RefusedLogins
from tba_secrets.records import credential_records
from tba_secrets.sensitive import Fingerprint
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SecretsManagerServer
from tba_secrets.spec import check
from tests.cli.conftest import PERMISSIONS, SCRIPT, YAML, Tba, World
from tests.cli.status_bench import smoke_test
from tests.cli.test_status import client
from tests.engine.locks import now
from tests.engine.project import ROOT

pytestmark = pytest.mark.long

PLUGIN = SCRIPT.parent / "pulumi-resource-tba"
VARIABLES = ("K", "S", "OI", "OS", "SI", "SS", "BK", "BS", "II", "IS")
RECORDS = ("warehouse/orders", "warehouse/stock", "billing/invoices")
GONE = 2**22 + 1
"""A process id that no process has (proc(5), pid_max)."""


class Bench:
    """A folder that is all of PATH, and one that is the project.

    Args:
        folder: For both.
        tba: Runs the command.
    """

    def __init__(self, folder: Path, tba: Tba) -> None:
        self.path, self.project = folder / "bin", folder
        self.state = folder / "backend"
        self.path.mkdir()
        self._tba = tba

    def program(self, name: str, script: str) -> None:
        """Put a shell script on PATH."""
        file = self.path / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def pulumi(
        self,
        *,
        version: str = "v3.259.0",
        deployment: dict[str, Any] | None = None,
        whoami: str | None = None,
        complaint: str = "",
        passphrase: str = "",
    ) -> None:
        """A CLI that answers so.

        Args:
            version: Of `pulumi version`.
            deployment: Of `stack export`; the stack does not exist where absent.
            whoami: In place of the answer, what it complains of.
            complaint: Of `config`: the secret configuration cannot be opened.
            passphrase: The stack's, in its settings; without one it has no settings.
        """
        (self.project / "Pulumi.yaml").write_text("name: acme\nruntime: python\n")
        if passphrase:
            (self.project / "Pulumi.test.yaml").write_text("encryptionsalt: v1:of-a-test\n")
        answers = {
            "version": _prints(version),
            "whoami*": _prints({"user": "ci", "url": f"file://{self.state}"})
            if whoami is None
            else _complains(whoami),
            "*'stack export'*": _complains("no stack named 'test' found")
            if deployment is None
            else _prints({"deployment": deployment}),
            "'config set --secret --config-file '*": _opens(passphrase),
            "config*": _complains(complaint) if complaint else ":",
        }
        cases = "\n".join(f"{pattern}) {script};;" for pattern, script in answers.items())
        self.program("pulumi", f'case "$*" in\n{cases}\nesac')

    def lock(self, host: str, pid: int = GONE) -> None:
        """Hold the stack's lock, as a process on that host does."""
        folder = self.state / ".pulumi/locks/organization/acme/test"
        folder.mkdir(parents=True)
        held = {"pid": pid, "username": "ci", "hostname": host, "timestamp": now()}
        (folder / "0d3c4ac2.json").write_text(json.dumps(held))

    def ask(self, *arguments: str) -> dict[str, list[str]]:
        """What is found, by level, each with its remedy."""
        ended = self._tba("doctor", *arguments, "--json", "--project", str(self.project))
        report = json.loads(ended.out)
        found: dict[str, list[str]] = {"ok": [], "warning": [], "wrong": []}
        for one in report["findings"]:
            found[one["level"]].append(f"{one['what']} | {one['remedy']}")
        assert ended.status == report["exit_code"] == (1 if found["wrong"] else 0)
        assert "Traceback" not in ended.err
        assert "a bug in tba-secrets" not in ended.out
        return found


def _prints(what: str | dict[str, Any]) -> str:
    text = what if isinstance(what, str) else json.dumps(what)
    return f"printf '%s\\n' {shlex.quote(text)}"


def _complains(what: str) -> str:
    return f"printf '%s\\n' {shlex.quote('error: ' + what)} >&2; exit 1"


def _opens(passphrase: str) -> str:
    """As the CLI does: it verifies the passphrase, then writes to the file that `--config-file` names."""
    given = '"${PULUMI_CONFIG_PASSPHRASE-$(/bin/cat "$PULUMI_CONFIG_PASSPHRASE_FILE")}"'
    refuses = f"if [ {given} != {shlex.quote(passphrase)} ]; then {_complains('incorrect passphrase')}; fi"
    return f'{refuses}; echo written >> "$5"'


def has(found: list[str], *words: str) -> bool:
    """One finding has all the words."""
    return any(all(word in one for word in words) for one in found)


@pytest.fixture
def bench(tmp_path: Path, tba: Tba, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path, tba)
    monkeypatch.setenv("PATH", str(made.path))
    return made


@pytest.fixture
def full(empty_world: World, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An environment `test` with every value given, a store, NetSuite, and a stack in which all has passed."""
    account = empty_world.account
    values = [*account.consumers.values(), *account.tokens.values()]
    given = [text for pair in values for text in (pair.identifier, pair.secret)]
    for variable, text in zip(
        ("K", "S", "BK", "BS", "OI", "OS", "SI", "SS", "II", "IS"), given, strict=True
    ):
        monkeypatch.setenv(variable, text)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    bench.pulumi(deployment=passed())
    return bench


def passed(*records: str, **more: Any) -> dict[str, Any]:
    """A state in which these records have passed; all of them where none is named."""
    resources = [smoke_test(record, {"aws": "tba-1"}) for record in records or RECORDS]
    return {"resources": resources, "secrets_providers": {"type": "passphrase"}, **more}


# --- this machine -------------------------------------------------------------------------------------


def test_on_a_machine_with_nothing_it_says_what_to_install(bench: Bench) -> None:
    found = bench.ask("test")

    assert has(found["wrong"], "the Pulumi CLI is not on PATH", "make tools")
    assert has(found["wrong"], "holds no readable Pulumi.yaml", "--project")
    assert has(found["wrong"], "pulumi-resource-tba is not on PATH", "make install")
    assert has(found["wrong"], "there is no environment for the stack 'test'")
    assert has(found["warning"], "python3 is not on PATH")
    assert has(found["warning"], "the stack test cannot be checked")
    assert [one.partition(" in ")[0] for one in found["ok"]] == ["refused logins are remembered"]


def test_a_folder_that_is_not_there(bench: Bench) -> None:
    bench.project = bench.project / "nowhere"
    assert has(bench.ask("test")["wrong"], "nowhere holds no readable Pulumi.yaml")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTPS_PROXY", "all_proxy"])
def test_a_proxy_that_would_be_asked_for_this_machine(
    bench: Bench, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.pulumi()
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "http://proxy.example.com:3128")
    proxy = f"{variable.lower()}: a proxy would be asked for 127.0.0.1"
    assert has(bench.ask()["wrong"], proxy, "export NO_PROXY=$NO_PROXY,127.0.0.1,localhost")

    monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.1")
    assert not has(bench.ask()["wrong"], "a proxy would be asked")


@pytest.mark.parametrize(
    ("version", "level", "words"),
    [
        ("v3.259.0", "ok", "Pulumi CLI 3.259.0"),
        ("v3.300.1-alpha", "ok", "Pulumi CLI 3.300.1"),
        ("v4.0.0", "ok", "Pulumi CLI 4.0.0"),
        ("v3.258.9", "warning", "nothing older than 3.259.0 is tested"),
        ("", "wrong", "prints no version"),
    ],
)
def test_the_version_of_the_engine(bench: Bench, version: str, level: str, words: str) -> None:
    bench.pulumi(version=version)
    assert has(bench.ask()[level], words)


def test_the_oldest_version_is_the_one_that_the_tests_run_on() -> None:
    pinned = re.search(
        r"pulumi/pkg/v3 v([0-9.]+)", (ROOT / "tools" / "pulumi" / "go.mod").read_text()
    )
    assert pinned is not None
    assert tuple(map(int, pinned[1].split("."))) == OLDEST_TESTED


def test_the_language_host_is_found_on_path_or_beside_the_cli(bench: Bench, tmp_path: Path) -> None:
    bench.pulumi()
    assert has(bench.ask()["wrong"], "pulumi-language-python", "make tools")
    bench.program("pulumi-language-python", ":")
    assert has(bench.ask()["ok"], "Python language host at")


@pytest.mark.parametrize(
    ("script", "level", "words"),
    [
        (f"echo {__version__}", "ok", f"python3 on PATH has tba-secrets {__version__}"),
        ("echo 0.0.1", "wrong", f"has tba-secrets 0.0.1, and this `tba` is {__version__}"),
        ("exit 1", "warning", "python3 on PATH does not have tba-secrets"),
    ],
)
def test_the_python_that_runs_the_program(
    bench: Bench, script: str, level: str, words: str
) -> None:
    bench.program("python3", script)
    assert has(bench.ask()[level], words)


def test_the_plugin_is_asked_for_its_version(bench: Bench) -> None:
    (bench.path / "pulumi-resource-tba").symlink_to(PLUGIN)
    assert has(bench.ask()["ok"], f"plugin tba {__version__} at {bench.path}")


def test_the_plugin_that_pulumi_yaml_names_comes_first(bench: Bench) -> None:
    bench.program("pulumi-resource-tba", "exit 1")
    (bench.project / "Pulumi.yaml").write_text(
        f"plugins: {{providers: [{{name: other, path: x}}, {{name: tba, path: {PLUGIN.parent}}}]}}"
    )
    assert has(bench.ask()["ok"], f"plugin tba {__version__} at {PLUGIN}")


@pytest.mark.parametrize("script", ["exit 1", "echo no port"])
def test_a_plugin_that_does_not_start(bench: Bench, script: str) -> None:
    bench.program("pulumi-resource-tba", script)
    assert has(bench.ask()["wrong"], "does not start")


def test_the_backend_and_who_we_are_there(bench: Bench) -> None:
    bench.pulumi()
    assert has(bench.ask()["ok"], f"state is kept at file://{bench.state}, as ci")


def test_no_backend_is_said_without_the_password_in_its_address(bench: Bench) -> None:
    bench.pulumi(whoami='could not log in to "postgres://me:obviously-fake@db/state"')
    found = bench.ask()["wrong"]
    assert has(found, "not logged in to a backend", '"postgres://db/state"', "pulumi login")
    assert not has(found, "obviously-fake")


# --- the stack ----------------------------------------------------------------------------------------


def test_all_is_well(full: Bench, empty_world: World) -> None:
    full.program("pulumi-language-python", ":")
    full.program("python3", f"echo {__version__}")
    (full.path / "pulumi-resource-tba").symlink_to(PLUGIN)

    found = full.ask("test")

    assert found["warning"] == found["wrong"] == []
    assert has(found["ok"], "stacks/test.yaml: 3 tokens")
    assert has(found["ok"], "the stack test exists, and holds 3 resources")
    assert has(found["ok"], "the stack's passphrase is set, and is the right one")
    assert has(found["ok"], "environment variables OI and OS: the value is there")
    assert has(found["ok"], "aws: as arn:aws:iam::", "may look up 3 secrets")
    assert has(found["ok"], f"{empty_world.netsuite.url} answers")
    assert has(found["ok"], "no recent refused login of 3 users is known")
    assert empty_world.netsuite.state.audit() == []
    assert not any(secret in str(found) for secret in empty_world.secrets)


def test_a_stack_that_was_never_made(full: Bench) -> None:
    full.pulumi()
    assert has(full.ask("test")["wrong"], "there is no stack test", "pulumi stack init test")


def test_what_a_killed_run_left(full: Bench) -> None:
    full.pulumi(deployment=passed(pending_operations=[{}]))
    with subprocess.Popen(["/bin/sleep", "600"]) as process:
        runs.record(full.project, "test", process.pid, time.time())
        process.kill()
    full.lock(socket.gethostname(), process.pid)
    found = full.ask("test")["warning"]
    assert has(found, "1 operation pending", "tba up test", "--clear-pending-creates")
    held = f"locked by process {process.pid} of ci on"
    assert has(found, held, "which is dead", "`tba up test` takes it up")


def test_a_lock_of_a_run_that_tba_did_not_start(full: Bench) -> None:
    full.lock(socket.gethostname())
    found = full.ask("test")["warning"]
    assert has(found, f"being updated by process {GONE} of ci on", "`tba up test --take-over`")


def test_a_lock_of_another_machine(full: Bench) -> None:
    full.lock("runner-1")
    found = full.ask("test")["warning"]
    held = f"being updated by process {GONE} of ci on runner-1, since"
    assert has(found, held, "`tba up test --take-over`")


def test_a_passphrase_that_is_not_set(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    found = full.ask("test")["wrong"]
    words = "neither PULUMI_CONFIG_PASSPHRASE nor PULUMI_CONFIG_PASSPHRASE_FILE is set"
    assert has(found, words, "`export PULUMI_CONFIG_PASSPHRASE=...`", "cannot ask for it")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "passphrase")
    assert has(full.ask("test")["wrong"], "there is no file passphrase", "Pulumi.yaml")
    (full.project / "passphrase").write_text("a passphrase of tests")
    assert has(full.ask("test")["ok"], "the stack's passphrase is set")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "")
    assert not has(full.ask("test")["wrong"], "there is no file")


def test_a_passphrase_of_another_stack(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried, though nothing is encrypted with it yet; the settings stay as they are."""
    full.pulumi(deployment=passed(), passphrase="a passphrase of tests")
    settings = (full.project / "Pulumi.test.yaml").read_text()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another one")
    words = "does not hold the stack's passphrase: incorrect passphrase"
    fix = "`pulumi stack init test`"
    assert has(full.ask("test")["wrong"], f"PULUMI_CONFIG_PASSPHRASE {words}", fix)

    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "a passphrase of tests")
    found = full.ask("test")
    assert has(found["ok"], "the stack's passphrase is set, and is the right one")
    assert not has(found["wrong"], "passphrase")

    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "passphrase")
    (full.project / "passphrase").write_text("another one")
    named = "the file passphrase, which PULUMI_CONFIG_PASSPHRASE_FILE names,"
    assert has(full.ask("test")["wrong"], f"{named} {words}", fix)
    (full.project / "passphrase").write_text("a passphrase of tests")
    assert has(full.ask("test")["ok"], "the stack's passphrase is set, and is the right one")
    assert (full.project / "Pulumi.test.yaml").read_text() == settings


def test_the_settings_are_where_pulumi_yaml_says(
    full: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.pulumi(deployment=passed(), passphrase="a passphrase of tests")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another one")
    (full.project / "settings").mkdir()
    (full.project / "Pulumi.test.yaml").rename(full.project / "settings" / "Pulumi.test.yaml")
    (full.project / "Pulumi.yaml").write_text("name: acme\nstackConfigDir: settings\n")
    assert has(full.ask("test")["wrong"], "does not hold the stack's passphrase")


def test_a_stack_under_a_key_needs_no_passphrase(
    full: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    full.pulumi(deployment={**passed(), "secrets_providers": {"type": "cloud"}})
    assert not has(full.ask("test")["wrong"], "PASSPHRASE")


def test_secret_configuration_that_cannot_be_opened(full: Bench) -> None:
    full.pulumi(deployment=passed(), complaint="incorrect passphrase")
    assert has(full.ask("test")["wrong"], "cannot be opened: incorrect passphrase")


# --- the YAML and the sources -------------------------------------------------------------------------


def test_every_mistake_of_the_yaml_is_a_finding(full: Bench, empty_world: World) -> None:
    empty_world.write("version: 2\naccount: 7\n")
    found = full.ask("test")
    assert has(found["wrong"], "test.yaml:1:")
    assert has(found["wrong"], "test.yaml:2:")
    assert has(found["warning"], "not checked until the YAML is valid")


def test_an_absent_value_matters_where_nothing_is_stored(
    full: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OI", "OS", "SI", "SS"):
        monkeypatch.delenv(variable)
    full.pulumi(deployment=passed("warehouse/stock", "billing/invoices"))

    found = full.ask("test")

    words = "variables OI and OS: no value, and no credential has passed yet for warehouse/orders"
    assert has(found["wrong"], words)
    assert has(found["ok"], "variables SI and SS: no value; the stored one is kept")


def test_an_absent_value_where_values_are_required(
    full: Bench, empty_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OI")
    monkeypatch.delenv("OS")
    text = YAML.format(permissions=PERMISSIONS)
    empty_world.write(text.replace("defaults: {", "defaults: {require_values: true, "))
    found = full.ask("test")["wrong"]
    assert has(found, "OI and OS: no value, and `require_values` is set for warehouse/orders")


def test_an_absent_value_without_a_state_to_compare(
    full: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OI")
    monkeypatch.delenv("OS")
    full.pulumi()
    assert has(full.ask("test")["warning"], "variables OI and OS: no value")


def test_half_a_pair(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OS")
    assert has(full.ask("test")["wrong"], "environment variable OS")


ORDERS = "{env: {id: OI, secret: OS}}"
HOOK = "{webhook: {env: {url: READERS}}}"


@pytest.mark.parametrize(
    ("source", "level", "words"),
    [
        ("{file: {path: private.json}}", "ok", "file private.json: the value is there"),
        ("{file: {path: open.json}}", "wrong", "chmod 600 open.json"),
        ("{command: {argv: [teller, orders]}}", "ok", "it was not run"),
        ("{command: {argv: [nobody]}}", "wrong", "command nobody: the program does not exist"),
        ("authorize", "ok", "authorize: the store is the source"),
    ],
)
def test_other_sources(
    full: Bench, empty_world: World, source: str, level: str, words: str
) -> None:
    """A relative path starts at the project, wherever the command is run; a command is found and not run."""
    pair = json.dumps({"token_id": "a" * 64, "token_secret": "b" * 64})
    for name, mode in (("private.json", 0o600), ("open.json", 0o644)):
        (full.project / name).write_text(pair)
        (full.project / name).chmod(mode)
    full.program("teller", f"echo > {full.project}/was-run")
    empty_world.write(YAML.format(permissions=PERMISSIONS).replace(ORDERS, source))

    found = full.ask("test")

    assert has(found[level], words)
    assert not (full.project / "was-run").exists()
    assert "a" * 64 not in str(found)


@pytest.mark.parametrize(
    ("hook", "url", "level", "words"),
    [
        ("{command: {argv: [teller]}}", "", "ok", "it was not run"),
        (
            "{command: {argv: [nobody]}}",
            "",
            "warning",
            "command nobody: the program does not exist",
        ),
        (
            HOOK,
            "https://example.com/not-a-real-hook",
            "ok",
            "READERS holds the address of a webhook",
        ),
        (HOOK, "http://example.com/not-a-real-hook", "warning", "READERS holds an http:// address"),
        (HOOK, "", "warning", "warehouse/orders: READERS is not set"),
    ],
)
def test_who_tells_readers(
    full: Bench,
    empty_world: World,
    monkeypatch: pytest.MonkeyPatch,
    hook: str,
    url: str,
    level: str,
    words: str,
) -> None:
    monkeypatch.setenv("READERS", url)
    full.program("teller", f"echo > {full.project}/was-run")
    text = YAML.format(permissions=PERMISSIONS)
    empty_world.write(text.replace(ORDERS, f"{ORDERS}, after_promote: {hook}"))

    found = full.ask("test")

    assert has(found[level], words)
    assert not (full.project / "was-run").exists()
    assert "not-a-real-hook" not in str(found)


def test_a_first_token_that_only_a_rotation_brings(full: Bench, empty_world: World) -> None:
    empty_world.write(YAML.format(permissions=PERMISSIONS).replace(ORDERS, "authorize"))
    full.pulumi(deployment=passed("warehouse/stock", "billing/invoices"))
    found = full.ask("test")["warning"]
    assert has(found, "no credential has passed yet for warehouse/orders", "tba rotate")


# --- OAuth 2.0 ----------------------------------------------------------------------------------------

GRANTS = (
    "[Log in using OAuth 2.0 Access Tokens, Manage own OAuth 2.0 Client Credentials Certificates]"
)
M2M = """\
  - name: m2m
    auth: oauth2
    client: {client}
    role: {{name: m2m role, id: "1001", permissions: {grants}}}
    certificates:
      - {{name: bot, user: {{email: bot@example.com, entity: "38"}}, by: {by}}}
"""


def with_m2m(
    bench: Bench,
    world: World,
    *,
    client: str = "{env: {id: CLIENT_ID}}",
    grants: str = GRANTS,
    by: str = "api",
    records: tuple[str, ...] = (*RECORDS, "m2m/bot"),
) -> dict[str, list[str]]:
    """What is found where an integration of the other kind is declared too."""
    text = YAML.format(permissions=PERMISSIONS) + M2M.format(client=client, grants=grants, by=by)
    world.write(text)
    bench.pulumi(deployment=passed(*records))
    return bench.ask("test")


def test_a_certificate_that_is_well(
    full: Bench, empty_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_ID", "c" * 64)
    found = with_m2m(full, empty_world)
    assert has(found["ok"], "stacks/test.yaml: 3 tokens, 1 certificate, no problem")
    assert has(found["ok"], "environment variable CLIENT_ID: the value is there")
    assert has(found["ok"], "generated: keys are made in memory")
    assert has(found["ok"], "no integration record is shared")
    assert not has(found["warning"], "m2m")
    assert "c" * 64 not in str(found)


def test_the_first_certificate_comes_by_up_and_by_no_rotation(
    full: Bench, empty_world: World
) -> None:
    found = with_m2m(full, empty_world, records=RECORDS)
    assert has(
        found["warning"], "no certificate has passed yet for m2m/bot", "`tba up ENV` makes it"
    )
    assert has(found["wrong"], "environment variable CLIENT_ID: no value")
    assert not has(found["warning"], "m2m/bot", "tba rotate")


def test_a_client_id_that_only_the_store_has(full: Bench, empty_world: World) -> None:
    first = with_m2m(full, empty_world, client="stored", records=RECORDS)
    assert has(first["warning"], "the source of the client id", "until it has passed")
    assert has(with_m2m(full, empty_world, client="stored")["ok"], "the source of the client id")


@pytest.mark.parametrize(
    ("grants", "by", "level", "words"),
    [
        (
            "[REST Web Services]",
            "api",
            "warning",
            "not declare Log in using OAuth 2.0 Access Tokens",
        ),
        ("[REST Web Services]", "api", "warning", "a person has to upload each"),
        (
            GRANTS.replace("]", ", OAuth 2.0 Authorized Applications Management]"),
            "api",
            "wrong",
            "out of",
        ),
    ],
)
def test_what_a_role_may_not(
    full: Bench, empty_world: World, grants: str, by: str, level: str, words: str
) -> None:
    assert has(with_m2m(full, empty_world, grants=grants, by=by)[level], "m2m role", words)


@pytest.mark.parametrize("grants", ["[]", GRANTS])
def test_what_is_not_declared_is_not_lacking(full: Bench, empty_world: World, grants: str) -> None:
    found = with_m2m(full, empty_world, grants=grants)
    assert not has(found["warning"] + found["wrong"], "m2m role")
    by_person = with_m2m(full, empty_world, grants="[REST Web Services]", by="person")
    assert not has(by_person["warning"], "successor")


@pytest.mark.parametrize("client", ["{env: {id: K}}", "{env: {id: SAME}}"])
def test_one_integration_record_for_both_kinds(
    full: Bench, empty_world: World, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAME", empty_world.account.consumers["warehouse"].identifier)
    found = with_m2m(full, empty_world, client=client)
    words = "m2m (OAuth 2.0) and warehouse (TBA) share the client id of one integration record"
    assert has(found["warning"], words, "clear its boxes")
    assert not any(secret in str(found) for secret in empty_world.secrets)


# --- stores and NetSuite ------------------------------------------------------------------------------


def test_a_store_that_is_down_hides_nothing_else(
    full: Bench, empty_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    found = full.ask("test")
    assert has(found["wrong"], "AWS could not be asked for sts:GetCallerIdentity")
    assert has(found["wrong"], "http://127.0.0.1:9: no connection", "the proxy")
    assert has(found["ok"], f"{empty_world.netsuite.url} answers")


def test_a_store_without_credentials(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert has(full.ask("test")["wrong"], "the AWS profile does not exist")


def test_a_permission_that_is_missing(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with SecretsManagerServer() as aws:
        aws.identities.add(ACCESS_KEY_ID, "ci", denied=["DescribeSecret"])
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        found = full.ask("test")
    assert has(found["wrong"], "AWS denies secretsmanager:DescribeSecret", "allow")


@pytest.mark.parametrize("restore", [False, True])
def test_a_secret_that_is_going_to_be_deleted(
    full: Bench, empty_world: World, restore: bool
) -> None:
    empty_world.put("orders")
    client().delete_secret(SecretId="netsuite/test/orders", RecoveryWindowInDays=7)
    if restore:
        text = YAML.format(permissions=PERMISSIONS)
        empty_world.write(text.replace("defaults: {", "defaults: {restore: true, "))

    found = full.ask("test")["wrong"]

    words = ("netsuite/test/orders is scheduled for deletion on 20", "restore-secret")
    assert has(found, *words) is not restore, found


def test_another_account_than_the_declared_one(full: Bench, empty_world: World) -> None:
    text = YAML.format(permissions=PERMISSIONS)
    empty_world.write(text.replace("aws: {", 'aws: {account_id: "111122223333", '))
    assert has(full.ask("test")["wrong"], "the environment declares account 111122223333")


def test_a_vault_that_is_none(
    full: Bench, empty_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "obviously-fake")
    text = YAML.format(permissions=PERMISSIONS)
    vault = f'vault: {{address: "{empty_world.netsuite.url}", mount: secret, prefix: netsuite/}}'
    empty_world.write(re.sub(r"aws: \{.*\}", vault, text))

    found = full.ask("test")

    assert has(found["wrong"], "Vault", "sys/health", empty_world.netsuite.url)
    assert has(found["ok"], f"{empty_world.netsuite.url} answers")


@pytest.fixture
def off(
    empty_world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """NetSuite's clock is another one, by so many seconds."""
    config = SimulatorConfig.from_dict(empty_world.account.simulator_config())
    with Simulator(config, clock=lambda: time.time() + request.param) as netsuite:
        monkeypatch.setenv("TBA_SIMULATOR", netsuite.url)
        yield


@pytest.mark.parametrize(
    ("off", "level", "words"),
    [
        (-400, "wrong", "s ahead of NetSuite's, but only 300 s are accepted"),
        (400, "wrong", "s behind NetSuite's, but only 300 s are accepted"),
        (-120, "warning", "s ahead of NetSuite's"),
        (-30, "ok", "s ahead of NetSuite's"),
    ],
    indirect=["off"],
)
def test_clocks_that_differ(full: Bench, off: None, level: str, words: str) -> None:
    assert has(full.ask("test")[level], words)


def test_a_netsuite_that_does_not_answer(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TBA_SIMULATOR", "http://127.0.0.1:9")
    assert has(full.ask("test")["wrong"], "http://127.0.0.1:9: no connection")


@pytest.mark.parametrize(
    ("times", "level", "words"),
    [
        (1, "warning", "refused orders.bot@example.com once within 30 minutes"),
        (3, "wrong", "refused orders.bot@example.com 3 times within 30 minutes: no login until"),
    ],
)
def test_a_user_who_was_refused_lately(full: Bench, times: int, level: str, words: str) -> None:
    now = time.time()
    refusals = tuple(Refusal(Fingerprint(f"{n:04x}"), now - n) for n in range(times))
    for refusal in refusals:
        RefusedLogins.at_home().add("1234567_SB1", "orders.bot@example.com", refusal)
    file = Path(os.environ["XDG_STATE_HOME"]) / "tba-secrets" / "refusals.json"
    before = file.read_bytes()

    found = full.ask("test")

    assert has(found[level], words)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("state", "level", "words"),
    [
        ("/proc/nowhere", "warning", "refused logins cannot be remembered: /proc/nowhere/"),
        (None, "ok", "refused logins are remembered in "),
    ],
)
def test_where_refused_logins_are_remembered(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, state: str | None, level: str, words: str
) -> None:
    if state is not None:
        monkeypatch.setenv("XDG_STATE_HOME", state)

    found = bench.ask()[level]

    assert has(found, words)
    assert state is None or has(found, "let XDG_STATE_HOME name one that is")
    assert not (Path(os.environ["XDG_STATE_HOME"]) / "tba-secrets").exists()


# --- for people ---------------------------------------------------------------------------------------


def test_the_report_has_a_line_for_each_thing_and_what_to_do(bench: Bench, tba: Tba) -> None:
    ended = tba("doctor", "--project", str(bench.project))
    assert ended.status == 1
    lines = ended.out.splitlines()
    assert lines[:2] == ["the engine", "  wrong    the Pulumi CLI is not on PATH"]
    assert lines[2].startswith("           Fix: install it (https://www.pulumi.com/")
    assert lines[-1].endswith(" wrong; exit code 1")


@pytest.mark.parametrize("algorithm", ["ES256", "PS256"])
def test_a_key_that_cannot_sign_with_the_declared_algorithm(
    algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make(Algorithm.ES256, "given", timedelta(days=90), datetime.now(UTC))
    monkeypatch.setenv("BOT_KEY", one.private_key.reveal())
    monkeypatch.setenv("BOT_CERTIFICATE", one.certificate)
    monkeypatch.setenv("CLIENT_ID", "c1" * 32)
    environment, problems = check(CERTIFICATE.format(algorithm=algorithm))
    assert environment is not None, problems

    found = [*sources.look(credential_records(environment), None)]

    wrong = [one for one in found if one.severity is FindingSeverity.WRONG]
    assert len(wrong) == (algorithm == "PS256")
    for finding in wrong:
        assert "the key cannot sign with PS256" in finding.what
        assert "(ES256)" in finding.remedy


CERTIFICATE = """\
version: 1
account: "1234567"
store: {{aws: {{region: us-east-1, prefix: a/}}}}
integrations:
  - name: warehouse
    auth: oauth2
    client: {{env: {{id: CLIENT_ID}}}}
    role: {{name: R, id: "1"}}
    certificates:
      - name: bot
        user: {{email: bot@example.com, entity: "2"}}
        algorithm: {algorithm}
        key: {{env: {{private_key: BOT_KEY, certificate: BOT_CERTIFICATE}}}}
"""
