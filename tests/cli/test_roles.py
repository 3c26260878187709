"""`tba roles`: the project, what remains, and the folder that is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Tba
from tests.netsuite import sdf_bench


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with one environment, `test`."""
    (tmp_path / "stacks").mkdir()
    text = (sdf_bench.CASES / "environment.yaml").read_text(encoding="utf-8")
    (tmp_path / "stacks" / "test.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_it_writes_the_project_and_says_what_remains(project: Path, tba: Tba) -> None:
    folder = project / "roles of ours"
    ended = tba("roles", "test", "--sdf", str(folder), "--project", str(project))
    assert (ended.status, ended.err) == (0, "")
    there = sdf_bench.contents(folder)
    del there[".tba-roles.json"]
    assert there == sdf_bench.contents(sdf_bench.GOLDEN)
    for line in (
        "  src/Objects/customrole_warehouse_integration.xml  Warehouse Integration: 5 permissions",
        "  not written: Administrator, no permissions declared",
        "  before  enable Token-based Authentication, REST Web Services, SOAP Web Services: Setup",
        "  before  integration record billing-export",
        "  after   give Warehouse Integration to orders.bot@example.com, then issue the token",
        f"  cd '{folder}'",
        "  suitecloud project:deploy",
    ):
        assert f"\n{line}" in ended.out


def test_again_changes_nothing(project: Path, tba: Tba) -> None:
    arguments = ("roles", "test", "--sdf", str(project / "roles"), "--project", str(project))
    assert "/roles: written, 2 roles" in tba(*arguments).out
    before = sdf_bench.contents(project / "roles")
    assert "/roles: up to date, 2 roles" in tba(*arguments).out
    assert sdf_bench.contents(project / "roles") == before


def test_a_role_that_goes_is_named(project: Path, tba: Tba) -> None:
    arguments = ("roles", "test", "--sdf", str(project / "roles"), "--project", str(project))
    tba(*arguments)
    stack = project / "stacks" / "test.yaml"
    line = "      permissions: [SOAP Web Services, Log in using Access Tokens]\n"
    stack.write_text(sdf_bench.replaced(stack.read_text(), {line: ""}))
    ended = tba(*arguments)
    gone = next(path for path in sdf_bench.contents(sdf_bench.GOLDEN) if "grosste" in path)
    assert f"\n  {gone}  removed here; NetSuite keeps the role\n" in ended.out
    assert not (project / "roles" / gone).exists()


def test_others_files_are_left_alone(project: Path, tba: Tba) -> None:
    ended = tba("roles", "test", "--sdf", str(project), "--project", str(project))
    assert (ended.status, ended.out) == (1, "")
    assert "did not write: stacks" in ended.err
    assert set(sdf_bench.contents(project)) == {"stacks/test.yaml"}


def test_a_permission_that_is_not_known_writes_nothing(project: Path, tba: Tba) -> None:
    stack = project / "stacks" / "test.yaml"
    stack.write_text(sdf_bench.replaced(stack.read_text(), {"Customers (View)": "Customer (View)"}))
    ended = tba("roles", "test", "--sdf", str(project / "roles"), "--project", str(project))
    assert (ended.status, ended.out) == (1, "")
    assert "unknown permission `Customer`; did you mean `Customers`?" in ended.err
    assert not (project / "roles").exists()


@pytest.mark.parametrize("arguments", [("roles", "test"), ("roles", "--sdf", "a")])
def test_usage(arguments: tuple[str, ...], tba: Tba) -> None:
    assert tba(*arguments).status == 2


M2M = """\
version: 1
account: "1234567_SB1"
store: {aws: {region: us-east-1, prefix: netsuite/sandbox/}}
integrations:
  - name: m2m
    auth: oauth2
    client: {env: {id: CLIENT_ID}}
    role:
      name: m2m role
      id: "1001"
      permissions:
        - REST Web Services
        - Log in using OAuth 2.0 Access Tokens
        - Manage own OAuth 2.0 Client Credentials Certificates
    certificates:
      - {name: bot, user: {email: bot@example.com, entity: "38"}}
"""


def test_a_role_of_certificates(project: Path, tba: Tba) -> None:
    (project / "stacks" / "test.yaml").write_text(M2M)
    folder = project / "roles"

    ended = tba("roles", "test", "--sdf", str(folder), "--project", str(project))

    assert (ended.status, ended.err) == (0, "")
    role = (folder / "src/Objects/customrole_m2m_role.xml").read_text()
    assert {"ADMI_LOGIN_OAUTH2", "ADMI_MANAGE_OWN_OAUTH2_CERTS"} <= set(
        re.findall(r"<permkey>(.*?)</permkey>", role)
    )
    features = re.findall(r">(.*?)</feature>", (folder / "src/manifest.xml").read_text())
    assert features == ["RESTWEBSERVICES", "OAUTH2"]
    for line in (
        "  before  enable REST Web Services, OAuth 2.0: Setup",
        "  before  integration record m2m, with Client Credentials (Machine to Machine) Grant",
        "  after   give m2m role to bot@example.com, then upload the certificate m2m/bot",
    ):
        assert f"\n{line}" in ended.out


def test_the_permission_that_blocks_access_tokens_is_refused(project: Path, tba: Tba) -> None:
    blocks = "OAuth 2.0 Authorized Applications Management"
    own = "Manage own OAuth 2.0 Client Credentials Certificates"
    (project / "stacks" / "test.yaml").write_text(M2M.replace(own, blocks))
    folder = project / "roles"

    ended = tba("roles", "test", "--sdf", str(folder), "--project", str(project))

    assert ended.status == 1
    assert f"`{blocks}` keeps the role out of REST and RESTlets" in ended.err
    assert not folder.exists()
