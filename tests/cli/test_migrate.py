"""`tba migrate`: the second integration beside the first, in a file whose comments stay; and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tba_secrets.cli.migrate.place import put_after, refuse_other_changes
from tba_secrets.errors import TbaError
from tba_secrets.spec import check, load
from tba_secrets.spec.model import Environment, OAuth2Integration
from tests.cli.conftest import Tba, World

HEAD = """\
# kept: the head
version: 1
account: "1234567_SB1"
endpoint: {env: TBA_SIMULATOR}
store:
  aws: {region: us-east-1, prefix: netsuite/test/}
"""
ONE = """\
integrations:
# kept: before warehouse
- name: warehouse  # kept: beside it
  consumer: {env: {key: K, secret: S}}
  role: {name: warehouse role}
  tokens:
  - name: orders
    user: orders.bot@example.com
    token: {env: {id: OI, secret: OS}}
    rotate_every: 360d   # kept: a year

# kept: before billing
- name: billing
  consumer: stored
  role: {name: billing role, id: "1002"}
  tokens:
  - name: invoices
    user: {email: invoices.bot@example.com, entity: "40"}
    token: stored
"""


def migrated(world: World) -> OAuth2Integration:
    """The integration that was written."""
    found = load(world.project / "stacks" / "test.yaml").integrations
    (new,) = (one for one in found if isinstance(one, OAuth2Integration))
    return new


def migrate(world: World, tba: Tba, integration: str, *more: str, status: int = 0) -> str:
    """Run it; return all that it prints."""
    command = ("migrate", "test", integration, "--project", str(world.project))
    ended = tba(*command, *more)
    assert ended.status == status, ended.err
    assert not [value for value in world.secrets if value in ended.out + ended.err]
    return ended.out + ended.err


# --- what is written --------------------------------------------------------------------------------


def test_ids_come_from_netsuite_and_the_client_id_from_the_consumer_key(
    world: World, tba: Tba
) -> None:
    world.write(HEAD + ONE)

    migrate(world, tba, "warehouse")

    new = migrated(world)
    assert new.name == "warehouse-oauth2"
    assert new.client.model_dump(exclude_none=True) == {"env": {"id": "K"}}  # type: ignore[union-attr]
    assert (new.role.name, new.role.id) == ("warehouse role", "1001")
    (certificate,) = new.certificates
    assert (certificate.name, certificate.user.entity) == ("orders-certificate", "38")
    assert certificate.user.email == "orders.bot@example.com"
    assert (certificate.rotate_every, certificate.valid_for) == ("360d", "365d")
    assert certificate.by == "api"


def test_it_stands_after_the_first_and_nothing_else_changes(world: World, tba: Tba) -> None:
    world.write(HEAD + ONE)
    path = world.project / "stacks" / "test.yaml"
    before = path.read_text().splitlines()

    shown = migrate(world, tba, "warehouse")

    after = path.read_text().splitlines()
    new = [line for line in after if line not in before]
    start = after.index(
        "- name: warehouse-oauth2  # the integration record of warehouse, by OAuth 2.0"
    )
    assert after[start - 1] == "    rotate_every: 360d   # kept: a year"
    assert [line for line in after if line in before] == before
    assert all(f"+{line}" in shown.splitlines() for line in new)
    names = [one.name for one in load(path).integrations]
    assert names == ["warehouse", "warehouse-oauth2", "billing"]


def test_a_dry_run_shows_the_same_and_writes_nothing(world: World, tba: Tba) -> None:
    world.write(HEAD + ONE)
    path = world.project / "stacks" / "test.yaml"

    shown = migrate(world, tba, "warehouse", "--dry-run")

    assert path.read_text() == HEAD + ONE
    assert "+- name: warehouse-oauth2" in shown
    assert "nothing was written" in shown


def test_a_second_time_writes_nothing_and_tells_the_steps_again(world: World, tba: Tba) -> None:
    world.write(HEAD + ONE)
    migrate(world, tba, "warehouse")
    text = (world.project / "stacks" / "test.yaml").read_text()
    logins = len(world.netsuite.state.audit())

    again = migrate(world, tba, "warehouse")

    assert (world.project / "stacks" / "test.yaml").read_text() == text
    assert "has warehouse-oauth2 already" in again
    assert "tba certificate test orders-certificate" in again
    assert len(world.netsuite.state.audit()) == logins


def test_declared_ids_ask_nobody(world: World, tba: Tba) -> None:
    world.write(HEAD + ONE)

    migrate(world, tba, "billing")

    assert world.netsuite.state.audit() == []
    assert migrated(world).certificates[0].user.entity == "40"


def test_a_stored_consumer_pair_says_how_to_give_the_client_id_once(world: World, tba: Tba) -> None:
    world.write(HEAD + ONE)

    shown = migrate(world, tba, "billing")

    assert migrated(world).client.model_dump(exclude_none=True) == {  # type: ignore[union-attr]
        "env": {"id": "BILLING_CLIENT_ID"}
    }
    read = (
        "aws secretsmanager get-secret-value --region us-east-1 --secret-id netsuite/test/invoices"
    )
    assert f'export BILLING_CLIENT_ID="$({read}' in shown


@pytest.mark.parametrize(
    ("source", "client"),
    [
        ("file: {path: s/c.json, key: k}", {"file": {"path": "s/c.json", "id": "k"}}),
        (
            "command: {argv: [sops, -d, 's: c'], timeout: 9}",
            {"command": {"argv": ("sops", "-d", "s: c"), "id": "consumer_key", "timeout": 9}},
        ),
    ],
)
def test_a_file_or_a_command_gives_the_client_id_too(
    world: World, tba: Tba, source: str, client: object
) -> None:
    world.write(HEAD + ONE.replace("env: {key: K, secret: S}", source))

    migrate(world, tba, "warehouse")

    assert migrated(world).client.model_dump(exclude_none=True) == client  # type: ignore[union-attr]


def test_checks_scopes_policy_and_secret_are_carried_over(world: World, tba: Tba) -> None:
    token = """\
    secret: programs/orders
    verify: {checks: [tokeninfo, suiteql, {restlet: {script: customscript_a, deploy: "1"}}], always: true}
    retire_after: 2w
    on_delete: retain
    after_promote: {command: {argv: [kubectl, rollout, "a b", ""], timeout: 90}}
