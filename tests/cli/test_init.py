"""`tba init`: what it writes passes the loader, a wrong answer is named by its flag, and nothing is overwritten."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from tba_secrets import __version__
from tba_secrets.cli.exits import UsageError
from tba_secrets.cli.init.files import PLUGIN, PROGRAM, new_project
from tba_secrets.cli.init.pipelines import FORGES
from tba_secrets.cli.init.questions import AUTHS, QUESTIONS, answered
from tba_secrets.cli.migrate.successor import NEEDED
from tba_secrets.records import credential_records
from tba_secrets.spec import load_stack
from tba_secrets.spec.loader import stack_names
from tba_secrets.spec.model import CertificateSettings, Environment
from tba_secrets.spec.schema import schema_text
from tests.cli.conftest import Tba, at_a_terminal
from tests.deep import rest_is_deep

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
STORES = {
    "aws": {"store": "aws", "region": "eu-central-1"},
    "aws guarded": {"store": "aws", "region": "us-gov-west-1", "aws-account": "012345678901"},
    "aws without a prefix": {"store": "aws", "region": "us-east-1", "prefix": ""},
    "vault": {"store": "vault", "address": "https://vault.example.com:8200"},
    "vault elsewhere": {
        "store": "vault",
        "address": "http://127.0.0.1:8200/",
        "mount": "team/kv",
        "prefix": "a/b/",
    },
}
ACCOUNTS = ("1234567", "1234567_SB1", "TSTDRV1234567", "0123456", "1234567_RP12")
NAMES: tuple[dict[str, str], ...] = (
    {"integration": "warehouse-sync", "role": "Warehouse Integration"},
    {"integration": "on", "role": "no", "token": "null", "user": "1e5@example.com"},
    {
        "integration": "2024",
        "role": 'Rôle "A": #1 \\ 100%',
        "token": "12.5",
        "consumer-key-env": "_",
    },
    {
        "integration": "x",
        "role": "- a $account ${b} {c}",
        "token-id-env": "ID",
        "token-secret-env": "S",
    },
    {"integration": "warehouse-qa", "role": "~", "consumer-secret-env": "A", "token": "token"},
)
ANSWERS = [*product(STORES, NAMES)]


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests is not asked."""
    monkeypatch.setattr(sys, "stdin", StringIO())


REQUIRED = {"account": "1234567", "user": "bot@example.com"}
VALUE = "ab" * 32
GIVEN = {**REQUIRED, **STORES["aws"], **NAMES[0]}


def flags(answers: dict[str, str]) -> list[str]:
    return [part for name, text in answers.items() for part in (f"--{name}", text)]


def loaded(project: Path, name: str = "prod") -> Environment:
    return load_stack(project, name, {})


@pytest.mark.parametrize(
    ("store", "names"),
    rest_is_deep(ANSWERS, lambda case: case[0] == "aws" or case[1]["integration"] == "on"),
    ids=[f"{store}, {names['integration']}" for store, names in ANSWERS],
)
def test_what_is_answered_is_what_the_loader_reads(
    store: str, names: dict[str, str], tmp_path: Path, tba: Tba
) -> None:
    for account in ACCOUNTS:
        given = {**REQUIRED, "account": account, **STORES[store], **names}
        ended = tba("init", account, "--project", str(tmp_path), *flags(given))
        assert (ended.status, ended.err) == (0, "")
        written = (tmp_path / "stacks" / f"{account}.yaml").read_text()
        assert f'\naccount: "{account}" ' in written
        found = loaded(tmp_path, account)
        (integration,) = found.integrations
        (token,) = integration.tokens
        assert found.account == account
        assert _settings(found) == _expected(given, account)
        assert (integration.name, integration.role.name) == (given["integration"], given["role"])
        assert token.name == given.get("token", f"{given['integration']}-token")
        assert token.user == given["user"]


def _settings(found: Environment) -> dict[str, Any]:
    (settings,) = found.store.listed.values()
    kept = ("region", "account_id", "prefix", "mount", "address")
    return {name: getattr(settings, name) for name in kept if hasattr(settings, name)}


