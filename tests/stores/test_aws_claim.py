"""What `claim` and `remove` write on AWS beside values: tags, description, key, replicas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tba_secrets.errors import ConflictError, StoreError, StoreUnavailableError
from tba_secrets.simulator.aws import Secret, SecretsManagerServer
from tba_secrets.stores.aws.secret import owner_of, owner_tags
from tba_secrets.stores.interface import OwnerMark, Snapshot, Stage
from tba_secrets.stores.versions import PLACEHOLDER, placeholder_version_id
from tests.stores.aws_bench import AwsBench
from tests.stores.support import (
    MARK,
    NAME,
    at_once,
    candidate,
    claimed,
    current,
    promoted,
    refusal,
    seen,
    value_of,
)

pytestmark = pytest.mark.long

SETTINGS: dict[str, Any] = {
    "kms_key": "alias/netsuite",
    "tags": {"team": "finance"},
    "replicas": ({"region": "eu-west-1"},),
    "recovery_window_days": 7,
}
TAGS = {
    "team": "finance",
    "tba-secrets:owner": "acme/netsuite/sandbox warehouse-sync/bot",
    "tba-secrets:claim": "claim-one",
}

TAKEOVER = ["PutSecretValue", "UpdateSecretVersionStage", "TagResource"]
OTHER = OwnerMark("acme/netsuite/other", "theirs/bot", "claim-two")
RACES = 20


@pytest.fixture
def full(server: SecretsManagerServer) -> AwsBench:
    """A store with every setting."""
    return AwsBench(server.url, **SETTINGS)


def held(server: SecretsManagerServer) -> Secret:
    """The secret as the fake holds it."""
    secret = server.state.secret(NAME)
    assert secret is not None
    return secret


def operations(server: SecretsManagerServer) -> list[str]:
    """The writes so far."""
    return [c.operation for c in server.calls if not c.operation.startswith(("Get", "Describe"))]


def test_a_new_secret_has_everything_from_its_first_instant(
    server: SecretsManagerServer, full: AwsBench
) -> None:
    full.store.claim(NAME, MARK, "the warehouse's token")
    assert operations(server) == ["CreateSecret"]
    assert held(server).tags == TAGS
    assert held(server).description == "the warehouse's token"
    assert held(server).kms_key == "alias/netsuite"
    assert [replica.region for replica in held(server).replicas] == ["eu-west-1"]


def test_an_existing_secret_gets_what_it_lacks_and_keeps_the_rest(
    server: SecretsManagerServer, full: AwsBench
) -> None:
    full.client.create_secret(
        Name=NAME, SecretString="{}", Tags=[{"Key": "cost", "Value": "42"}], Description="old"
    )
    server.calls.clear()
    full.store.claim(NAME, MARK, "new")
    wanted = [*TAKEOVER, "UpdateSecret", "ReplicateSecretToRegions"]
    assert operations(server) == wanted
    assert held(server).tags == TAGS | {"cost": "42"}
    assert (held(server).description, held(server).kms_key) == ("new", "alias/netsuite")
    assert [replica.region for replica in held(server).replicas] == ["eu-west-1"]
    full.store.claim(NAME, MARK, "new")
    full.store.claim(NAME, MARK)
    assert operations(server) == wanted
    assert held(server).description == "new"


def test_only_what_differs_is_written(server: SecretsManagerServer, full: AwsBench) -> None:
    claimed(full.store)
    server.calls.clear()
    full.store.claim(NAME, OwnerMark(MARK.stack, MARK.record, "claim-two"))
    assert operations(server) == TAKEOVER
    assert held(server).tags == TAGS | {"tba-secrets:claim": "claim-two"}
    server.calls.clear()
    full.store.claim(NAME, OwnerMark("acme/netsuite/renamed", MARK.record, "claim-two"))
    assert operations(server) == ["TagResource"]


@pytest.mark.parametrize(
    ("wanted", "shown", "changed"),
    [
        ("alias/netsuite", "arn:aws:kms:us-east-1:000000000000:alias/netsuite", False),
        ("alias/netsuite", "alias/netsuite", False),
        ("alias/netsuite", "alias/other", True),
        (None, "alias/other", False),
    ],
)
def test_one_key_has_several_names(
    server: SecretsManagerServer, wanted: str | None, shown: str, changed: bool
) -> None:
    bench = AwsBench(server.url, kms_key=wanted)
    claimed(bench.store)
    server.edit(NAME, kms_key=shown)
    claimed(bench.store)
    assert ("UpdateSecret" in operations(server)) is changed


def test_a_changed_key_is_said_to_leave_versions_under_the_old_one(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    claimed(aws.store)
    (notice,) = AwsBench(server.url, kms_key="alias/netsuite").store.claim(NAME, MARK).notices
    for word in (NAME, "alias/netsuite", "aws/secretsmanager", "kms:Encrypt"):
        assert word in notice


def test_a_key_that_did_not_change_is_not_spoken_of(full: AwsBench) -> None:
    assert full.store.claim(NAME, MARK).notices == ()
    assert full.store.claim(NAME, MARK, "another description").notices == ()


# --- two that claim one secret ---------------------------------------------------------------------


def race(bench: AwsBench, seen_by_both: Snapshot | None) -> None:
    """Let two stacks claim what both have seen: one is refused, and the store says that the other is the owner."""
    results = at_once([claiming(bench, mark, seen_by_both) for mark in (MARK, OTHER)])
    assert [type(error) for error in results.errors] == [ConflictError]
    assert "claimed it a moment ago" in str(results.errors[0])
    assert results.results == [seen(bench.store).owner]


def claiming(
    bench: AwsBench, mark: OwnerMark, before: Snapshot | None
) -> Callable[[], OwnerMark | None]:
    """A call for a thread: claims, and returns who the owner is by that."""
    return lambda: bench.store.claim(NAME, mark, seen=before).owner


def test_one_of_two_makes_a_new_secret(aws: AwsBench) -> None:
    for _ in range(RACES):
        race(aws, None)
        aws.client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize("owner", [None, OwnerMark("acme/netsuite/old", "old/bot", "claim-old")])
def test_one_of_two_takes_over_an_existing_secret(aws: AwsBench, owner: OwnerMark | None) -> None:
    for _ in range(RACES):
        theirs = aws.write_as_another(NAME, "{}", Stage.CURRENT)
        if owner is not None:
            aws.store.claim(NAME, owner)
        race(aws, seen(aws.store))
        assert current(aws.store) == theirs
        aws.client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)


def test_without_a_race_one_takes_over_from_the_other(aws: AwsBench) -> None:
    """The twin: what refuses the second one is that it has seen an older secret, and nothing else."""
    aws.write_as_another(NAME, "{}", Stage.CURRENT)
    before = seen(aws.store)
    aws.store.claim(NAME, MARK, seen=before)
    refusal(ConflictError, lambda: aws.store.claim(NAME, OTHER, seen=before), NAME, MARK.record)
    aws.store.claim(NAME, OTHER, seen=seen(aws.store))
    assert seen(aws.store).owner == OTHER


@pytest.mark.parametrize("operation", ["CreateSecret", *TAKEOVER])
@pytest.mark.parametrize("exists", [False, True])
def test_a_claim_whose_reply_is_lost_is_ours(
    server: SecretsManagerServer, aws: AwsBench, operation: str, exists: bool
) -> None:
    if exists:
        aws.write_as_another(NAME, "{}", Stage.CURRENT)
    rule = server.faults.lose_reply(operation)
    before = aws.store.describe(NAME)
    assert aws.store.claim(NAME, MARK, seen=before).owner == MARK
    assert seen(aws.store).owner == MARK
    assert rule.fired == (exists != (operation == "CreateSecret"))


def test_a_new_secret_of_another_is_not_taken_for_a_lost_reply(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    """The broken twin: it exists, and it is not what this claim made."""
    server.faults.before("CreateSecret", do=lambda: made_by_another(aws))
    server.faults.lose_reply("CreateSecret")
    refusal(ConflictError, lambda: aws.store.claim(NAME, MARK, seen=None), NAME, OTHER.record)
    assert seen(aws.store).owner == OTHER


def made_by_another(bench: AwsBench) -> None:
    """Make the secret as another stack's claim does, without its placeholder."""
    tags = [{"Key": key, "Value": value} for key, value in owner_tags(OTHER).items()]
    bench.client.create_secret(Name=NAME, SecretString="{}", Tags=tags)


