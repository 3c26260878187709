"""`tba import`: what a store has becomes YAML that the loader takes; what does not fit is named; nothing is written."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tba_secrets.cli.exits import Exit
from tba_secrets.cli.import_ import complete_emails
from tba_secrets.cli.import_.identify import Identified, remember
from tba_secrets.cli.import_.secrets import Importable, look
from tba_secrets.errors import AuthenticationRefusedError
from tba_secrets.netsuite.refused_logins import RefusedLogins, mark_of
from tba_secrets.simulator import Simulator, SimulatorConfig
from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, SecretsManagerServer
from tba_secrets.spec.construct import construct, yaml_text
from tba_secrets.spec.model import AwsSettings, Integration, Stores
from tba_secrets.stores.interface import OwnerMark, SecretName, Stage
from tests.cli.conftest import Tba, at_a_terminal
from tests.cli.import_bench import OTHERS, OURS, PREFIX, Shop
from tests.netsuite.support import Said, told_server
from tests.netsuite_account import NetSuiteAccount, Values
from tests.stores.aws_bench import AwsBench

pytestmark = pytest.mark.long

READS = {"DescribeSecret", "GetSecretValue", "ListSecrets", "GetCallerIdentity"}
ORDERS, STOCK, INVOICES = (f"{name}.bot@example.com" for name in ("orders", "stock", "invoices"))
FLAGS = ("--account", "1234567_SB1", "--aws", "us-east-1", "--prefix", PREFIX)


@dataclass
class AwsShop(Shop):
    """On the strict fake."""

    aws: SecretsManagerServer | None = None
    bench: AwsBench | None = None

    @property
    def server(self) -> SecretsManagerServer:
        assert self.aws is not None
        return self.aws

    @property
    def hand(self) -> AwsBench:
        assert self.bench is not None
        return self.bench

    def writes(self) -> list[str]:
        """The operations that may change a secret."""
        return [call.operation for call in self.server.calls if call.operation not in READS]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tba: Tba) -> Iterator[AwsShop]:
    monkeypatch.setattr(sys, "stdin", StringIO())
    account = NetSuiteAccount()
    config = SimulatorConfig.from_dict(account.simulator_config())
    with Simulator(config) as netsuite, SecretsManagerServer() as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
        bench = AwsBench(aws.url)

        def write(name: str, text: str) -> None:
            bench.write_as_another(SecretName(name), text, Stage.CURRENT)

        flags = ("--aws", "us-east-1")
        yield AwsShop(account, netsuite, tmp_path, tba, write, flags, [], aws, bench)


@pytest.fixture
def full(shop: AwsShop) -> AwsShop:
    """Three tokens of two integrations; one secret has other keys."""
    shop.put("warehouse/orders", "orders")
    shop.put("warehouse/stock", "stock", keys=OTHERS)
    shop.put("invoices", "invoices")
    return shop


# --- a new environment -------------------------------------------------------------------------------


def test_everything_that_netsuite_tells_is_in_the_file(full: AwsShop) -> None:
    users = (
        f"warehouse/orders={ORDERS}",
        f"{PREFIX}warehouse/stock={STOCK}",
        f"invoices={INVOICES}",
    )
    ended = full.run(*(word for user in users for word in ("--user", user)))
    assert (ended.status, ended.err) == (Exit.DONE, "")
    found = full.loaded()
    aws = found.store.aws
    assert aws is not None
    assert (found.account, aws.region, aws.account_id, aws.prefix) == (
        "1234567_SB1",
        "us-east-1",
        "000000000000",
        PREFIX,
    )
    integrations = [i for i in found.integrations if isinstance(i, Integration)]
    assert [(i.name, i.consumer, i.role.name, i.role.id) for i in integrations] == [
        ("invoices", "stored", "billing role", "1002"),
        ("warehouse", "stored", "warehouse role", "1001"),
    ]
    (invoices,), (orders, stock) = (integration.tokens for integration in found.integrations)
    assert (orders.name, orders.secret, orders.adopt, orders.token) == (
        "warehouse-orders",
        "warehouse/orders",
        True,
        "stored",
    )
    assert invoices.user.model_dump() == {"email": INVOICES, "entity": "40"}  # type: ignore[union-attr]
    assert orders.format is None
    assert stock.format is not None
    assert tuple(stock.format.model_dump().values()) == OTHERS
    assert full.logins == 3


def test_it_tells_what_was_found_and_what_comes_next(full: AwsShop) -> None:
    ended = full.run()
    assert (
        "netsuite/prod/warehouse/orders  imported: role warehouse role, role id 1001" in ended.out
    )
    for written in ("Pulumi.yaml", "__main__.py", "stacks/Pulumi.prod.yaml", "stacks/prod.yaml"):
        assert f"wrote {written}: " in ended.out
    steps = [line.partition("#")[0].strip() for line in ended.out.splitlines() if "  # " in line]
    stack = ["export PULUMI_CONFIG_PASSPHRASE=...", "pulumi stack init prod"]
    assert steps == ["tba check prod", *stack, "pulumi preview", "pulumi up"]
    assert "names the 3 lines to fill in" in ended.out


def test_a_line_that_nobody_knows_is_named_by_check(full: AwsShop) -> None:
    ended = full.run("--user", f"warehouse/orders={ORDERS}", "--user", f"invoices={INVOICES}")
    assert ended.status == Exit.DONE
    lines = full.text().splitlines()
    (number,) = (n for n, line in enumerate(lines, 1) if "# FILL IN:" in line)
    assert (
        "email:  # FILL IN: the e-mail address of the user whose entity id is 39"
        in lines[number - 1]
    )
    checked = full.tba("check", "prod", "--project", str(full.project))
    assert checked.status == 1
    assert f"prod.yaml:{number}:11: " in checked.err
    assert checked.err.count("\n") == 1
    full.file().write_text(full.text().replace("email:  # FILL", f"email: {STOCK}  # FILL"))
    assert full.tba("check", "prod", "--project", str(full.project)).status == 0


def test_the_user_of_one_token_is_that_of_all_the_user_s_tokens(shop: AwsShop) -> None:
    shop.put("one", "orders")
    shop.put("two", "orders", shop.account.spares["orders"])
    assert shop.run("--user", f"two={ORDERS}").status == Exit.DONE
    (integration,) = shop.loaded().integrations
    assert [token.user.email for token in integration.tokens] == [ORDERS] * 2  # type: ignore[union-attr]


def test_one_consumer_pair_in_two_roles_is_two_integrations(shop: AwsShop) -> None:
    shop.netsuite.state.account(shop.account.id).tokens[0].role = "1002"
    shop.netsuite.state.account(shop.account.id).users[0].roles.append("1002")
    shop.put("orders", "orders")
    shop.put("stock", "stock")
    shop.run("--user", f"orders={ORDERS}", "--user", f"stock={STOCK}")
    assert [(i.name, i.role.name) for i in shop.loaded().integrations] == [
        ("orders", "billing role"),
        ("stock", "warehouse role"),
    ]
    assert "the consumer pair of orders, and another role" in shop.text()


def test_only_the_secrets_that_are_named(full: AwsShop) -> None:
    full.write("elsewhere/one", "{}")
    ended = full.run("invoices", f"{PREFIX}warehouse/orders", "--offline")
    assert ended.status == Exit.DONE
    assert full.text().count("secret: ") == 2
    ended = full.bare(*FLAGS[:4], f"{PREFIX}invoices", "--offline", environment="whole")
    assert ended.status == Exit.DONE
    assert f"secret: {PREFIX}invoices" in full.text("whole")


def test_offline_asks_nothing(full: AwsShop) -> None:
    ended = full.run("--offline", "--user", f"invoices={INVOICES}", flags={"--endpoint": None})
    assert (ended.status, full.logins) == (Exit.DONE, 0)
    assert full.text().count("name:  # FILL IN: the role") == 2
    assert full.text().count("user:  # FILL IN: the e-mail") == 2
    assert f"user: {INVOICES}" in full.text()
    assert ended.out.count("imported, not proven: not asked") == 3


def test_it_writes_nothing_to_the_store(full: AwsShop) -> None:
    names = [PREFIX + name for name in ("invoices", "warehouse/orders", "warehouse/stock")]

    def held() -> list[object]:
        secrets = [full.server.state.secret(name) for name in names]
        return [(one.versions, one.labels, one.tags) for one in secrets if one is not None]

    before = held()
    full.server.calls.clear()
    full.run()
    assert (full.writes(), held(), len(before)) == ([], before, 3)


# --- what does not fit -------------------------------------------------------------------------------


def _change(name: str, shop: AwsShop, **fields: Any) -> None:
    shop.put(name, "orders")
    shop.server.edit(PREFIX + name, **fields)


def _candidate(name: str, shop: AwsShop) -> None:
    shop.put(name, "orders")
    shop.hand.put_as_another(SecretName(PREFIX + name), "{}", Stage.CANDIDATE)


def _deleted(name: str, shop: AwsShop) -> None:
    shop.put(name, "orders")
    shop.hand.client.delete_secret(SecretId=PREFIX + name)


def _owned(name: str, shop: AwsShop) -> None:
    shop.put(name, "orders")
    shop.hand.store.claim(SecretName(PREFIX + name), OwnerMark("acme/other/prod", "a/b", "c"))


UNFIT: dict[str, tuple[Callable[[str, AwsShop], object], str]] = {
    "another program's": (lambda n, s: s.write(PREFIX + n, '{"user": "u"}'), "no TBA credential"),
    "no JSON": (lambda n, s: s.write(PREFIX + n, Values().secret), "not a JSON object"),
    "binary": (
        lambda n, s: s.hand.client.create_secret(Name=PREFIX + n, SecretBinary=b"\x00\x01"),
        "is binary",
    ),
    "half": (lambda n, s: s.put(n, "orders", token_secret=None), "lacks token_secret"),
    "two that fit": (lambda n, s: s.put(n, "orders", realm="x"), "could each be its account"),
    "another account's": (lambda n, s: s.put(n, "orders", account="7"), "belongs to the account 7"),
    "rotated": (lambda n, s: _change(n, s, rotation_enabled=True), "by a rotation function"),
    "a service's": (lambda n, s: _change(n, s, owning_service="rds"), "by the service rds"),
    "another rotation's": (_candidate, "another rotation is in progress"),
    "another stack's": (_owned, "marked as a/b of the stack acme/other/prod"),
    "empty": (
        lambda n, s: s.hand.client.create_secret(Name=PREFIX + n),
        "has no current version",
    ),
    "deleted": (_deleted, "is scheduled for deletion"),
    "absent": (lambda n, s: None, "does not exist"),
    "a key that cannot be declared": (
        lambda n, s: s.put(n, "orders", keys=(OURS[0], "consumer key", *OURS[2:])),
        "format.consumer_key",
    ),
}


def test_what_does_not_fit_is_named_and_the_others_go_on(shop: AwsShop) -> None:
    names = {case: f"odd{number:02}" for number, case in enumerate(UNFIT)}
    for case, (make, _) in UNFIT.items():
        make(names[case], shop)
    shop.put("good", "stock")
    before = shop.writes()
    ended = shop.run(*names.values(), "good", "--user", f"good={STOCK}")
    assert ended.status == Exit.FAILED
    errors = ended.err.split("error: ")[1:]
    assert len(errors) == len(UNFIT)
    for (case, (_, words)), error in zip(UNFIT.items(), errors, strict=True):
        assert PREFIX + names[case] in error, case
        assert words in error, case
        assert f"{PREFIX}{names[case]}  not imported\n" in ended.out
    assert [i.tokens[0].name for i in shop.loaded().integrations] == ["good"]
    assert (shop.writes(), shop.logins) == (before, 1)


def test_a_name_that_aws_takes_for_an_arn_cannot_be_declared(shop: AwsShop) -> None:
    shop.put("good", "orders")
    shop.put("sync-abcdef", "stock")
    ended = shop.run("--offline")
    assert ended.status == Exit.FAILED
    assert "netsuite/prod/sync-abcdef cannot be declared: " in ended.err
    assert "AWS takes for the end of an ARN" in ended.err
    assert "sync-abcdef" not in shop.text()


def test_where_nothing_fits_nothing_is_written(shop: AwsShop) -> None:
    shop.write(PREFIX + "odd", "{}")
    ended = shop.run()
    assert (ended.status, shop.text()) == (Exit.FAILED, "")
    assert not (shop.project / "Pulumi.yaml").exists()


def test_what_up_will_write_once_more_is_said(shop: AwsShop) -> None:
    shop.put("orders", "orders", note="by hand", account="1234567-sb1")
    ended = shop.run()
    assert ended.status == Exit.DONE
    said = "; `pulumi up` will rewrite it once: without `note`, its account as 1234567_SB1"
    assert said in ended.out


def test_the_token_of_another_account_is_found_out(shop: AwsShop) -> None:
    shop.put("orders", "orders")
    body = json.dumps({"companyId": "7654321", "roleName": "R", "roleId": "3", "entityId": "4"})
    with told_server(Said(body=body.encode())) as server:
        ended = shop.run(flags={"--endpoint": server.url})
    assert (ended.status, shop.text()) == (Exit.FAILED, "")
    assert "its account is '7654321'; declared is '1234567_SB1'" in ended.err
    assert sum("tokeninfo" in path for _, path, _ in server.requests) == 1


# --- refused logins ----------------------------------------------------------------------------------


def test_a_refused_login_is_imported_and_reported(full: AwsShop) -> None:
    full.put("wrong", "stock", Values(full.account.tokens["stock"].identifier))
    ended = full.run()
    assert ended.status == Exit.REFUSED
    assert "netsuite/prod/wrong             imported, not proven: NetSuite refused" in ended.out
    assert "Login Audit Trail" in ended.err
    assert "- name: wrong  # NetSuite refused its login" in full.text()
    assert full.text().count("FILL IN") == 5


def test_users_that_nobody_has_named_are_refused_once_a_run(shop: AwsShop) -> None:
    for name in ("a", "b", "c"):
        shop.put(name, "stock", Values(shop.account.tokens["stock"].identifier))
    ended = shop.run()
    assert ended.status == Exit.REFUSED
    assert len(shop.netsuite.state.trail.failures()) == 1
    assert ended.err.count("and five refused logins lock the user out") == 2
    assert "--user tells users apart" in ended.err


def test_the_same_credential_is_not_asked_again_for_half_an_hour(shop: AwsShop) -> None:
    shop.put("wrong", "stock", Values(shop.account.tokens["stock"].identifier))
    assert shop.run().status == Exit.REFUSED
    shop.file().unlink()
    ended = shop.run()
    assert ended.status == Exit.FAILED
    assert "refused this very credential within the last 30 minutes" in ended.err
    assert len(shop.netsuite.state.trail.failures()) == 1


def test_runs_again_and_again_never_lock_a_user(shop: AwsShop) -> None:
    for number in range(6):
        values = Values(shop.account.tokens["stock"].identifier)
        shop.put(f"n{number}", "stock", values)
        shop.file().unlink(missing_ok=True)
        shop.run(f"n{number}")
    assert len(shop.netsuite.state.trail.failures()) == 3
    assert not shop.netsuite.state.is_locked(shop.account.id, STOCK)


def test_a_user_that_is_named_is_asked_apart_from_the_others(full: AwsShop) -> None:
    full.put("aaa", "stock", Values(full.account.tokens["stock"].identifier))
    ended = full.run("--user", f"aaa={STOCK}")
    assert ended.status == Exit.REFUSED
    assert ended.out.count("imported: role") == 3
    kept = json.loads(Path(os.environ["XDG_STATE_HOME"], "tba-secrets/refusals.json").read_text())
    assert [len(refusals) for refusals in kept.values()] == [1]
    assert list(kept) == [f"1234567_SB1 {STOCK}"]


def test_a_refusal_counts_for_its_user_once_that_is_told(shop: AwsShop) -> None:
    shop.put("wrong", "stock", Values(shop.account.tokens["stock"].identifier))
    shop.run()
    stores = Stores(aws=AwsSettings(region="us-east-1", prefix=PREFIX))
    (found,) = look(stores, ["wrong"], shop.account.id)
    assert isinstance(found, Importable)
    file, refused = RefusedLogins.at_home(), AuthenticationRefusedError("refused")
    remember([Identified(found)], {"wrong": STOCK})
    assert file.of(shop.account.id, STOCK) == ()
    for _ in range(2):
        remember([Identified(found, error=refused)], {"wrong": STOCK})
    kept = file.of(shop.account.id, STOCK)
    assert [one.fingerprint for one in kept] == [mark_of(found.recognised.credential)]


def test_an_answer_that_tells_nothing_is_no_proof(shop: AwsShop) -> None:
    shop.put("orders", "orders")
    shop.netsuite.state.faults.add("garbage", match="/rest/tokeninfo", times=None)
    ended = shop.run()
    assert ended.status == Exit.OTHERWISE
    assert "imported, not proven: NetSuite did not tell" in ended.out


def test_netsuite_out_of_reach_ends_it_before_anything_is_signed(shop: AwsShop) -> None:
    shop.put("orders", "orders")
    shop.netsuite.state.faults.add("clock_skew", seconds=900, times=None)
    ended = shop.run()
    assert (ended.status, shop.text(), shop.logins) == (Exit.FAILED, "", 0)
    assert "leave NetSuite out with --offline" in ended.err


# --- an environment that is there ---------------------------------------------------------------------

BEGUN = """\
version: 1
account: "1234567_SB1"
endpoint: {env: TBA_SIMULATOR}
store:
  aws: {region: us-east-1, prefix: netsuite/prod/}
