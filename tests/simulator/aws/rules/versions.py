"""Versions and the labels that writing gives them."""

from __future__ import annotations

from typing import Any

from tests.simulator.aws.rules.base import (
    CURRENT,
    MISSING,
    PENDING,
    PREVIOUS,
    REQUEST,
    gap,
    made,
    move,
    put,
    rule,
)
from tests.simulator.aws.support import code, labels, read, token


@rule
def first_version_is_current(secrets: Any, name: str) -> None:
    version = made(secrets, name)
    assert labels(secrets, name) == {CURRENT: version}
    assert read(secrets, name) == "one"
    assert code(secrets.get_secret_value, SecretId=name, VersionStage=PENDING) == MISSING


@rule
def secret_without_a_value_is_not_read(secrets: Any, name: str) -> None:
    secrets.create_secret(Name=name)
    assert labels(secrets, name) == {}
    assert code(secrets.get_secret_value, SecretId=name) == MISSING


@rule
def first_put_gets_current_beside_its_labels(secrets: Any, name: str) -> None:
    secrets.create_secret(Name=name)
    version = put(secrets, name, "one", PENDING)
    assert labels(secrets, name) == {PENDING: version, CURRENT: version}


@rule
def put_moves_current_and_previous(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two")
    assert labels(secrets, name) == {CURRENT: two, PREVIOUS: one}
    assert read(secrets, name) == "two"
    assert read(secrets, name, VersionStage=PREVIOUS) == "one"


@rule
def pending_put_leaves_readers_alone(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    assert labels(secrets, name) == {CURRENT: one, PENDING: two}
    assert read(secrets, name) == "one"
    assert read(secrets, name, VersionStage=PENDING) == "two"


@rule
def put_takes_a_label_from_its_holder(secrets: Any, name: str) -> None:
    made(secrets, name)
    put(secrets, name, "two", "mine")
    third = put(secrets, name, "three", "mine")
    assert labels(secrets, name)["mine"] == third


@gap("both versions keep AWSPENDING")
def put_of_current_and_pending_takes_pending(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    put(secrets, name, "two", PENDING)
    three = put(secrets, name, "three", CURRENT, PENDING)
    assert labels(secrets, name) == {CURRENT: three, PENDING: three, PREVIOUS: one}


@gap("the old version's labels are replaced by AWSPREVIOUS")
def own_label_stays_when_current_moves_off(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    move(secrets, name, "keep", None, one)
    two = put(secrets, name, "two")
    assert labels(secrets, name) == {CURRENT: two, PREVIOUS: one, "keep": one}


@rule
def version_and_stage_must_agree(secrets: Any, name: str) -> None:
    one, two = made(secrets, name), put(secrets, name, "two", PENDING)
    assert read(secrets, name, VersionId=two, VersionStage=PENDING) == "two"
    both = {"VersionId": one, "VersionStage": PENDING}
    assert code(secrets.get_secret_value, SecretId=name, **both) == REQUEST
    assert code(secrets.get_secret_value, SecretId=name, VersionId=token()) == MISSING
