"""Moving labels: compare-and-swap."""

from __future__ import annotations

from typing import Any

from tests.simulator.aws.rules.base import (
    CURRENT,
    PARAMETER,
    PENDING,
    PREVIOUS,
    gap,
    made,
    move,
    put,
    rule,
)
from tests.simulator.aws.support import code, labels, read, refused, token


@rule
def current_moves_by_compare_and_swap(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    ids = {"SecretId": name, "VersionStage": CURRENT, "MoveToVersionId": two}
    assert code(secrets.update_secret_version_stage, **ids) == PARAMETER
    wrong = {**ids, "RemoveFromVersionId": two}
    assert code(secrets.update_secret_version_stage, **wrong) == PARAMETER
    assert labels(secrets, name)[CURRENT] == one
    move(secrets, name, CURRENT, one, two)
    assert labels(secrets, name) == {CURRENT: two, PENDING: two, PREVIOUS: one}


@gap("default_version_id is never changed by a stage move")
def default_read_follows_promote_and_rollback(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    move(secrets, name, CURRENT, one, two)
    assert read(secrets, name) == "two"
    move(secrets, name, CURRENT, two, one)
    assert read(secrets, name) == "one"
    assert labels(secrets, name) == {CURRENT: one, PENDING: two, PREVIOUS: two}


@gap("the batch read returns the old version too")
def batch_read_follows_promote(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    move(secrets, name, CURRENT, one, two)
    got = secrets.batch_get_secret_value(SecretIdList=[name])["SecretValues"]
    assert [entry["SecretString"] for entry in got] == ["two"]


@gap("a put after a stage move leaves two versions AWSCURRENT")
def one_current_after_promote_and_put(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    move(secrets, name, CURRENT, one, two)
    three = put(secrets, name, "three")
    after = labels(secrets, name)
    assert (after[CURRENT], after[PREVIOUS]) == (three, two)


@gap("the label is removed before the target is looked up")
def failed_move_changes_nothing(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    ids = {"VersionStage": CURRENT, "RemoveFromVersionId": one, "MoveToVersionId": token()}
    refused(secrets.update_secret_version_stage, SecretId=name, **ids)
    assert labels(secrets, name) == {CURRENT: one}


@gap("only AWSCURRENT is checked")
def pending_moves_by_compare_and_swap(secrets: Any, name: str) -> None:
    made(secrets, name)
    two, three = put(secrets, name, "two", PENDING), put(secrets, name, "three", "other")
    ids = {"SecretId": name, "VersionStage": PENDING, "MoveToVersionId": three}
    assert code(secrets.update_secret_version_stage, **ids) == PARAMETER
    assert labels(secrets, name)[PENDING] == two
    move(secrets, name, PENDING, two, three)
    assert labels(secrets, name)[PENDING] == three


@gap("accepted, and leaves no version AWSCURRENT")
def current_is_never_taken_off(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    ids = {"VersionStage": CURRENT, "RemoveFromVersionId": one}
    assert code(secrets.update_secret_version_stage, SecretId=name, **ids) == PARAMETER
    move(secrets, name, PENDING, two, None)
    assert labels(secrets, name) == {CURRENT: one}


@gap("the unlabelled version stays, with an empty list")
def describe_omits_unlabelled_versions(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    move(secrets, name, PENDING, two, None)
    assert secrets.describe_secret(SecretId=name)["VersionIdsToStages"] == {one: [CURRENT]}
    assert read(secrets, name, VersionId=two) == "two"


@gap("unlabelled versions are listed always")
def list_hides_deprecated_versions(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    move(secrets, name, PENDING, two, None)
    listed = secrets.list_secret_version_ids(SecretId=name)["Versions"]
    assert [entry["VersionId"] for entry in listed] == [one]
    every = secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert {entry["VersionId"] for entry in every} == {one, two}


@gap("an empty VersionStages")
def unlabelled_version_has_no_stages_in_a_list(secrets: Any, name: str) -> None:
    """As AWS answered LocalStack's test_deprecated_secret_version_stage."""
    one, two, three = made(secrets, name), put(secrets, name, "two"), put(secrets, name, "three")
    versions = secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    shown = {entry["VersionId"]: entry.get("VersionStages") for entry in versions}
    assert shown == {one: None, two: [PREVIOUS], three: [CURRENT]}


@gap("MaxResults is ignored")
def list_of_versions_is_paged(secrets: Any, name: str) -> None:
    made(secrets, name)
    put(secrets, name, "two")
    first = secrets.list_secret_version_ids(SecretId=name, MaxResults=1)
    assert len(first["Versions"]) == 1
    rest = secrets.list_secret_version_ids(SecretId=name, NextToken=first["NextToken"])
    assert len(rest["Versions"]) == 1
    assert "NextToken" not in rest


@gap("no quota of labels")
def twenty_labels_on_a_secret(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    for number in range(19):
        move(secrets, name, f"label-{number}", None, one)
    ids = {"VersionStage": "one-too-many", "MoveToVersionId": one}
    got = code(secrets.update_secret_version_stage, SecretId=name, **ids)
    assert got == "LimitExceededException"
    assert len(labels(secrets, name)) == 20