"""
RECORDS = """\
integrations:
  - name: warehouse
    consumer: stored
    role: {name: warehouse role}
    tokens: [{name: warehouse-orders, user: a@example.com, token: stored, secret: warehouse/orders}]
"""


@pytest.mark.parametrize("records", ["", RECORDS], ids=["begun", "with records"])
def test_what_belongs_into_a_file_is_printed(
    records: str, full: AwsShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TBA_SIMULATOR", full.netsuite.url)
    full.file().parent.mkdir()
    full.file().write_text(BEGUN + records)
    ended = full.bare("--user", f"warehouse/stock={STOCK}", "--user", f"invoices={INVOICES}")
    assert full.text() == BEGUN + records
    assert not (full.project / "Pulumi.yaml").exists()
    block = ended.out.partition("prod.yaml:\n\n")[2].partition("\n\nNext steps")[0]
    assert block.startswith("integrations:\n") == (records == "")
    assert ("under `integrations:` of" in ended.out) == (records != "")
    full.file().write_text(BEGUN + records + block.replace("email:  #", "email: x@example.com  #"))
    found = full.tba("check", "prod", "--project", str(full.project))
    assert found.status == 0
    assert found.err.startswith("note: TBA of ")  # and no problem
    assert found.err.count("\n") == 1
    assert found.out == "prod: 3 tokens, no problem found\n"
    assert (ended.status, ended.err) == (Exit.DONE, "")


def test_what_is_declared_already_is_left_out(full: AwsShop) -> None:
    full.file().parent.mkdir()
    full.file().write_text(BEGUN.replace("endpoint: {env: TBA_SIMULATOR}\n", "") + RECORDS)
    ended = full.bare("--offline")
    assert ended.status == Exit.DONE
    assert "warehouse/orders" not in ended.out
    assert "- name: warehouse-2" not in ended.out
    named = full.bare("warehouse/orders", "--offline")
    assert named.status == Exit.USAGE
    assert named.err == "error: warehouse/orders: stacks/prod.yaml declares it already\n"


THERE: dict[str, tuple[str, list[str], int, str]] = {
    "account and store again": (BEGUN, list(FLAGS), 2, "--aws: stacks/prod.yaml sets it"),
    "mistakes": (BEGUN.replace("us-east-1", "us"), [], 1, "prod.yaml:5:17: store.aws.region"),
    "mistakes in records": (BEGUN + "integrations: []\n", [], 1, "integrations"),
    "an address that is not set": (BEGUN, [], 1, "TBA_SIMULATOR is not set"),
    "no prefix": (
        BEGUN.replace(", prefix: netsuite/prod/", "").replace("endpoint", "# endpoint"),
        [],
        2,
        "SECRET: prod has no prefix",
    ),
    "two stores": (
        BEGUN.replace("endpoint", "# endpoint")
        + "  vault: {address: https://v, mount: secret, prefix: netsuite/prod/}\n",
        [],
        1,
        "imported from one store",
    ),
}


@pytest.mark.parametrize("case", THERE)
def test_a_file_that_does_not_do(case: str, shop: AwsShop) -> None:
    text, arguments, status, words = THERE[case]
    shop.file().parent.mkdir()
    shop.file().write_text(text)
    ended = shop.bare(*arguments)
    assert (ended.status, ended.out) == (status, "")
    assert words in ended.err
    assert shop.text() == text


# --- the command line ---------------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, str | None], str]] = {
    "account": ({"--account": None}, "--account: it is missing"),
    "account's spelling": ({"--account": "1234567-sb1"}, "account: .* upper case"),
    "prefix": ({"--prefix": None}, "--prefix: it is missing"),
    "slashes": ({"--prefix": "a//b/"}, "store.aws.prefix: a segment"),
    "both stores": ({"--vault": "https://v"}, "--aws, --vault: write"),
    "mount": ({"--mount": "secret"}, "--mount: it belongs to --vault; leave it out"),
    "endpoint": ({"--endpoint": "netsuite.com"}, "endpoint: .*https://HOST"),
    "user": ({"--user": "orders"}, "--user: orders: there is no such secret"),
    "e-mail": ({"--user": "orders=bot"}, "--user: orders: write the user's e-mail"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_command_line(case: str, shop: AwsShop) -> None:
    shop.put("orders", "orders")
    flags, words = WRONG[case]
    ended = shop.run(flags=flags)
    assert (ended.status, ended.out, shop.text()) == (Exit.USAGE, "", "")
    assert ended.err.startswith("error: ")
    assert re.search(words, ended.err), ended.err
    assert shop.logins == 0


def test_all_that_is_missing_is_told_at_once(shop: AwsShop) -> None:
    ended = shop.bare(environment="Pulumi.x")
    flags = [line.split(":")[1].strip() for line in ended.err.splitlines()]
    assert flags == ["ENV", "--account", "--aws, --vault", "--prefix"]


def test_a_prefix_with_nothing_behind_it(shop: AwsShop) -> None:
    ended = shop.run()
    assert (ended.status, ended.out) == (Exit.FAILED, "")
    assert "there is no secret whose name begins with netsuite/prod/" in ended.err


# --- a person -----------------------------------------------------------------------------------------


def test_a_person_is_asked_once_for_each_user(shop: AwsShop) -> None:
    for name in ("a", "b", "c", "d"):
        shop.put(name, "orders")
    stores = Stores(aws=AwsSettings(region="us-east-1", prefix=PREFIX))
    found = [
        f for f in look(stores, ("a", "b", "c", "d"), shop.account.id) if isinstance(f, Importable)
    ]
    asked = [
        Identified(f, "R", "1", entity)
        for f, entity in zip(found, ("5", "5", "6", None), strict=True)
    ]
    questions: list[str] = []

    def person(words: str) -> str | None:
        questions.append(words)
        return None if "(entity 6)" in words else "x@example.com"

    assert complete_emails(asked, {"d": STOCK}, person) == {
        "a": "x@example.com",
        "b": "x@example.com",
        "d": STOCK,
    }
    assert questions == [
        "E-mail of the user of a, b (entity 5)",
        "E-mail of the user of c (entity 6)",
    ]
    assert complete_emails(asked, {}, None) == {}


def test_on_a_terminal_it_asks(shop: AwsShop) -> None:
    """The answers are in the terminal before it reads them: nothing here waits."""
    shop.put("orders", "orders")
    shop.put("stock", "stock")
    flags = [*FLAGS, "--endpoint", shop.netsuite.url, "--project", str(shop.project)]
    done = at_a_terminal(("nobody", ORDERS, ""), "import", "prod", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "write an e-mail address, or nothing" in done.stdout
    assert f"email: {ORDERS}" in shop.text()
    assert shop.text().count("FILL IN") == 1


@pytest.mark.parametrize(
    "text",
    ["on", "12", "1e3", "a: b", "a #b", "- a", "*a", "[a]", "", "é", "'", "a\u200bb", "a\nb", "~"],
)
def test_any_text_comes_back_from_yaml(text: str) -> None:
    assert construct(f"key: {yaml_text(text)}").data == {"key": text}