def _expected(given: dict[str, str], name: str) -> dict[str, Any]:
    prefix = given.get("prefix", f"netsuite/{name}/")
    if given["store"] == "aws":
        account = given.get("aws-account")
        return {"region": given["region"], "account_id": account, "prefix": prefix}
    address = given["address"].rstrip("/")
    return {"mount": given.get("mount", "secret"), "address": address, "prefix": prefix}


VARIABLES = {
    ("warehouse-sync", "warehouse-sync-token"): ("WAREHOUSE_SYNC", "WAREHOUSE_SYNC"),
    ("2nd", "x.y"): ("_2ND", "X_Y"),
    ("a--b", "token"): ("A_B", "TOKEN"),
    ("my-token", "T_token"): ("MY", "T"),
}


@pytest.mark.parametrize("names", VARIABLES)
def test_variables_are_named_after_the_records(
    names: tuple[str, str], tmp_path: Path, tba: Tba
) -> None:
    given = {**GIVEN, "integration": names[0], "token": names[1]}
    ended = tba("init", "prod", "--project", str(tmp_path), *flags(given))
    (integration,) = loaded(tmp_path).integrations
    of_consumer, of_token = VARIABLES[names]
    wanted = {
        "consumer": {
            "key": f"{of_consumer}_CONSUMER_KEY",
            "secret": f"{of_consumer}_CONSUMER_SECRET",
        },
        "token": {"id": f"{of_token}_TOKEN_ID", "secret": f"{of_token}_TOKEN_SECRET"},
    }
    found = integration.model_dump()
    assert found["consumer"]["env"] == wanted["consumer"]
    assert found["tokens"][0]["token"]["env"] == wanted["token"]
    for variable in (*wanted["consumer"].values(), *wanted["token"].values()):
        assert f"  export {variable}=...\n" in ended.out


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "account in host form": ({"account": "1234567-sb1"}, "--account: .* upper case, an underscore"),
    "no such store": ({"store": "gcp"}, "--store: there is no such store; write aws or vault"),
    "region": ({"region": "Ohio"}, "--region: .* us-east-1"),
    "AWS account": ({"aws-account": "1234"}, "--aws-account: .* 12 digits"),
    "prefix": ({"prefix": "net suite/"}, "--prefix: .* ASCII letters"),
    "segment": ({"prefix": "a//b/"}, "--prefix: a segment .*; name every segment"),
    "integration": ({"integration": "a b"}, "--integration: .* begin with a letter or digit"),
    "role": ({"role": ""}, "--role: .*at least 1 character"),
    "user": ({"user": "bot"}, "--user: .* e-mail"),
    "token": ({"token": "-x"}, "--token: .* begin with a letter or digit"),
    "a name that AWS takes for an ARN": ({"token": "sync-abcdef"}, "--token: .* end of an ARN"),
    "a default that does not fit": (
        {"integration": "a-" * 49 + "b"},
        "--token: this is out of bounds",
    ),
    "key": ({"consumer-key-env": "A-B"}, "--consumer-key-env: .* name the variable"),
    "secret": ({"consumer-secret-env": "1A"}, "--consumer-secret-env: .* name the variable"),
    "id": ({"token-id-env": ""}, "--token-id-env: .* name the variable"),
    "halves": ({"token-id-env": "A", "token-secret-env": "A"}, "--token-secret-env: both halves"),
    "a value": ({"token-id-env": f"x{VALUE}"}, "--token-id-env: .* name the place"),
    "a value as name": ({"integration": f"x{VALUE}"}, "--integration: .* name the place"),
    "invisible": (
        {"role": "Ware\u200bhouse"},
        "--role: the invisible character U\\+200B; delete it",
    ),
    "Vault's flag": ({"mount": "secret"}, "--mount: it belongs to --store vault; leave it out"),
    "address": ({"store": "vault", "address": "vault:8200"}, "--address: .*https://HOST"),
    "mount": ({"store": "vault", "address": "https://v", "mount": "/a"}, "--mount: .* slash"),
    "Vault's prefix": (
        {"store": "vault", "address": "https://v", "prefix": "a"},
        "--prefix: .* slash",
    ),
    "within": (
        {"store": "vault", "address": "https://v", "prefix": "tba-candidates/"},
        "--prefix: candidates would lie within the prefix",
    ),
    "environment": ({"environment": "org/prod"}, "ENV: .*letters, digits, dots"),
    "Pulumi's file": ({"environment": "Pulumi.prod"}, "ENV: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_answer_is_named_by_its_flag_and_nothing_is_written(
    case: str, tmp_path: Path, tba: Tba
) -> None:
    more, words = WRONG[case]
    given = {**GIVEN, **more}
    name = given.pop("environment", "prod")
    if given["store"] == "vault":
        given.pop("region")
    ended = tba("init", name, "--project", str(tmp_path), *flags(given))
    (line,) = ended.err.splitlines()
    assert (ended.status, ended.out) == (2, "")
    assert re.match(f"error: {words}", line), line
    assert list(tmp_path.iterdir()) == []
    assert VALUE not in line


