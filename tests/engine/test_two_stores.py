"""One token in AWS and Vault at once: proven once, promoted in the listed order, and finished after a failure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tba_secrets.simulator.aws import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Secret, SecretsManagerServer
from tba_secrets.spec.model import VaultSettings
from tba_secrets.stores.vault.policy import pasted, policy_lines
from tests.deep import rest_is_deep
from tests.engine.conftest import telling
from tests.engine.project import AWS
from tests.engine.vault_world import CANDIDATES, PREFIX, VaultWorld, vault_block, vault_world
from tests.netsuite_account import Values
from tests.stores.vault_server import ROOT_TOKEN, Api, VaultProcess, shared_server

__all__ = ["shared_server"]

pytestmark = pytest.mark.engine

TOKEN = "orders"
NAME = PREFIX + TOKEN
BEFORE_AND_BEFORE = "aws still holds the one before, vault still holds the one before"
AWS_ALONE = "aws holds the new one, vault still holds the one before"
VAULT_ALONE = "vault holds the new one, aws still holds the one before"


@dataclass
class Both:
    """A Vault's world with a strict Secrets Manager beside it, and one token in both."""

    vault: VaultWorld
    aws: SecretsManagerServer

    def list(self, *kinds: str) -> None:
        """Declare the stores in this order."""
        blocks = {"aws": AWS, "vault": vault_block(self.vault.mount)}
        self.vault.write(store="\n".join(blocks[kind] for kind in kinds))

    def begin(self, *kinds: str) -> None:
        """Both hold the first token; from here on the source gives the second one."""
        self.list(*kinds)
        run = self.vault.project.up()
        assert run.status == 0, run.output
        assert self.holders(self.vault.account.tokens[TOKEN]) == {"aws", "vault"}
        self.vault.give(**{TOKEN: self.second})

    @property
    def second(self) -> Values:
        """What is to be promoted."""
        return self.vault.account.spares[TOKEN]

    @property
    def secret(self) -> Secret:
        """What AWS holds."""
        found = self.aws.state.secret(NAME)
        assert found is not None
        return found

    def aws_current(self) -> dict[str, str]:
        """What a reader of AWS gets by default."""
        version = self.secret.current()
        assert version is not None
        assert version.value is not None
        content: dict[str, str] = json.loads(version.value.string or "")
        return content

    def holders(self, values: Values) -> set[str]:
        """The stores whose readers get these values."""
        contents = {"aws": self.aws_current(), "vault": self.vault.current(TOKEN)}
        return {
            kind for kind, content in contents.items() if content["token_id"] == values.identifier
        }

    def deny_aws(self, *actions: str) -> None:
        """From here on AWS denies these; nothing where none is named."""
        self.aws.identities.add(ACCESS_KEY_ID, "operator", denied=actions)

    def before_promotion(self, kind: str, happen: Callable[[], object]) -> None:
        """Let something happen just before a store is told to promote."""
        if kind == "vault":
            self.vault.proxy.fail(f"^POST {self.vault.mount}/data/{NAME}", before=happen)
        else:
            # the first move gives the candidate its label
            self.aws.faults.before("UpdateSecretVersionStage", nth=2, do=happen)

    def deny_the_promotion(self) -> None:
        """Let AWS deny the move to current: the fake asks who calls before anything else happens in that call."""
        self.aws.faults.after(
            "UpdateSecretVersionStage", do=lambda: self.deny_aws("UpdateSecretVersionStage")
        )

    def assert_settled(self) -> None:
        """The second token is current in both, one version more than before in each, and nothing is half done."""
        assert self.holders(self.second) == {"aws", "vault"}
        assert "AWSPENDING" not in telling(self.secret)
        assert len(self.secret.versions) == self.aws_versions + 1
        self.vault.assert_settled(TOKEN, self.second, versions=2)

    aws_versions: int = 2
    """The placeholder and the first token."""


@pytest.fixture
def both(tmp_path: Path, vault: VaultProcess) -> Iterator[Both]:
    api = Api(vault.url, ROOT_TOKEN)
    with SecretsManagerServer() as aws:
        settings = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }
        with vault_world(tmp_path, api, tokens=(TOKEN,), **settings) as world:
            yield Both(world, aws)


@pytest.mark.parametrize("first", rest_is_deep(["aws", "vault"], "vault".__eq__))
def test_promoted_in_both_in_the_listed_order_once_both_are_proven(both: Both, first: str) -> None:
    order = (first, "aws" if first == "vault" else "vault")
    both.begin(*order)
    logins = both.vault.logins()
    seen: list[tuple[str, set[str], bool]] = []
    for kind in order:
        both.before_promotion(
            kind,
            lambda kind=kind: seen.append(  # type: ignore[misc]
                (kind, both.holders(both.second), both.vault.logins() > logins)
            ),
        )

    run = both.vault.project.up()

    assert run.status == 0, run.output
    assert seen == [(order[0], set(), True), (order[1], {order[0]}, True)]
    assert both.aws_current() == both.vault.current(TOKEN)
    both.assert_settled()


