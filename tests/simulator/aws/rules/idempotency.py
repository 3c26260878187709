"""The same call again."""

from __future__ import annotations

from typing import Any

from tests.simulator.aws.rules.base import (
    CURRENT,
    EXISTS,
    PARAMETER,
    PENDING,
    PREVIOUS,
    gap,
    made,
    rule,
)
from tests.simulator.aws.support import code, labels, read, token


@rule
def put_with_the_same_token_and_data_does_nothing(secrets: Any, name: str) -> None:
    one, same = made(secrets, name), token()
    again = {"SecretId": name, "ClientRequestToken": same}
    secrets.put_secret_value(**again, SecretString="two")
    answer = secrets.put_secret_value(**again, SecretString="two")
    assert (answer["VersionId"], answer["VersionStages"]) == (same, [CURRENT])
    assert labels(secrets, name) == {CURRENT: same, PREVIOUS: one}
    assert code(secrets.put_secret_value, **again, SecretString="other") == EXISTS
    assert read(secrets, name) == "two"


@gap("the labels asked for are attached on a repeat")
def repeated_put_attaches_no_other_label(secrets: Any, name: str) -> None:
    one, same = made(secrets, name), token()
    again = {"SecretId": name, "ClientRequestToken": same, "SecretString": "two"}
    secrets.put_secret_value(**again, VersionStages=[PENDING])
    answer = secrets.put_secret_value(**again, VersionStages=[CURRENT])
    assert answer["VersionStages"] == [PENDING]
    assert labels(secrets, name) == {CURRENT: one, PENDING: same}


@gap("a version that is AWSPENDING is overwritten")
def pending_version_is_never_overwritten(secrets: Any, name: str) -> None:
    made(secrets, name)
    again = {"SecretId": name, "ClientRequestToken": token(), "VersionStages": [PENDING]}
    secrets.put_secret_value(**again, SecretString="two")
    assert code(secrets.put_secret_value, **again, SecretString="other") == EXISTS
    assert read(secrets, name, VersionStage=PENDING) == "two"


@rule
def create_with_the_same_token_and_data_is_ignored(secrets: Any, name: str) -> None:
    again = {"Name": name, "ClientRequestToken": token()}
    first = secrets.create_secret(**again, SecretString="one")
    assert secrets.create_secret(**again, SecretString="one")["ARN"] == first["ARN"]
    assert code(secrets.create_secret, **again, SecretString="other") == EXISTS
    assert code(secrets.create_secret, Name=name, SecretString="one") == EXISTS


@rule
def token_has_32_to_64_characters(secrets: Any, name: str) -> None:
    made(secrets, name)
    for length in (31, 65):
        params = {"SecretId": name, "SecretString": "x", "ClientRequestToken": "t" * length}
        assert code(secrets.put_secret_value, **params) == PARAMETER
    for length in (32, 64):
        params = {"SecretId": name, "SecretString": "x", "ClientRequestToken": "t" * length}
        assert secrets.put_secret_value(**params)["VersionId"] == "t" * length


@gap("moto makes a no-op of it, where the API text has an error")
def update_with_a_known_token_is_an_error(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    params = {"SecretId": name, "SecretString": "one", "ClientRequestToken": one}
    assert code(secrets.update_secret, **params) == EXISTS
    two = secrets.update_secret(SecretId=name, SecretString="two")["VersionId"]
    assert labels(secrets, name) == {CURRENT: two, PREVIOUS: one}


@rule
def update_of_metadata_makes_no_version(secrets: Any, name: str) -> None:
    one = made(secrets, name)
    answer = secrets.update_secret(SecretId=name, Description="what it is for")
    assert answer.get("VersionId") in (None, one)
    assert secrets.describe_secret(SecretId=name)["Description"] == "what it is for"
    assert labels(secrets, name) == {CURRENT: one}


@gap("ignored")
def empty_description_clears_it(secrets: Any, name: str) -> None:
    secrets.create_secret(Name=name, Description="what it is for")
    secrets.update_secret(SecretId=name, Description="")
    assert "Description" not in secrets.describe_secret(SecretId=name)