def test_all_that_is_missing_or_wrong_is_told_at_once(tmp_path: Path, tba: Tba) -> None:
    at = ("--project", str(tmp_path))
    nothing = tba("init", "prod", *at)
    assert nothing.status == 2
    said = [line.split(": it is missing")[0] for line in nothing.err.splitlines()]
    assert said == [
        f"error: --{name}" for name in ("account", "store", "integration", "role", "user")
    ]
    of_vault = tba("init", "prod", *at, "--store", "vault", "--account", "x", "--user", "y")
    said = [line.split(":")[1].strip() for line in of_vault.err.splitlines()]
    assert said == ["--account", "--user", "--address", "--integration", "--role"]
    assert list(tmp_path.iterdir()) == []


# --- certificates in place of tokens ------------------------------------------------------------------

OAUTH2 = {**GIVEN, "auth": "oauth2", "role-id": "1042", "entity": "38"}


@pytest.mark.parametrize("store", ["aws", "vault"])
def test_certificates_are_declared_in_place_of_tokens(store: str, tmp_path: Path, tba: Tba) -> None:
    at = ("--project", str(tmp_path))
    given = {**OAUTH2, **STORES[store]}
    if "address" in given:
        del given["region"]
    ended = tba("init", "prod", *at, "--ci", "github", *flags(given))

    assert (ended.status, ended.err) == (0, "")
    assert tba("check", *at).out.endswith("prod: 1 certificate, no problem found\n")
    (record,) = credential_records(loaded(tmp_path))
    assert record.path == "warehouse-sync/warehouse-sync-certificate"
    assert (record.role.name, record.role.id) == ("Warehouse Integration", "1042")
    assert (record.user.email, record.user.entity) == ("bot@example.com", "38")
    assert record.role.permissions == NEEDED
    assert (record.certificate, record.token_source) == (CertificateSettings(), "generated")
    pipeline = (tmp_path / FORGES["github"]).read_text()
    assert re.findall(r"WAREHOUSE\w+(?=: )", pipeline) == ["WAREHOUSE_SYNC_CLIENT_ID"]

    steps = [line.partition("#")[0].strip() for line in ended.out.splitlines()]
    name = "warehouse-sync-certificate"
    upload = f"tba certificate prod {name} > {name}.pem"
    assert steps[-5:-2] == ["pulumi up", upload, "pulumi up"]
    assert "export WAREHOUSE_SYNC_CLIENT_ID=..." in steps
    assert not [step for step in steps if "TOKEN" in step or "SECRET" in step]

    listed = tba("checklist", "prod", *at).out
    for line in (
        "SuiteCloud, Manage Authentication: OAuth 2.0",
        "Client id, shown once: into the variable WAREHOUSE_SYNC_CLIENT_ID",
        "Entity: bot@example.com (internal id 38)",
        f"Certificate: what `tba certificate prod {name}` prints",
    ):
        assert line in listed
    assert "Token-based" not in listed