@pytest.mark.deep
def test_it_is_signed_once_for_both(both: Both) -> None:
    both.list("aws")
    both.vault.project.up()
    one = both.vault.logins()

    both.list("aws", "vault")
    run = both.vault.project.up()

    assert run.status == 0, run.output
    assert both.vault.logins() == 2 * one
    assert both.aws_current() == both.vault.current(TOKEN)


@pytest.mark.deep
def test_a_refused_token_changes_neither(both: Both) -> None:
    both.begin("aws", "vault")
    labels, metadata = telling(both.secret), both.vault.metadata(TOKEN)
    both.vault.give(**{TOKEN: Values()})

    run = both.vault.project.up()

    assert run.status != 0
    assert "not promoted; current is unchanged, and the candidate was discarded" in run.output
    assert telling(both.secret) == labels
    assert (both.vault.metadata(TOKEN), both.vault.candidate(TOKEN)) == (metadata, {})


@pytest.mark.deep
def test_a_candidate_that_is_exchanged_in_one_is_promoted_in_neither(both: Both) -> None:
    both.begin("aws", "vault")
    path, mount = f"{CANDIDATES}{NAME}", both.vault.mount
    stranger = {"data": {**both.vault.current(TOKEN), "token_secret": "obviously fake"}}

    def exchange() -> None:
        both.vault.api.call("DELETE", f"{mount}/metadata/{path}")
        both.vault.api.call("POST", f"{mount}/data/{path}", stranger)

    both.vault.proxy.fail(f"^GET {mount}/data/{path}", before=exchange)

    run = both.vault.project.up()

    assert run.status != 0
    assert f"vault secret {NAME}: the version to be tested is gone" in run.output
    assert both.holders(both.vault.account.tokens[TOKEN]) == {"aws", "vault"}


@pytest.mark.deep
def test_where_aws_does_not_promote_the_report_says_who_holds_what(both: Both) -> None:
    both.begin("vault", "aws")
    both.deny_the_promotion()

    half = both.vault.project.up()
    holders = both.holders(both.second)
    both.deny_aws()
    finished = both.vault.project.up()

    assert half.status != 0
    assert f"it has passed, but aws secret {NAME} was not promoted ({VAULT_ALONE})" in half.output
    assert "AWS denies secretsmanager:UpdateSecretVersionStage" in half.output
    assert holders == {"vault"}
    assert finished.status == 0, finished.output
    both.assert_settled()


@pytest.mark.deep
def test_where_the_first_does_not_promote_the_second_is_not_touched(both: Both) -> None:
    both.begin("aws", "vault")
    both.deny_the_promotion()

    half = both.vault.project.up()
    holders = both.holders(both.second)
    both.deny_aws()
    finished = both.vault.project.up()

    assert half.status != 0
    assert f"aws secret {NAME} was not promoted ({BEFORE_AND_BEFORE})" in half.output
    assert holders == set()
    assert finished.status == 0, finished.output
    both.assert_settled()


def test_where_vault_does_not_promote_state_keeps_what_is_done(both: Both) -> None:
    """A policy that is taken away after preflight has found it whole."""
    both.begin("aws", "vault")
    settings = VaultSettings.model_validate(
        {"address": both.vault.proxy.url, "mount": both.vault.mount, "prefix": PREFIX}
    )
    whole = pasted(policy_lines(settings))
    read_only = whole.replace(
        f'{both.vault.mount}/data/{PREFIX}*" {{ capabilities = ["create", "read", "update"]',
        f'{both.vault.mount}/data/{PREFIX}*" {{ capabilities = ["read"]',
    )
    assert read_only != whole
    policy = f"sys/policies/acl/{both.vault.mount}"
    both.vault.api.call("PUT", policy, {"policy": whole})
    made = both.vault.api.call("POST", "auth/token/create", {"policies": [both.vault.mount]})
    both.vault.project.environment["VAULT_TOKEN"] = made["auth"]["client_token"]
    both.before_promotion(
        "vault", lambda: both.vault.api.call("PUT", policy, {"policy": read_only})
    )

    half = both.vault.project.up()
    state = both.vault.project.resources()[f"SmokeTest {TOKEN}"]["outputs"]
    holders = both.holders(both.second)
    both.vault.api.call("PUT", policy, {"policy": whole})
    finished = both.vault.project.up()

    assert half.status != 0
    assert f"vault secret {NAME} was not promoted ({AWS_ALONE})" in half.output
    assert "Vault's policies do not allow" in half.output
    assert f'path "{both.vault.mount}/data/{PREFIX}*"' in half.output
    assert holders == {"aws"}
    assert state["verified"]["aws"] == both.secret.labels["AWSCURRENT"]
    assert finished.status == 0, finished.output
    both.assert_settled()