def test_a_takeover_that_is_half_done_is_left_alone_for_a_while(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    """Another run has the label and is about to write the tags, or was killed there."""
    aws.write_as_another(NAME, "{}", Stage.CURRENT)
    server.faults.refuse("TagResource")
    refusal(StoreUnavailableError, lambda: aws.store.claim(NAME, OTHER), NAME)
    refusal(ConflictError, lambda: aws.store.claim(NAME, MARK), NAME)
    assert seen(aws.store).owner is None
    versions = {
        version: replace(told, created=told.created - 600)
        for version, told in held(server).versions.items()
    }
    server.edit(NAME, versions=versions)
    aws.store.claim(NAME, MARK)
    assert seen(aws.store).owner == MARK


def test_a_takeover_is_finished_by_its_own_claim(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    aws.write_as_another(NAME, "{}", Stage.CURRENT)
    server.faults.refuse("TagResource")
    refusal(StoreUnavailableError, lambda: aws.store.claim(NAME, MARK), NAME)
    server.calls.clear()
    aws.store.claim(NAME, MARK)
    assert operations(server) == ["TagResource"]
    assert seen(aws.store).owner == MARK


# --- secrets without a value, made by others -------------------------------------------------------


def test_a_secret_without_a_value_gets_the_placeholder(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    """Without it the candidate, being the first version, would become current untested."""
    aws.client.create_secret(Name=NAME)
    assert Stage.CURRENT not in seen(aws.store).stages
    refusal(StoreError, lambda: aws.store.stage(NAME, candidate(), None), NAME)
    replacing = claimed(aws.store)
    assert replacing == placeholder_version_id(NAME, MARK.claim) == seen(aws.store).placeholder
    aws.store.stage(NAME, candidate(), replacing)
    assert aws.default_read(NAME) == PLACEHOLDER


def test_a_secret_whose_versions_are_not_current_gets_the_placeholder(
    server: SecretsManagerServer, aws: AwsBench
) -> None:
    aws.client.create_secret(Name=NAME, SecretString="{}")
    server.edit(NAME, labels={})
    claimed(aws.store)
    assert aws.default_read(NAME) == PLACEHOLDER


@pytest.mark.parametrize("operation", ["PutSecretValue", "UpdateSecretVersionStage"])
def test_the_placeholder_never_takes_the_place_of_a_value_written_meanwhile(
    server: SecretsManagerServer, aws: AwsBench, operation: str
) -> None:
    aws.client.create_secret(Name=NAME, SecretString="{}")
    server.edit(NAME, labels={})
    server.faults.before(
        operation, do=lambda: aws.write_as_another(NAME, '{"a": "theirs"}', Stage.CURRENT)
    )
    claimed(aws.store)
    assert server.faults.unfired() == []
    assert aws.default_read(NAME) == '{"a": "theirs"}'
    assert seen(aws.store).placeholder is None


def test_placeholder_lost_reply(server: SecretsManagerServer, aws: AwsBench) -> None:
    aws.client.create_secret(Name=NAME)
    server.faults.lose_reply("PutSecretValue")
    claimed(aws.store)
    assert server.faults.unfired() == []
    assert aws.default_read(NAME) == PLACEHOLDER


# --- deletion --------------------------------------------------------------------------------------


def test_replicas_go_before_the_secret(server: SecretsManagerServer, full: AwsBench) -> None:
    claimed(full.store)
    promoted(full.store, candidate())
    server.calls.clear()
    full.store.remove(NAME)
    assert operations(server) == ["RemoveRegionsFromReplication", "DeleteSecret"]
    assert server.state.secret(NAME, "eu-west-1") is None
    deletion_at, described = held(server).deleted, seen(full.store).deletion_at
    assert deletion_at is not None
    assert described is not None
    assert described.timestamp() == pytest.approx(deletion_at, abs=1)


@pytest.mark.parametrize("days", [7, 30])
def test_the_recovery_window_is_the_one_declared(days: int) -> None:
    with SecretsManagerServer(clock=lambda: 1_800_000_000.0) as server:
        bench = AwsBench(server.url, recovery_window_days=days)
        claimed(bench.store)
        bench.store.remove(NAME)
        assert held(server).deleted == 1_800_000_000.0 + days * 86400


def test_a_name_like_a_partial_arn_works(aws: AwsBench) -> None:
    """Names that end in a hyphen and six characters are legal (API: CreateSecret, Name), if unwise."""
    name = type(NAME)("netsuite/prod-backup")
    claimed(aws.store, name)
    staged = candidate()
    promoted(aws.store, staged, name)
    assert value_of(aws.store, Stage.CURRENT, name) == staged.value.reveal()


# --- the owner mark --------------------------------------------------------------------------------


def test_the_mark_comes_back_from_the_tags() -> None:
    assert owner_of(owner_tags(MARK)) == MARK
    assert owner_of({}) is None
    assert owner_of({"tba-secrets:owner": "nonsense"}) is None


@pytest.mark.parametrize("stack", ["s" * 250, "acme/netsuite/sand*box"])
def test_a_mark_that_no_tag_takes_is_refused_before_any_call(
    server: SecretsManagerServer, aws: AwsBench, stack: str
) -> None:
    mark = OwnerMark(stack, MARK.record, MARK.claim)
    refusal(StoreError, lambda: aws.store.claim(NAME, mark), MARK.record, "256", "shorter")
    assert list(server.calls) == []