WRONG_OF_OAUTH2: dict[str, tuple[dict[str, str], str]] = {
    "no such kind": (
        {"auth": "oauth1"},
        r"--auth: there is no such kind of credential; did you mean `oauth2`\? Otherwise write tba or oauth2",
    ),
    "TBA's flag": ({"token-id-env": "A"}, "--token-id-env: it belongs to --auth tba; leave it out"),
    "OAuth 2.0's flag": (
        {"auth": "tba", "client-id-env": "A"},
        "--client-id-env: it belongs to --auth oauth2; leave it out",
    ),
    "role id": ({"role-id": "x"}, "--role-id: .*internal id"),
    "entity": ({"entity": "bot@example.com"}, "--entity: .*internal id"),
    "certificate": ({"certificate": "-x"}, "--certificate: .* begin with a letter or digit"),
    "client id": ({"client-id-env": f"x{VALUE}"}, "--client-id-env: .* name the place"),
}


@pytest.mark.parametrize("case", WRONG_OF_OAUTH2)
def test_a_wrong_answer_about_certificates_is_named_by_its_flag(
    case: str, tmp_path: Path, tba: Tba
) -> None:
    more, words = WRONG_OF_OAUTH2[case]
    given = {**OAUTH2, **more}
    if given["auth"] == "tba":
        del given["role-id"], given["entity"]
    ended = tba("init", "prod", "--project", str(tmp_path), *flags(given))

    (line,) = ended.err.splitlines()
    assert (ended.status, ended.out) == (2, "")
    assert re.match(f"error: {words}", line), line
    assert list(tmp_path.iterdir()) == []


def test_what_certificates_need_is_missing_and_no_token_is(tmp_path: Path, tba: Tba) -> None:
    ended = tba("init", "prod", "--auth", "oauth2", "--project", str(tmp_path))

    said = [line.split(": it is missing")[0] for line in ended.err.splitlines()]
    needed = ("account", "store", "integration", "role", "role-id", "user", "entity")
    assert said == [f"error: --{name}" for name in needed]


def test_a_person_is_asked_what_a_certificate_needs() -> None:
    person = Person("1", "", "", "sync", "A role", "1042", "bot@example.com", "thirty", "38", "")
    answers = answered("prod", {"auth": "oauth2", "store": "aws", "region": "us-east-1"}, person)

    assert person.says == []
    assert person.asked[3:] == [
        "Name of the integration",
        "Name of its NetSuite role",
        "Internal id of that role",
        "E-mail address of the user it acts as",
        "Internal id of that user",
        "Name of the certificate [sync-certificate]",
    ]
    assert len(person.refused) == 1
    assert answers["client_id"] == "SYNC_CLIENT_ID"
    assert "token_id" not in answers


# --- files -------------------------------------------------------------------------------------------


def test_in_an_empty_folder_the_whole_project_is_made(tmp_path: Path, tba: Tba) -> None:
    folder = tmp_path / "new here!"
    ended = tba("init", "prod", "--project", str(folder), *flags(GIVEN))
    written = ["__main__.py", "plugin/pulumi-resource-tba", "Pulumi.yaml", "requirements.txt"]
    written += [".gitignore", ".pre-commit-config.yaml", "schema/environment.schema.json"]
    written += ["stacks/Pulumi.prod.yaml", "stacks/prod.yaml"]
    assert [line.split()[1].rstrip(":") for line in ended.out.splitlines()[:9]] == written
    assert "  pulumi install " in ended.out
    steps = [line.partition("#")[0].strip() for line in ended.out.splitlines()]
    stack = steps.index("pulumi stack init prod")
    assert steps[stack - 1] == "export PULUMI_CONFIG_PASSPHRASE=..."
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    assert (project["name"], project["stackConfigDir"]) == ("new-here", "stacks")
    assert project["runtime"]["options"]["virtualenv"] == ".venv"
    assert project["plugins"]["providers"] == [{"name": "tba", "path": "plugin"}]
    assert os.access(folder / "plugin" / "pulumi-resource-tba", os.X_OK)
    requirements = (folder / "requirements.txt").read_text().splitlines()
    assert requirements[1:] == [f"tba-secrets[cli]=={__version__}"]
    assert "\nsecrets/\n" in (folder / ".gitignore").read_text()
    assert (folder / "schema" / "environment.schema.json").read_text() == schema_text()
    assert stack_names(folder) == ("prod",)
    settings = (folder / "stacks" / "Pulumi.prod.yaml").read_text()
    assert yaml.safe_load(settings) == {"encryptionsalt": ""}
    for text in (settings, (folder / "stacks" / "prod.yaml").read_text()):
        assert text.count("# ") >= 3
    first = (folder / "stacks" / "prod.yaml").read_text().partition("\n")[0]
    assert first == "# yaml-language-server: $schema=../schema/environment.schema.json"