"""
    world.write(HEAD + ONE.replace("    rotate_every", f"{token}    rotate_every"))
    world.put("orders")

    migrate(world, tba, "warehouse")

    (certificate,) = migrated(world).certificates
    assert certificate.secret == "programs/orders-certificate"
    assert certificate.scopes == ("rest_webservices", "restlets")
    verify = certificate.verify
    assert verify is not None
    assert verify != "always"
    assert verify.always
    suiteql, restlet = verify.checks
    assert suiteql == "suiteql"
    assert restlet.restlet.deploy == "1"  # type: ignore[union-attr]
    assert (certificate.retire_after, certificate.on_delete) == ("2w", "retain")
    hook = {"argv": ("kubectl", "rollout", "a b", ""), "timeout": 90}
    assert certificate.after_promote is not None
    assert certificate.after_promote.model_dump(exclude_none=True) == {"command": hook}
    assert certificate.valid_for == "730d"  # 360 days and two weeks are more than the usual 365


def test_permissions_are_declared_with_what_the_role_needs_more(world: World, tba: Tba) -> None:
    shown = migrate(world, tba, "warehouse")  # its checks have SOAP, its tokens stand in braces

    assert migrated(world).role.permissions == (
        "REST Web Services",
        "SOAP Web Services",
        "Log in using Access Tokens",
        "Log in using OAuth 2.0 Access Tokens",
        "Manage own OAuth 2.0 Client Credentials Certificates",
    )
    assert (
        "warehouse role (1001): add what it has not yet of Log in using OAuth 2.0 Access Tokens, Manage own"
        in shown
    )
    assert "warehouse/orders is checked with SOAP" in shown
    assert [one.user.entity for one in migrated(world).certificates] == ["38", "39"]


def test_the_permission_that_blocks_is_named_and_not_carried_over(world: World, tba: Tba) -> None:
    role = "{name: warehouse role, permissions: [OAuth 2.0 Authorized Applications Management]}"
    world.write(HEAD + ONE.replace("{name: warehouse role}", role))

    shown = migrate(world, tba, "warehouse")

    assert "take OAuth 2.0 Authorized Applications Management away" in shown
    assert len(migrated(world).role.permissions) == 3


def test_the_steps_are_in_order(world: World, tba: Tba) -> None:
    world.write(HEAD + ONE)

    shown = migrate(world, tba, "warehouse")

    parts = (
        *("Client Credentials (Machine to Machine) Grant", "Nobody may press Reset Credentials"),
        *("pulumi up", "tba certificate test orders-certificate > orders-certificate.pem"),
        *("makes it current", "orders -> orders-certificate", "Take the integration warehouse out"),
        *("Revoke its tokens", "can be undone until the last"),
    )
    places = [shown.index(part, shown.index("wrote stacks/test.yaml")) for part in parts]
    assert places == sorted(places)


def test_line_ends_and_the_mode_stay(world: World, tba: Tba) -> None:
    path = world.project / "stacks" / "test.yaml"
    path.write_bytes((HEAD + ONE).replace("\n", "\r\n").encode())
    path.chmod(0o640)

    migrate(world, tba, "warehouse")

    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in path.parent.iterdir()] == ["test.yaml"]


# --- what is refused, with nothing written ----------------------------------------------------------


def refused(world: World, tba: Tba, text: str, integration: str = "warehouse") -> str:
    world.write(text)
    said = migrate(world, tba, integration, status=1)
    assert (world.project / "stacks" / "test.yaml").read_text() == text
    return said


def test_an_integration_that_is_not_there_or_has_moved(world: World, tba: Tba) -> None:
    said = refused(world, tba, HEAD + ONE, "wharehouse")
    assert "no TBA integration wharehouse" in said
    assert "take one of: warehouse, billing" in said

    migrate(world, tba, "warehouse")
    assert "no TBA integration warehouse-oauth2" in migrate(
        world, tba, "warehouse-oauth2", status=1
    )


def test_more_tokens_than_certificates(world: World, tba: Tba) -> None:
    token = "  - {name: t%d, user: orders.bot@example.com, token: stored}\n"
    more = "".join(token % number for number in range(4))
    text = HEAD + ONE.replace("\n# kept: before billing", more + "\n# kept: before billing")

    assert "warehouse has 5 tokens" in refused(world, tba, text)
    assert world.netsuite.state.audit() == []


def test_a_token_that_netsuite_refuses(world: World, tba: Tba) -> None:
    world.netsuite.state.revoke_token(world.account.id, "orders")

    said = refused(world, tba, HEAD + ONE)

    assert "NetSuite refused the login" in said
    assert len(world.netsuite.state.audit()) == 1


def test_a_store_without_the_token(empty_world: World, tba: Tba) -> None:
    assert "run `pulumi up` first" in refused(empty_world, tba, HEAD + ONE)


def test_a_role_id_that_the_token_contradicts(world: World, tba: Tba) -> None:
    text = HEAD + ONE.replace("{name: warehouse role}", '{name: warehouse role, id: "7"}')

    assert "role id" in refused(world, tba, text)


def test_a_name_that_is_taken(world: World, tba: Tba) -> None:
    text = HEAD + ONE.replace("- name: invoices", "- name: orders-certificate")

    assert "has this name already" in refused(world, tba, text)


def test_a_policy_that_no_certificate_can_keep(world: World, tba: Tba) -> None:
    text = HEAD + ONE.replace("360d", "1000d")

    assert "would run out before its overlap is over" in refused(world, tba, text)


def test_integrations_in_brackets(world: World, tba: Tba) -> None:
    inner = (
        "integrations: [{name: warehouse, consumer: stored, role: {name: warehouse role}, "
        "tokens: [{name: orders, user: orders.bot@example.com, token: stored}]}]\n"
    )

    assert "written in brackets" in refused(world, tba, HEAD + inner)


def test_a_file_that_cannot_be_written(
    world: World, tba: Tba, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    assert "No space left on device" in refused(world, tba, HEAD + ONE)
    assert [one.name for one in (world.project / "stacks").iterdir()] == ["test.yaml"]


# --- the place in the text --------------------------------------------------------------------------


def environment(text: str, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("TBA_SIMULATOR", "http://127.0.0.1:1")
    found, findings = check(text)
    assert found is not None, findings
    return found


NEW = (
    "- name: new",
    "  consumer: stored",
    "  role: {name: r}",
    "  tokens: [{name: n, user: n@example.com, token: stored}]",
)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("indent", ["", "  ", "      "])
@pytest.mark.parametrize(
    "tail", ["", "\n", "\n# the end\n", "\n    description: |\n      text\n      # of it\n\n# no\n"]
)
def test_every_layout_keeps_what_is_there(
    number: int, indent: str, tail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = ONE.removesuffix("\n").split("\n")[1:] + tail.split("\n")[1:]
    lines = [indent + line if line else line for line in body]
    text = HEAD + "integrations:\n" + "\n".join(lines) + ("\n" if tail.endswith("\n") else "")
    before = environment(text, monkeypatch)

    after = put_after(text, number, NEW)

    refuse_other_changes(before, after, number)
    lines = after.split("\n")
    start = lines.index(indent + NEW[0])
    kept = [*lines[:start], *lines[start + len(NEW) :]]
    assert "\n".join(kept).rstrip("\n") == text.rstrip("\n")


def test_a_text_that_changes_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    before = environment(HEAD + ONE, monkeypatch)
    after = put_after(HEAD + ONE, 0, NEW)

    with pytest.raises(TbaError, match="without changing what is there"):
        refuse_other_changes(before, after.replace("billing role", "another role"), 0)
