"""Profiles that people really have: each is used, or told at once for what is wrong with it, before AWS is asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tba_secrets.errors import AccessDeniedError, StoreError
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.stores.aws.session import _sts_endpoint, open_clients
from tests.stores.aws_bench import ONCE, aws_store, settings
from tests.stores.support import CANARY, NAME, refusal

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET_ACCESS_KEY}\n"
ROLE = "role_arn = arn:aws:iam::000000000000:role/deployer\n"
SSO = "sso_session = none\nsso_account_id = 000000000000\nsso_role_name = deployer\n"
SESSION = (
    "[sso-session none]\nsso_start_url = https://sso.example.com/start\nsso_region = us-east-1\n"
)
PROFILES: dict[str, tuple[str, list[str]]] = {
    "MFA": (
        f"{ROLE}source_profile = base\nmfa_serial = arn:aws:iam::000000000000:mfa/one\n",
        ["mfa_serial", "AWS_SESSION_TOKEN"],
    ),
    "SSO, not signed in": (SSO, ["aws sso login"]),
    "SSO without a session": ("sso_account_id = 000000000000\n", ["profile", "SSO"]),
    "process fails": (
        f"credential_process = {sys.executable} -c exit(1)\n",
        ["credential_process"],
    ),
    "process without JSON": (f"credential_process = echo {CANARY}\n", ["credential_process"]),
    "process that prints a list": ("credential_process = echo [1]\n", ["credential_process"]),
    "process that is missing": ("credential_process = /no/such/program\n", ["credential_process"]),
    "source that is missing": (f"{ROLE}source_profile = nobody\n", ["source_profile"]),
    "source that leads back": (f"{ROLE}source_profile = loop\n", ["source_profile"]),
    "source without credentials": (f"{ROLE}source_profile = empty\n", ["source_profile"]),
    "source that nobody knows": (f"{ROLE}credential_source = Nowhere\n", ["profile"]),
    "half a key": (f"aws_access_key_id = {ACCESS_KEY_ID}\n", ["credentials"]),
}
"""A profile's lines, and what is named."""


@pytest.fixture
def configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The shared configuration, empty, with no key in the environment."""
    path = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    return path


def write(path: Path, profile: str) -> None:
    """Write the profile `tested`, and those that it may name."""
    loop = f"[profile loop]\n{ROLE}source_profile = tested\n"
    base = f"[profile base]\n{KEYS}[profile empty]\nregion = us-east-1\n"
    path.write_text(f"[profile tested]\n{profile}{loop}{base}{SESSION}")


@pytest.mark.parametrize("case", PROFILES)
def test_a_profile_that_cannot_be_used_is_told(
    server: SecretsManagerServer, configuration: Path, case: str
) -> None:
    profile, words = PROFILES[case]
    write(configuration, profile)
    store = aws_store(server.url, profile="tested")
    refusal(AccessDeniedError, lambda: store.describe(NAME), *words)
    assert list(server.calls) == []


@pytest.mark.parametrize("case", PROFILES)
def test_the_profile_of_the_environment_is_told_too(
    server: SecretsManagerServer, configuration: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    profile, words = PROFILES[case]
    write(configuration, profile)
    monkeypatch.setenv("AWS_PROFILE", "tested")
    refusal(AccessDeniedError, lambda: aws_store(server.url).preflight([NAME]), *words)


@pytest.mark.parametrize(
    "profile",
    [
        KEYS,
        f"{ROLE}source_profile = base\n",
        "credential_process = echo "
        f'{{"Version":1,"AccessKeyId":"{ACCESS_KEY_ID}","SecretAccessKey":"{SECRET_ACCESS_KEY}"}}\n',
    ],
    ids=["keys", "role", "process"],
)
def test_a_profile_that_is_whole_is_used(
    server: SecretsManagerServer,
    configuration: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
) -> None:
    """The twin of the tests above."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    write(configuration, profile.replace('"', '\\"'))
    assert aws_store(server.url, profile="tested").describe(NAME) is None


def test_a_process_whose_credentials_end_soon_is_run_no_further_to_name_the_account(
    server: SecretsManagerServer, configuration: Path, tmp_path: Path
) -> None:
    """botocore runs it once to load them, and again whenever credentials with minutes left are asked for."""
    runs, program = tmp_path / "runs", tmp_path / "credentials.py"
    program.write_text(
        "import datetime, json, pathlib\n"
        f"runs = pathlib.Path({str(runs)!r})\n"
        "runs.write_text((runs.read_text() if runs.exists() else '') + '|')\n"
        "end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)\n"
        f"held = {{'Version': 1, 'AccessKeyId': {ACCESS_KEY_ID!r}, 'SecretAccessKey': {SECRET_ACCESS_KEY!r}}}\n"
        f"held |= {{'SessionToken': {SECRET_ACCESS_KEY!r}, 'Expiration': end.isoformat()}}\n"
        f"print(json.dumps(held) if len(runs.read_text()) < 3 else {CANARY!r})\n"
    )
    write(configuration, f"credential_process = {sys.executable} {program}\n")

    open_clients(settings(server.url, profile="tested", account_id=None), ONCE)

    assert runs.read_text() == "||"


def test_a_configuration_that_cannot_be_read_is_told(
    server: SecretsManagerServer, configuration: Path
) -> None:
    configuration.write_text(f"{CANARY} = x\n[profile tested\n")
    store = aws_store(server.url, profile="tested")
    refusal(AccessDeniedError, lambda: store.describe(NAME), "configuration cannot be read")


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_missing_ca_bundle_is_told(
    server: SecretsManagerServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "/no/such/bundle.pem")
    assert aws_store(server.url).describe(NAME) is None  # http: needs none
    store = aws_store(server.url.replace("http:", "https:"))
    refusal(StoreError, lambda: store.describe(NAME), "no CA bundle /no/such/bundle.pem", variable)


def test_a_missing_ca_bundle_of_the_profile_is_told(
    server: SecretsManagerServer, configuration: Path
) -> None:
    write(configuration, f"{KEYS}ca_bundle = /no/such/bundle.pem\n")
    store = aws_store(server.url.replace("http:", "https:"), profile="tested")
    refusal(StoreError, lambda: store.describe(NAME), "no CA bundle /no/such/bundle.pem")


# --- regions and partitions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "region",
    [
        "us-east-1",
        "cn-north-1",
        "us-gov-west-1",
        pytest.param("eusc-de-east-1", marks=pytest.mark.locked),
    ],
)
def test_every_partition_is_known(server: SecretsManagerServer, region: str) -> None:
    assert aws_store(server.url, region=region).preflight([]).settings["region"] == region


def test_a_region_that_no_partition_has_is_told(server: SecretsManagerServer) -> None:
    store = aws_store(server.url, region="xx-nowhere-1")
    refusal(StoreError, lambda: store.describe(NAME), "xx-nowhere-1", "store.aws.region")
    assert list(server.calls) == []


@pytest.mark.parametrize(
    ("endpoint", "asked"),
    [
        ("https://vpce-1.secretsmanager.us-east-1.vpce.amazonaws.com", None),
        pytest.param(
            "https://secretsmanager.eusc-de-east-1.amazonaws.eu", None, marks=pytest.mark.locked
        ),
        ("https://secretsmanager.us-east-1.api.aws", None),
        ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
        ("https://amazonaws.com.example.com", "https://amazonaws.com.example.com"),
        (None, None),
    ],
)
def test_sts_is_asked_at_its_own_address_where_the_endpoint_is_aws_s(
    endpoint: str | None, asked: str | None
) -> None:
    assert _sts_endpoint(endpoint) == asked