def test_a_token_is_due_soon_before_it_is_overdue(tmp_path: Path, tba: Tba) -> None:
    tba("init", "prod", "--project", str(tmp_path), *flags(GIVEN))
    (record,) = credential_records(loaded(tmp_path))
    assert (record.rotate_every, record.warn_before) == (timedelta(days=90), timedelta(days=14))


def test_its_program_is_this_project_s_own() -> None:
    assert (ROOT / "__main__.py").read_text() == PROGRAM
    plugin = PLUGIN.format(virtualenv=".venv")
    assert (ROOT / "plugin" / "pulumi-resource-tba").read_text() == plugin


def test_the_commit_that_was_installed_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "tba_secrets-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: tba-secrets\nVersion: 0.1.0\n")
    origin = {
        "url": "https://example.com/tba.git",
        "vcs_info": {"vcs": "git", "commit_id": "c0ffee"},
    }
    (installed / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(str(tmp_path))

    files = {file.path.name: file.text for file in new_project(tmp_path)}

    assert files["requirements.txt"].splitlines()[1:] == [
        "tba-secrets[cli] @ git+https://example.com/tba.git@c0ffee"
    ]


def test_the_hook_runs_tba_check_on_what_is_staged(tmp_path: Path, tba: Tba) -> None:
    """pre-commit itself, on the repository that was written: a mistake stops the commit."""
    tba("init", "prod", "--project", str(tmp_path), *flags(GIVEN))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    hermetic = {
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=tmp_path, env=hermetic, capture_output=True, text=True, check=False
        )

    run("git", "init", "--quiet")
    run("git", "add", "stacks", ".pre-commit-config.yaml")
    right = run("pre-commit", "run")
    (tmp_path / "stacks" / "prod.yaml").write_text("version: 2\n")
    run("git", "add", "stacks")
    wrong = run("pre-commit", "run")

    assert right.returncode == 0, right.stdout + right.stderr
    assert "Passed" in right.stdout
    assert wrong.returncode == 1
    assert "stacks/prod.yaml:1:10" in wrong.stdout


def test_a_virtual_environment_within_the_project_is_named(tmp_path: Path) -> None:
    (tmp_path / "env").symlink_to(sys.prefix)
    python = str(tmp_path / "env" / "bin" / "python")
    command = [python, "-c", "from tba_secrets.cli import main; main()"]
    at = ("--project", str(tmp_path))
    subprocess.run([*command, "init", "prod", *at, *flags(GIVEN)], check=True, capture_output=True)
    project = yaml.safe_load((tmp_path / "Pulumi.yaml").read_text())
    assert project["runtime"]["options"]["virtualenv"] == "env"
    assert "/../env/bin\n" in (tmp_path / "plugin" / "pulumi-resource-tba").read_text()
    assert "entry: env/bin/tba check\n" in (tmp_path / ".pre-commit-config.yaml").read_text()


def test_a_second_environment_adds_its_own_two_files(tmp_path: Path, tba: Tba) -> None:
    at = ("--project", str(tmp_path))
    tba("init", "prod", *at, *flags(GIVEN))
    (tmp_path / "__main__.py").write_text("mine")
    (tmp_path / "schema" / "environment.schema.json").write_text("{}")
    ended = tba("init", "test", *at, *flags(GIVEN))
    assert ended.status == 0
    assert ended.out.count("wrote ") == 2
    assert (tmp_path / "__main__.py").read_text() == "mine"
    assert stack_names(tmp_path) == ("prod", "test")


@pytest.mark.parametrize(
    ("project", "place"),
    [
        ("name: x\nruntime: python\n", "."),
        ("name: x\nstackConfigDir: conf/a\n", "conf/a"),
        ("[]", "."),
    ],
)
def test_pulumi_s_settings_go_where_the_project_has_them(
    project: str, place: str, tmp_path: Path, tba: Tba
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(project)
    assert tba("init", "prod", "--project", str(tmp_path), *flags(GIVEN)).status == 0
    assert (tmp_path / place / "Pulumi.prod.yaml").is_file()
    assert (tmp_path / "Pulumi.yaml").read_text() == project
    assert not (tmp_path / "__main__.py").exists()


IN_THE_WAY = {
    "stacks/prod.yaml": "edit that file",
    "__main__.py": "empty folder",
}


@pytest.mark.parametrize("file", IN_THE_WAY)
def test_nothing_is_overwritten_and_then_nothing_is_written(
    file: str, tmp_path: Path, tba: Tba
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / file).write_text("mine\n")
    ended = tba("init", "prod", "--project", str(tmp_path), *flags(GIVEN))
    assert (ended.status, ended.out) == (1, "")
    assert "exists already and is not overwritten\n  Fix: " in ended.err
    assert IN_THE_WAY[file] in ended.err
    found = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {tmp_path / file}
    assert (tmp_path / file).read_text() == "mine\n"


def test_settings_that_pulumi_has_made_already_are_kept(tmp_path: Path, tba: Tba) -> None:
    (tmp_path / "stacks").mkdir()
    settings = tmp_path / "stacks" / "Pulumi.prod.yaml"
    settings.write_text("encryptionsalt: v1:x\n")
    assert tba("init", "prod", "--project", str(tmp_path), *flags(GIVEN)).status == 0
    assert settings.read_text() == "encryptionsalt: v1:x\n"


def test_what_a_failed_run_left_is_taken_up(tmp_path: Path, tba: Tba) -> None:
    (tmp_path / "stacks").write_text("a file where the folder belongs")
    ended = tba("init", "prod", "--project", str(tmp_path), *flags(GIVEN))
    assert (ended.status, "cannot be written" in ended.err) == (1, True)
    assert (tmp_path / "Pulumi.yaml").is_file()
    (tmp_path / "stacks").unlink()
    assert tba("init", "prod", "--project", str(tmp_path), *flags(GIVEN)).status == 0
    assert loaded(tmp_path).account == "1234567"


def test_a_project_file_that_cannot_be_read_is_said(tmp_path: Path, tba: Tba) -> None:
    (tmp_path / "Pulumi.yaml").write_text("a: [")
    ended = tba("init", "prod", "--project", str(tmp_path), *flags(GIVEN))
    assert (ended.status, "Pulumi.yaml cannot be read" in ended.err) == (1, True)
    assert not (tmp_path / "stacks").exists()


# --- the pipeline --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("forge", "file"), FORGES.items())
def test_the_pipeline_of_a_forge_is_for_the_environments_that_are_there(
    forge: str, file: Path, tmp_path: Path, tba: Tba
) -> None:
    at = ("--project", str(tmp_path))
    tba("init", "on", *at, *flags({**GIVEN, "aws-account": "000000000000"}))
    more = {**GIVEN, "region": "us-west-2", "integration": "billing"}

    ended = tba("init", "prod", *at, "--ci", forge, *flags(more))

    assert (ended.status, ended.err) == (0, "")
    text = (tmp_path / file).read_text()
    assert f"wrote {file}: the pipeline; set its backend and roles" in ended.out
    told = [one.split(": ")[1] for one in re.findall(r"(?:environment|ENVIRONMENT): .*", text)[:2]]
    assert told == ['"on"', "prod"]
    assert text.count("arn:aws:iam::000000000000:role/tba-secrets-read") == 1
    assert text.count("?region=us-west-2") == 1
    if forge == "github":
        for name in ("WAREHOUSE_SYNC_CONSUMER_KEY", "BILLING_TOKEN_SECRET"):
            assert f"          {name}: ${{{{ secrets.{name} }}}}\n" in text

    (tmp_path / file).unlink()
    alone = tba("init", *at, "--ci", forge)
    assert (alone.status, alone.out.count("wrote ")) == (0, 1)
    assert (tmp_path / file).read_text() == text


def test_a_pipeline_is_not_overwritten_and_none_is_made_without_environments(
    tmp_path: Path, tba: Tba
) -> None:
    at = ("--project", str(tmp_path))
    none = tba("init", *at, "--ci", "gitlab")
    assert (none.status, "there is no environment yet" in none.err) == (1, True)
    (tmp_path / ".gitlab-ci.yml").write_text("mine")

    ended = tba("init", "prod", *at, "--ci", "gitlab", *flags(GIVEN))

    assert (ended.status, ".gitlab-ci.yml exists already" in ended.err) == (1, True)
    assert not (tmp_path / "stacks").exists()
    assert (tmp_path / ".gitlab-ci.yml").read_text() == "mine"


MISUSED = {
    (): "ENV: it is missing; name the new stack",
    ("--ci", "gitlab", "--region", "us-east-1"): "ENV: it is missing; the other flags",
    ("prod", "--ci", "jenkins"): "--ci: there is no pipeline for that; write github or gitlab",
}


@pytest.mark.parametrize("arguments", MISUSED, ids=" ".join)
def test_what_the_command_cannot_do_is_said(
    arguments: tuple[str, ...], tmp_path: Path, tba: Tba
) -> None:
    ended = tba("init", "--project", str(tmp_path), *arguments)
    assert ended.status == 2
    assert ended.err.startswith(f"error: {MISUSED[arguments]}")
    assert list(tmp_path.iterdir()) == []


# --- a person ------------------------------------------------------------------------------------------


class Person:
    """Answers questions in their order; what is refused is asked again."""

    def __init__(self, *says: str) -> None:
        self.says = list(says)
        self.asked: list[str] = []
        self.refused: list[str] = []

    def __call__(self, question: str, default: str | None, check: Any) -> str:
        self.asked.append(f"{question} [{default}]" if default is not None else question)
        while True:
            try:
                return str(check(self.says.pop(0) or default or ""))
            except UsageError as refused:
                self.refused.append(str(refused))


def test_a_person_is_asked_for_what_no_flag_gives(tmp_path: Path) -> None:
    person = Person(
        "1234567-sb1", " 1234567_SB1", "", "", "sync", "A role", "nobody", "bot@example.com", ""
    )
    answers = answered("prod", {"store": "aws", "region": "us-east-1"}, person)
    assert person.says == []
    assert person.asked == [
        "NetSuite account id",
        "AWS account id, 12 digits (empty: any) []",
        "Prefix of the secrets' names [netsuite/prod/]",
        "Name of the integration",
        "Name of its NetSuite role",
        "E-mail address of the user it acts as",
        "Name of the token [sync-token]",
    ]
    assert [words.partition(";")[2][:20] for words in person.refused] == [
        " did you mean `12345",
        " write the e-mail ad",
    ]
    assert answers["account"] == "1234567_SB1"
    assert answers["consumer_key"] == "SYNC_CONSUMER_KEY"


def test_a_person_chooses_the_store_first(tmp_path: Path) -> None:
    person = Person("1", "gcp", "vault", "https://v", "", "", "sync", "R", "b@example.com", "")
    answers = answered("prod", {}, person)
    assert person.refused == ["there is no such store; write aws or vault"]
    assert (answers["store"], answers["mount"]) == ("vault", "secret")
    assert "region" not in answers


def test_a_person_is_not_asked_where_a_flag_is_wrong() -> None:
    person = Person()
    with pytest.raises(UsageError, match="--account: "):
        answered("prod", {"account": "x"}, person)
    assert person.asked == []


def test_every_required_answer_has_an_example_that_passes(tmp_path: Path) -> None:
    for store in ("aws", "vault"):
        for auth in AUTHS:
            kinds = {"store": store, "auth": auth}
            given = {q.name: q.example for q in QUESTIONS if not q.strange_to(kinds)}
            assert answered("prod", {**given, **kinds}, None)["store"] == store


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    """The answers are in the terminal before it reads them: nothing here waits."""
    typed = (
        "1234567-sb1",
        "1234567_SB1",
        "",
        "us-east-1",
        "",
        "",
        "sync",
        "A role",
        "b@example.com",
        "",
    )
    done = at_a_terminal(typed, "init", "prod", "--project", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "Error: the text does not have the required form; did you mean `1234567_SB1`? Otherwise write it as Setup >"
        in done.stdout
    )
    assert "Store (aws or vault) [aws]: " in done.stdout
    assert loaded(tmp_path).integrations[0].role.name == "A role"
